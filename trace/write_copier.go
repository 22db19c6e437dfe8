package trace

import (
	"math"

	"tracekit/internal/gzip/verbatim"
)

// copier finds what a Writer writes just as it was read, events that follow each
// other in the trace, for a Packer that can copy their compressed text. What it finds
// depends on what is read and written, and not on how.
type copier struct {
	from recording // nil if the Writer does not pack
	to   Packer

	out, in int64 // where the events at hand began, in what is written and in what was read
	end     int64 // where they end in what was read, 0 if there are none
	copies  []copied
	runs    []verbatim.Run
}

// copied is a stretch of size bytes that is written as it was read.
type copied struct {
	out, in, size int64
	ranges        []*verbatim.Range
}

// Follow must be called before events of p, which was just read, are written. If its
// Source was made to Record and w packs, what is written as it was read is not compressed
// again.
func (w *Writer) Follow(p *Part) {
	c := &w.copier
	switch {
	case p.from == nil:
	case p.from != c.from:
		if w.packer != nil {
			c.other()
			c.from, c.to = p.from, w.packer
		}
	case p.Off > c.end+1:
		c.other() // nothing of p can follow on
	}
}

// verbatim adds the next event, or a run of events: size bytes that stood at an offset of
// the text, 0 if it is not known, and before which out bytes were written, the comma included.
func (c *copier) verbatim(at, size, out int64) {
	if c.from == nil {
		return
	}
	if c.end == 0 || at != c.end+1 {
		c.other()
		if c.out, c.in = out, at; at != 0 {
			c.from.need(at)
		}
	}
	if at != 0 {
		c.end = at + size
	}
}

// other says that something else is written next.
func (c *copier) other() {
	if c.end == 0 {
		return
	}
	c.keep(c.end - c.in)
	c.end = 0
	c.from.need(nothing)
}

// keep takes note of size bytes of the events at hand, if that are enough.
func (c *copier) keep(size int64) {
	if size >= verbatim.LeastRun {
		c.copies = append(c.copies, copied{c.out, c.in, size, c.from.compressedOf(c.in, c.in+size)})
	}
}

// nothing stands for a place behind all text.
const nothing = math.MaxInt64

// pass tells of what is in a buffer that is about to be passed on. Its first byte
// is the written one at out.
func (c *copier) pass(buf []byte, out int64) {
	if c.from == nil {
		return
	}
	end := out + int64(len(buf))
	if n := min(c.end-c.in, end-c.out); c.end != 0 && n > 0 {
		c.keep(n)
		c.out += n
		c.in += n
		c.from.need(c.in)
	}
	c.runs = c.runs[:0]
	for _, s := range c.copies {
		// The last may have an event that is passed on by itself, as it is long.
		if to := min(s.out+s.size, end); to > s.out {
			c.runs = append(c.runs, verbatim.Run{From: int(s.out - out), To: int(to - out), Text: s.in, Ranges: s.ranges})
		}
	}
	c.copies = c.copies[:0]
	if len(c.runs) > 0 {
		c.to.WasRead(c.runs)
	}
}
