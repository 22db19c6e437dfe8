package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Bounds of text that waits for its end, in bytes.
const (
	largeText  = 8 << 20
	mostLeft   = MaxEvent + maxLead + blockData // of an event; more of it is too large
	mostJoined = mostLeft + blockData + blockRoom
)

// joiner hands blocks to the document scanner so that it sees one continuous
// text. An event that a block ends in is joined to the next block's data: in
// the room before that data, or, if it is larger than that, in memory of its own.
type joiner struct {
	doc    document
	rest   []byte // text that the blocks so far ended in
	enough int    // how much text must be there before another try makes sense
	large  []byte // memory of its own that rest had last, and events may view

	pending []byte // of a block whose batch is full: text for the next one
	own     bool   // pending stands in memory of its own
}

// take scans b into its batch, and settles how b ends.
func (j *joiner) scanBlock(b *block) {
	b.more = false
	defer b.batch.seal()
	if b.begins && b.text == nil {
		j.doc.place, j.doc.found, j.doc.resync, j.doc.blank, j.rest = b.place, true, false, false, j.rest[:0]
		j.doc.chosen, j.doc.doubt, j.enough = true, b.doubt, 0
	}
	b.batch.reset()
	if b.text != nil {
		b.batch.addText(b.text, b.off)
		return
	}
	b.batch.expect(b.hi - b.lo)
	if b.err != nil && b.err != io.EOF && !errors.Is(b.err, ErrDecode) {
		return
	}
	text, own := j.join(b)
	if len(text) < j.enough && !b.last() {
		return
	}
	j.scan(b, text, own)
}

// scanRest scans what did not fit into the batch before.
func (j *joiner) scanRest(b *block) {
	b.batch.reset()
	defer b.batch.seal()
	j.scan(b, j.pending, j.own)
}

// scan scans text, which b's data ends.
func (j *joiner) scan(b *block, text []byte, own bool) {
	off := b.off + int64(b.hi-b.lo) - int64(len(text))
	used, err := j.doc.scan(text, off, b.last(), &b.batch)
	end, left := off+int64(used), text[used:]
	b.more = err == nil && b.batch.full() && len(left) > 0
	switch {
	case b.more:
		j.pending, j.own = left, own
	case err != nil:
		b.err = err
	case b.err != nil:
		b.err = j.finish(b, b.err, end, left)
	case len(left) > mostLeft, len(j.doc.head) > MaxEvent:
		b.err = j.doc.tooLarge(left, end)
	case own && len(left) == len(j.rest):
		j.want(len(left)) // j.rest has it all, and no event views it
	default:
		j.keep(left, own)
	}
	b.damage = j.doc.damage
}

// join returns what is left of the blocks before with b's data behind it, and
// whether it stands in memory of its own.
func (j *joiner) join(b *block) (text []byte, own bool) {
	if n := len(j.rest); n <= b.lo {
		j.doc.searched += int64(n)
		text = b.buf[b.lo-n : b.hi]
		copy(text, j.rest)
		return text, false
	}
	if n := len(j.rest) + b.hi - b.lo; n > cap(j.rest) {
		j.doc.searched += int64(len(j.rest))
		// As much as the next try wants, so that it is not moved again before; and for
		// what is large, all that it may come to: memory that nobody writes to is not taken.
		room := max(n, j.enough+blockData)
		if n > largeText {
			room = max(n, mostJoined)
		}
		j.rest = append(make([]byte, 0, room), j.rest...)
	}
	j.rest = append(j.rest, b.buf[b.lo:b.hi]...)
	return j.rest, true
}

// keep remembers the text that wants more. Memory that events view is left to
// them.
func (j *joiner) keep(left []byte, own bool) {
	if own {
		j.rest, j.large = bytes.Clone(left), j.rest
	} else {
		j.rest = append(j.rest[:0], left...)
	}
	j.want(len(left))
}

// largest is the memory for joined text that other readings may use once this one is
// over, nil if it is small.
func (j *joiner) largest() []byte {
	most := j.rest
	if cap(j.large) > cap(most) {
		most = j.large
	}
	if cap(most) <= blockData {
		return nil
	}
	return most[:0]
}

// want puts the next try off until there is twice as much text, if there was much
// for this one.
func (j *joiner) want(left int) {
	j.enough = 0
	if left > blockRoom {
		j.enough = min(2*left, mostLeft)
	}
}

// finish closes the document behind the last text.
func (j *joiner) finish(b *block, cause error, end int64, left []byte) error {
	d := &j.doc
	if cause != io.EOF {
		d.damage.lose(Compression, end+int64(len(left)), 0)
	}
	if len(left) > 0 {
		d.damage.lose(Unfinished, end, int64(len(left)))
	}
	err := d.finish(end+int64(len(left)), &b.batch)
	switch {
	case err == nil:
		return io.EOF
	case cause != io.EOF:
		return fmt.Errorf("%w (%w)", err, cause)
	}
	return err
}
