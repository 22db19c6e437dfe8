package trace

import "bytes"

// Where there are processors to spare, blocks are scanned side by side, each before it
// is known where its first event begins: from a place at which one seems to end. If the
// block before leaves off at just that place, what was found is what would have been found
// in turn, and only the event that lies across is left to scan. If it does not, the block
// is scanned in turn.

// early is what was found in a block.
type early struct {
	ready    chan struct{} // receives when all else is there; nil if nobody scans early
	found    bool
	from, to int // in buf: where the first event's comma is, and where the last event ends
}

// headRoom is for how many events there is room in a batch before those that are found
// early.
const headRoom = 4

// farthestStart is how far into a block it is looked for a place to start, in bytes.
const farthestStart = 64 << 10

// earlyScanner scans one block after the other.
type earlyScanner struct{ doc document }

func (s *earlyScanner) scan(b *block) {
	b.early.found = false
	if b.text != nil || b.err != nil {
		return
	}
	data := b.buf[b.lo:b.hi]
	from := endOfEvent(data)
	if from < 0 {
		return
	}
	b.batch.reset()
	b.batch.expect(len(data))
	b.batch.n, b.batch.bounds = headRoom, noBounds
	d := &s.doc
	d.place, d.found, d.begun, d.resync, d.blank, d.damage, d.stop, d.doubt = inEvents, true, true, false, false, Damage{}, nothing, 0
	end, closed := d.eventRun(data[from:], b.off+int64(from), false, &b.batch)
	b.early.found = !closed && !d.resync && !d.blank && d.damage == Damage{} && !b.batch.full()
	b.early.from, b.early.to = b.lo+from, b.lo+from+end
}

// endOfEvent returns where an event seems to end that another follows, negative if
// there is no such place near the start of b.
func endOfEvent(b []byte) int {
	for p := 0; p < min(len(b), farthestStart); {
		i := bytes.IndexByte(b[p:], '{')
		if i < 0 {
			return -1
		}
		at := p + i
		if end := endBefore(b[:at]); end > 0 && isEventAt(b, at) {
			return end
		}
		p = at + 1
	}
	return -1
}

// endBefore returns where an object ends that, with a comma behind it, ends b; 0 if
// there is none.
func endBefore(b []byte) int {
	b = trimSpace(b)
	if n := len(b); n == 0 || b[n-1] != ',' {
		return 0
	}
	b = trimSpace(b[:len(b)-1])
	if n := len(b); n == 0 || b[n-1] != '}' {
		return 0
	}
	return len(b)
}

func trimSpace(b []byte) []byte { return bytes.TrimRight(b, " \n\r\t") }

// isEventAt reports whether the object at b[at] reads as an event.
func isEventAt(b []byte, at int) bool {
	if startsObject(b, at, false) != yes {
		return false
	}
	var e Event
	_, st := scanEvent(b, at, at, maxNesting, &e)
	return st == scanned && e.Phase != 0
}

// adopt makes of what was found early in b what a scan in turn would have made, and
// reports false if that can't be.
func (j *joiner) adopt(b *block) bool {
	if j.doc.place != inEvents || len(j.rest) > b.lo || b.off+int64(b.early.from-b.lo) < j.doc.doubt {
		return false
	}
	text, _ := j.join(b)
	head := text[:len(j.rest)+b.early.from-b.lo]
	off := b.off - int64(len(j.rest))
	before := j.doc
	j.head.reset()
	j.head.sums = b.batch.sums
	used, err := j.doc.scan(head, off, false, &j.head)
	if err != nil || used < len(head) || !j.doc.wouldGoOn() || !j.head.holdsEvents() {
		j.doc = before
		return false
	}
	sum := b.batch.bounds
	first := headRoom - j.head.n
	part := Part{Off: off, lo: first, hi: b.batch.n}
	if j.head.n > 0 {
		part.Off, part.doubt = j.head.Parts[0].Off, j.head.Parts[0].doubt
		sum.meet(&j.head.Parts[0].bounds)
	} else if j.doc.damage != before.damage {
		part.Off = off + int64(len(head))
	}
	if !b.batch.sums {
		copy(b.batch.events[first:headRoom], j.head.events)
	}
	end := len(head) + b.early.to - b.early.from
	if b.batch.n > first {
		part.End, part.bounds = off+int64(end), sum
		b.batch.Parts = append(b.batch.Parts, part)
	}
	j.doc.phased = true // what is found early begins with one
	j.leave(b, text, end, false, nil)
	return true
}

// wouldGoOn reports whether d is where an event has ended that another may follow.
func (d *document) wouldGoOn() bool { return d.place == inEvents && d.begun && !d.resync && !d.blank }

// holdsEvents reports whether there is nothing in b but a few events, or nothing at all.
func (b *Batch) holdsEvents() bool {
	return b.n <= headRoom && (len(b.Parts) == 0 || len(b.Parts) == 1 && b.Parts[0].Text == nil)
}
