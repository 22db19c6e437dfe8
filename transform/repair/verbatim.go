package repair

import (
	"io"
	"slices"

	"tracekit/internal/budget"
)

// clean knows stretches of the text of which all events were handed on as they stood, each
// behind one comma. The first reading finds them; where the plan does nothing to their
// events, the second one copies them without looking at any event.
type clean struct {
	marks []mark
	every int64 // bytes between marks, of which there are mostMarks at most

	loose  bool // some event since the last mark is
	last   mark // the last mark, or where a stretch begins that is too short for one
	marked bool // last is among marks
	end    mark // of the stretch at hand

	next int // the mark that the second reading has come to
}

// mark is a boundary between events.
type mark struct {
	off, seq int64 // in the text, and of the event before it
	begins   bool  // a stretch; what is between other marks and those before them is clean
	loose    bool  // an event between it and the mark before it might be moved to vLLM's process
	dirty    bool  // something is done to one of these
}

const (
	markEvery = 4 << 10 // bytes, until there are too many
	mostMarks = 1 << 17
)

// add adds the clean event number seq, with the comma before it text[from:to].
func (c *clean) add(from, to, seq int64, loose bool) {
	if from != c.end.off || seq != c.end.seq+1 || c.end == (mark{}) {
		c.last, c.marked = mark{off: from, seq: seq - 1, begins: true}, false
		c.loose = false
	}
	c.loose = c.loose || loose
	if c.end = (mark{off: to, seq: seq, loose: c.loose}); to-c.last.off < c.every {
		return
	}
	if !c.marked {
		c.marks = append(c.marks, c.last)
	}
	c.marks, c.last, c.marked, c.loose = append(c.marks, c.end), c.end, true, false
	if len(c.marks) > mostMarks {
		c.thin()
	}
}

// thin forgets marks that are close to each other.
func (c *clean) thin() {
	all := c.marks
	c.marks, c.every, c.last, c.end = nil, 2*c.every, mark{}, mark{}
	for i, m := range all {
		if m.begins {
			c.last, c.marked, c.loose = m, false, false
			continue
		}
		c.end = mark{off: all[i-1].off, seq: m.seq - 1}
		c.add(c.end.off, m.off, m.seq, m.loose)
	}
}

// touch notes that something is done to an event.
func (c *clean) touch(seq int64) {
	i, _ := slices.BinarySearchFunc(c.marks, seq, func(m mark, seq int64) int { return int(m.seq - seq) })
	if i < len(c.marks) {
		c.marks[i].dirty = true
	}
}

// touchAll notes all events to which something is done. It is false if that may be any.
func (c *clean) touchAll(p *plan) bool {
	if p.far {
		return false
	}
	for i := range c.marks {
		c.marks[i].dirty = len(p.vllm.from) > 0 && c.marks[i].loose
	}
	for seq := range p.drop {
		c.touch(seq)
	}
	for seq := range p.lanes.of {
		c.touch(seq)
	}
	for _, b := range p.close.begins {
		c.touch(b.seq)
	}
	for seq := range p.empty {
		c.touch(seq)
	}
	for seq := range p.unbind {
		c.touch(seq)
	}
	for seq := range p.vllm.rename {
		c.touch(seq)
	}
	for seq := range p.flowIDs.own {
		c.touch(seq)
	}
	return true
}

// from returns where in the text the stretch ends that begins at off, behind event seq, and
// the number of its last event. There is none if that is off. Calls must not go backwards.
func (c *clean) from(off, seq int64) (to, last int64) {
	for c.next < len(c.marks) && c.marks[c.next].off < off {
		c.next++
	}
	if c.next == len(c.marks) || c.marks[c.next].off > off || c.marks[c.next].seq != seq {
		return off, seq
	}
	for c.next+1 < len(c.marks) && !c.marks[c.next+1].begins && !c.marks[c.next+1].dirty {
		c.next++
	}
	return c.marks[c.next].off, c.marks[c.next].seq
}

// addMemory adds what c takes.
func (c *clean) addMemory(s *budget.Sum) {
	const one = 24
	s.Add("clean stretches", one*cap(c.marks))
}

// copyClean copies the stretch of clean events that begins at h.p. It reports false if there is none.
func (h *rewriter) copyClean() (bool, error) {
	at := h.read - int64(len(h.buf)-h.p)
	to, seq := h.clean.from(at, h.seq)
	if to == at {
		return false, nil
	}
	for left := to - at; ; {
		n := min(left, int64(len(h.buf)-h.p))
		if err := h.copies.verbatim(h.buf[h.p : h.p+int(n)]); err != nil {
			return false, err
		}
		h.p += int(n)
		if left -= n; left == 0 {
			break
		}
		if more, err := h.more(); err != nil {
			return false, err
		} else if !more {
			return false, io.ErrUnexpectedEOF
		}
	}
	h.copies.out += seq - h.seq
	h.seq = seq
	return true, nil
}

// verbatim writes a piece of text of events as it is.
func (e *emitter) verbatim(text []byte) error {
	if err := e.begin(); err != nil {
		return err
	}
	for len(text) > 0 {
		n := min(len(text), bulkSize)
		if err := e.w.put(text[:n]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}
