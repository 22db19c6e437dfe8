package trace

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"tracekit/internal/jsonlex"
)

// MaxEvent is the largest event, or member of the document, that is read, in
// bytes: what can't be handed on piecemeal has to fit into memory.
const MaxEvent = 64 << 20

// Errors that end a reading.
var (
	ErrEmpty    = errors.New("the input is empty")
	ErrNotTrace = errors.New("this is no JSON trace: it starts with neither { nor [")
	ErrNoEvents = errors.New("there is no traceEvents array in it")
	errNoPhase  = fmt.Errorf("%w: no event is in the array, which would have a ph", ErrNoEvents)
	ErrTooLarge = errors.New("a single event or member is larger than 64 MB")
)

// maxLead is how much white space is kept before an event, in bytes. A run of more
// is left out, so that nobody has to hold it.
const maxLead = 4 << 10

// place is where in a document the scanner stands.
type place uint8

const (
	atStart  place = iota // before the first bracket
	atMember              // among the members of the outer object
	inEvents              // in an array of events
	atEnd                 // after the last bracket
	atLoss                // among members, where nothing can be read any more
)

// document walks the text of a trace from its first byte to its last. It is
// fed stretches of text and splits each into parts: text of the document, and
// events. What it can't take, it counts in damage and leaves out.
type document struct {
	place  place
	bare   bool   // the outermost value is the array of events itself
	found  bool   // an array of events has been met
	begun  bool   // an event has been met
	phased bool   // one with a ph has been met
	chosen bool   // what is read are blocks of a survey, in which no array ends
	resync bool   // looking for the next event after a broken one
	lost   int64  // where that begins, with what stands before it
	doubt  int64  // where the zone of doubt ends
	blank  bool   // white space was let go that is more than is kept before an event
	passed bool   // broken text before the next member was left out
	head   []byte // text held back until an array of events is found
	damage Damage

	verify    *jsonlex.Reader // of what is kept; nil if nobody asked
	placed    int64           // the sign of where events stand: 1 if they may be copied from there, else -1
	runs      VerbatimRuns    // that come, if any are known
	stop      int64           // where the next of these begins
	templates templates
	general   bool  // leave all to the general scanner, for tests that compare
	searched  int64 // bytes that were looked at for events one by one, or moved, for tests that count
}

// scan splits buf, whose first byte stands at off in the text of the trace,
// into parts of b. It returns how much of buf it has used; the rest wants more
// text, unless last says that there is none, or another batch if b is full.
func (d *document) scan(buf []byte, off int64, last bool, b *Batch) (used int, err error) {
	for p := 0; ; {
		var n int
		place := d.place
		switch place {
		case atStart:
			n, err = d.start(buf[p:], off+int64(p), last)
		case atMember:
			n, err = d.member(buf[p:], off+int64(p), last, b)
		case inEvents:
			n, err = d.events(buf[p:], off+int64(p), last, b)
		case atEnd:
			n = d.end(buf[p:], off+int64(p), b)
			return p + n, nil
		case atLoss:
			d.damage.finds[Unfinished].Bytes += int64(len(buf) - p)
			return len(buf), nil
		}
		p += n
		if err != nil || n == 0 && d.place == place || b.full() || p == len(buf) && !last {
			return p, err
		}
	}
}

// finish closes what the input left open, so that the parts are a whole
// document together.
func (d *document) finish(off int64, b *Batch) error {
	switch d.place {
	case atStart:
		return ErrEmpty
	case inEvents:
		if d.bare {
			b.addText([]byte("]\n"), off)
		} else {
			d.damage.lose(Unfinished, off, 0)
			b.addText([]byte("]}\n"), off)
		}
	case atMember:
		if !d.found {
			return NoEvents(d.head)
		}
		d.damage.lose(Unfinished, off, 0)
		b.addText([]byte("}\n"), off)
	}
	switch {
	case !d.found:
		return NoEvents(d.head)
	case d.bare && !d.phased && (d.begun || d.damage.finds[BrokenEvent].Count > 0):
		return errNoPhase
	}
	d.place = atEnd
	return nil
}

func (d *document) start(buf []byte, off int64, last bool) (int, error) {
	p := 0
	if off == 0 {
		bom := []byte("\xef\xbb\xbf")
		if len(buf) < len(bom) && !last && bytes.HasPrefix(bom, buf) {
			return 0, nil
		}
		if bytes.HasPrefix(buf, bom) {
			d.damage.sanitized(ByteOrderMark, off)
			p = len(bom)
		}
	}
	from := p
	p = jsonlex.SkipSpace(buf, p)
	if len(d.head) <= maxBlank { // more of it would not be written
		d.head = append(d.head, buf[from:p]...)
	}
	if p == len(buf) {
		return p, nil
	}
	switch buf[p] {
	case '{':
		d.place = atMember
		d.head = append(d.head, '{')
	case '[':
		d.place, d.bare = inEvents, true
		if next := jsonlex.SkipSpace(buf, p+1); next-p > maxBlank {
			return next, nil
		}
	default:
		if err := Foreign(buf); err != nil && off == 0 {
			return p, err
		}
		return p, ErrNotTrace
	}
	return p + 1, nil
}

// member takes one member of the outer object, the comma before it included,
// or the opening of an array of events, or the end of the object.
func (d *document) member(buf []byte, off int64, last bool, b *Batch) (int, error) {
	p := jsonlex.SkipSpace(buf, 0)
	commas := p < len(buf) && buf[p] == ','
	for p < len(buf) && buf[p] == ',' {
		p = jsonlex.SkipSpace(buf, p+1)
	}
	if p == len(buf) {
		return 0, nil
	}
	first := !d.found && string(bytes.TrimSpace(d.head)) == "{"
	if commas && first {
		d.damage.sanitized(BadMember, off) // a comma there makes it no trace to a viewer
		return p, nil
	}
	if buf[p] == '}' {
		d.place = atEnd
		d.text(b, bytes.TrimLeft(buf[:p+1], ","), off)
		return p + 1, nil
	}
	keyEnd, st := skipString(buf, p)
	if st != scanned {
		return d.badMember(st, buf, p, off, last, b)
	}
	v := jsonlex.SkipSpace(buf, keyEnd)
	if v == len(buf) {
		return 0, nil
	}
	if buf[v] != ':' {
		return d.badMember(broken, buf, p, off, last, b)
	}
	if v = jsonlex.SkipSpace(buf, v+1); v == len(buf) {
		return 0, nil
	}
	text := func(t []byte) {
		if !commas && !first { // a viewer may take it for a part of the value before
			if !d.passed {
				d.damage.sanitized(BadMember, off)
			}
			t = append([]byte{','}, t...)
		}
		d.passed = false
		d.text(b, t, off)
	}
	if string(buf[p:keyEnd]) == `"traceEvents"` && buf[v] == '[' {
		d.place = inEvents
		text(buf[:v+1])
		return v + 1, nil
	}
	end, st := skipValue(buf, v)
	value, kind := buf[v:end], BadMember
	if st == broken {
		if end = jsonlex.Token(buf, v); end == v {
			return d.badMember(broken, buf, p, off, last, b)
		}
		if end == len(buf) {
			return 0, nil
		}
		value, kind = []byte("null"), BadNumber
	} else if st != scanned {
		return 0, d.badDocument(st, off, last, b)
	}
	other := sanitizeMember(Unescape(buf[p+1:keyEnd-1]), value)
	if other == nil && kind == BadNumber {
		other = value
	}
	if other != nil {
		d.damage.sanitized(kind, off+int64(v))
		text(append(bytes.Clone(buf[:v]), other...))
		return end, nil
	}
	if d.verify != nil {
		d.verifyText(slices.Concat([]byte("{"), buf[p:end], []byte("}")), off+int64(p))
	}
	text(buf[:end])
	return end, nil
}

// badDocument answers to text that is no member. Before any event it means
// that this is not a trace; after them, that the rest is lost.
func (d *document) badDocument(st status, off int64, last bool, b *Batch) error {
	if st == partial && !last {
		return nil
	}
	if !d.found {
		if st == partial {
			return NoEvents(d.head)
		}
		return fmt.Errorf("this is no JSON at byte %d, and no event was found before", off)
	}
	d.damage.lose(Unfinished, off, 0)
	b.addText([]byte("}\n"), off)
	d.place = atLoss
	return nil
}

// text passes document text on; until an array of events is found it is held
// back, so that an input without one leaves no output.
func (d *document) text(b *Batch, t []byte, off int64) {
	if fixed, changed := sanitizeText(t); changed {
		d.damage.sanitized(BadEscape, off)
		t = fixed
	}
	if d.found {
		b.addText(t, off)
		return
	}
	d.head = append(d.head, t...)
}

// tooLarge is the error for a member, or what comes before all events, that is longer
// than MaxEvent. A document that is known not to be a trace is reported as that.
func (d *document) tooLarge(text []byte, off int64) error {
	if !d.found {
		head := slices.Concat(d.head[:min(len(d.head), 4<<10)], text[:min(len(text), 4<<10)])
		if err := NoEvents(head); err != ErrNoEvents {
			return err
		}
	}
	return fmt.Errorf("byte %d: %w", off, ErrTooLarge)
}

// open passes on what was held back, once an array of events has begun.
func (d *document) open(b *Batch, off int64) {
	if d.found {
		return
	}
	d.found = true
	if d.bare {
		d.head = append(d.head, '[')
	}
	if start := sanitizeStart(d.head); start != nil {
		d.damage.sanitized(BadMember, off)
		d.head = start
	}
	b.addText(d.head, off)
	d.head = nil
}

// events takes as many events as buf holds, and the bracket that ends them.
func (d *document) events(buf []byte, off int64, last bool, b *Batch) (int, error) {
	d.open(b, off)
	if d.stop = nothing; len(d.runs) > 0 && !d.blank && d.stops(off) {
		if s := &d.runs[0]; !last || int(s.size) <= len(buf) {
			return d.copyRun(s, buf, off, b), nil
		}
	}
	b.openEvents(off, d.doubt)
	p, closed := d.eventRun(buf, off, last, b)
	if d.resync {
		b.closeEvents(d.lost)
	} else {
		b.closeEvents(off + int64(p))
	}
	if !closed {
		return p, nil
	}
	d.place = atMember
	if d.bare {
		d.place = atEnd
	}
	end := bytes.IndexByte(buf[p:], ']') + p + 1
	b.addText(buf[p:end], off+int64(p))
	return end, nil
}

// eventRun takes events up to the end of buf or of the array. It returns where
// the next call must go on: before the comma or white space that precedes an
// event not seen whole, or that precedes the closing bracket.
func (d *document) eventRun(buf []byte, off int64, last bool, b *Batch) (next int, closed bool) {
	for p := 0; ; {
		if b.full() || off+int64(p) >= d.stop && d.stops(off+int64(p)) {
			return p, false
		}
		if d.resync {
			var found finding
			if p, found = d.search(buf, p, off, last); found != yes {
				return p, false
			}
			b.skipTo(off+int64(p), d.doubt)
		}
		if !d.general && !d.blank && off+int64(p) >= d.doubt {
			e := b.next()
			if end := d.templates.next(buf, p, e); end > 0 {
				e.at = d.placed * (off + int64(end-len(e.text)))
				if d.verify != nil {
					d.verifyMatched(e, d.templates.last, off+int64(end))
				}
				b.keep()
				p = end
				continue
			}
		}
		from := p
		at := jsonlex.SkipSpace(buf, p)
		for at < len(buf) && buf[at] == ',' {
			p, from, d.blank = at, at+1, false
			at = jsonlex.SkipSpace(buf, from)
		}
		if d.blank || at-from > maxLead {
			d.blank = at == len(buf)
			from = at
			if d.blank {
				return at, false
			}
		}
		if at == len(buf) {
			if last {
				return at, false
			}
			return p, false
		}
		found := no
		if buf[at] == ']' {
			if found = d.endsArray(buf, at, last); found == yes {
				return from, true
			}
		} else if end, st := d.event(buf, from, at, off, last, b); st == scanned {
			p = end
			continue
		} else if st == partial {
			found = more
		}
		if found == more {
			return p, false
		}
		d.lose(off+int64(p), off+int64(at))
		p = at + 1
	}
}

// event takes the event at buf[at] into b.
func (d *document) event(buf []byte, from, at int, off int64, last bool, b *Batch) (int, status) {
	if buf[at] != '{' {
		return at, broken
	}
	e := b.next()
	end, st := d.object(buf, from, at, off, last, e)
	if st != scanned {
		return end, st
	}
	if !d.general {
		d.templates.learn(buf, from, at, e)
	}
	if d.bare && !d.begun && jsonlex.SkipSpace(buf, at+1) == end-1 {
		d.damage.sanitized(BadMember, off+int64(at)) // no trace begins with an empty object
		b.skipTo(off+int64(end), d.doubt)
		return end, scanned
	}
	d.begun = true
	d.phased = d.phased || e.Phase != 0
	e.at = d.placed * (off + int64(from))
	if e.flaws == 0 || d.sanitizeEvent(e, off+int64(at)) {
		d.keep(b, off+int64(end))
	}
	return end, scanned
}

// keep makes the event that ends at an offset part of b.
func (d *document) keep(b *Batch, end int64) {
	if d.verify != nil {
		e := b.next()
		d.verifyText(e.Raw(), end-int64(len(e.Raw())))
	}
	b.keep()
}

// notJSON is what readers that keep to the letter refuse in a string.
const notJSON = jsonlex.Control | jsonlex.NotUTF8 | jsonlex.UnknownEscape | jsonlex.BadUnicode

// verifyText counts a value, which begins at an offset, if it is no JSON.
func (d *document) verifyText(v []byte, off int64) {
	if !d.isJSON(v, span{0, uint32(len(v))}) {
		d.damage.lose(BadJSON, off, 0)
	}
}

// isJSON reports whether a value stands at a place of a text.
func (d *document) isJSON(text []byte, at span) bool {
	end, st := d.verify.Value(text, int(at.lo))
	return st == jsonlex.OK && end == int(at.hi) && d.verify.Marks&notJSON == 0
}

// verifyMatched is verifyText for an event that a template has matched and that ends at an offset.
// Once such an event was JSON, so is whatever else of that template has values that are: the text
// around them is the same.
func (d *document) verifyMatched(e *Event, l *eventTemplate, end int64) {
	text := e.Raw()
	sound := false
	if l.slice != nil && l.isJSON {
		sound = d.isJSON(text, span{e.name.lo - 1, e.name.hi + 1}) && d.isJSON(text, e.ts) && d.isJSON(text, e.dur) &&
			d.isJSON(text, e.args) && d.isJSON(text, e.pid) && d.isJSON(text, e.tid)
	} else {
		sound = d.isJSON(text, span{0, uint32(len(text))})
		l.isJSON = sound
	}
	if !sound {
		d.damage.lose(BadJSON, end-int64(len(text)), 0)
	}
}

// end drops what follows the document.
func (d *document) end(buf []byte, off int64, b *Batch) int {
	trailing := &d.damage.finds[Trailing]
	if trailing.Count > 0 {
		trailing.Bytes += int64(len(buf))
		return len(buf)
	}
	p := jsonlex.SkipSpace(buf, 0)
	b.addText(buf[:p], off)
	if p < len(buf) {
		d.damage.lose(Trailing, off+int64(p), int64(len(buf)-p))
	}
	return len(buf)
}
