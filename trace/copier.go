package trace

import "tracekit/internal/passage"

// copier finds what a Writer writes just as it was read, events that follow each
// other in the trace, and tells those of whom that saves the packing.
type copier struct {
	from recording // nil if nobody wants to know
	to   reuser

	out, in int64 // where the events at hand began, in what is written and in what was read
	end     int64 // where they end in what was read, 0 if there are none
	past    []stay
	runs    []passage.Run
}

// stay is a stretch of size bytes that stays as it is.
type stay struct{ out, in, size int64 }

// reuser packs, and can make use of how text was packed before.
type reuser interface{ WasRead([]passage.Run) }

// Follow tells w that the events it is given next are of p, which was just read. If
// its Source was made to Record and w's writer can pack, what stays as it is need
// not be packed again.
func (w *Writer) Follow(p *Part) {
	if p.from == nil || p.from == w.copier.from {
		return
	}
	if to, can := w.w.(reuser); can {
		w.copier = copier{from: p.from, to: to}
	}
}

// event takes the next event, before which out bytes were written, the comma included.
func (c *copier) event(e *Event, out int64) {
	if c.from == nil {
		return
	}
	if c.end == 0 || e.at != c.end+1 {
		c.other()
		c.out, c.in = out, e.at
	}
	if e.at != 0 {
		c.end = e.at + int64(len(e.text))
	}
}

// other says that something else is written next.
func (c *copier) other() {
	if size := c.end - c.in; c.end != 0 && size >= passage.LeastRun {
		c.past = append(c.past, stay{c.out, c.in, size})
	}
	c.end = 0
}

// pass tells of what is in a buffer that is about to be passed on. Its first byte
// is the written one at out.
func (c *copier) pass(buf []byte, out int64) {
	if c.from == nil {
		return
	}
	if c.end != 0 {
		c.past = append(c.past, stay{c.out, c.in, c.end - c.in})
	}
	c.runs = c.runs[:0]
	for _, s := range c.past {
		from, to := max(s.out, out), min(s.out+s.size, out+int64(len(buf)))
		if to-from >= passage.LeastRun {
			in := s.in + from - s.out
			c.runs = append(c.runs, passage.Run{From: int(from - out), To: int(to - out), Text: in, Tapes: c.from.tapesOf(in, in+to-from)})
		}
	}
	c.past = c.past[:0]
	if len(c.runs) > 0 {
		c.to.WasRead(c.runs)
	}
}
