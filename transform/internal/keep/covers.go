package keep

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/pairs"
)

// covers notes, as they come, the complete slices that flow events may bind to. Where
// all of a kind are kept, nested ones are noted as the one around them, if that comes
// first.
type covers struct {
	Mixed bool // some may be dropped, so that each is noted
	log   *spill.Log
	lines []coverLine // by track
	buf   []byte
}

// coverLine is the latest stretch of a track that is covered without a gap.
type coverLine struct {
	stretch
	some    bool
	kept    bool       // some slice on the track is
	written trace.Time // start of the stretch before
}

// stretch is a slice, or some of one kind.
type stretch struct {
	start, end, latest trace.Time // latest is the largest start of a slice in it
	is                 flows.Is
	near               bool
}

func (c *covers) add(track int, start, end trace.Time, is flows.Is, near bool) {
	for len(c.lines) <= track {
		c.lines = append(c.lines, coverLine{})
	}
	l := &c.lines[track]
	l.kept = l.kept || is&flows.Kept != 0
	if l.some && !c.Mixed && l.is == is && l.near == near && l.start <= start && start <= l.end {
		l.end, l.latest = max(l.end, end), max(l.latest, start)
		return
	}
	if l.some {
		c.write(track, l)
	}
	l.some, l.stretch = true, stretch{start, end, start, is, near}
}

// Err is the error of what was noted last.
func (c *covers) Err() error { return c.log.Err() }

// HasKept reports whether a slice on a track is kept.
func (c *covers) HasKept(track int) bool { return track < len(c.lines) && c.lines[track].kept }

// At reports whether, of what was noted on a track, what is kept came last, before t.
func (c *covers) At(track int, t trace.Time) bool {
	return c.HasKept(track) && c.lines[track].is&flows.Kept != 0 && c.lines[track].start <= t
}

// coverNumbers is how many numbers a stretch is written as.
const coverNumbers = 4

func (c *covers) write(track int, l *coverLine) {
	line := int64(track)<<3 | int64(l.is)
	if l.near {
		line |= 1 << 2
	}
	c.buf = c.buf[:0]
	for _, v := range [coverNumbers]int64{line, int64(l.start - l.written), int64(l.end - l.start), int64(l.latest - l.start)} {
		c.buf = binary.AppendVarint(c.buf, v)
	}
	l.written = l.start
	c.log.Write(c.buf) // its error is that of Err
}

// eachSlice gives what was noted to f: slices that cover what those did, and of which
// the last on each track begins when the last of those did.
func (c *covers) eachSlice(f func(track int, start, end trace.Time, is flows.Is, near bool)) error {
	for i := range c.lines {
		if c.lines[i].some {
			c.write(i, &c.lines[i])
		}
	}
	in, err := c.log.Read()
	if err != nil {
		return err
	}
	written := make([]trace.Time, len(c.lines))
	for r := bufio.NewReader(in); ; {
		b, err := r.Peek(coverNumbers * binary.MaxVarintLen64)
		if len(b) == 0 && err == io.EOF {
			return nil
		}
		var v [coverNumbers]int64
		used := 0
		for i := range v {
			var n int
			v[i], n = binary.Varint(b[used:])
			if n <= 0 {
				return fmt.Errorf("temporary data: %w", cmp.Or(err, io.ErrUnexpectedEOF))
			}
			used += n
		}
		r.Discard(used)
		track, is, near := int(v[0]>>3), flows.Is(v[0]&(1<<2-1)), v[0]&(1<<2) != 0
		start := written[track] + trace.Time(v[1])
		written[track] = start
		f(track, start, start+trace.Time(v[2]), is, near)
		if latest := start + trace.Time(v[3]); latest > start {
			f(track, latest, latest, is, near)
		}
	}
}

// covering takes pairs for what flow events may bind to.
type covering struct{ plan *Plan }

func (c *covering) Pair(b, e pairs.Mark) { c.cover(b, e.TS) }

func (c *covering) OpenBegin(b pairs.Mark) { c.cover(b, trace.MaxTime) }

func (c *covering) LoneEnd(e pairs.Mark) { c.plan.Flows.End(int(e.Track), e.TS) }

func (c *covering) Done() {}

func (c *covering) cover(b pairs.Mark, end trace.Time) {
	is := flows.Pair
	if c.plan.under.PopBegun(b).Device {
		is |= flows.Device
	}
	if c.plan.Decided.has(b.Ordinal()) {
		is |= flows.Kept
	}
	c.plan.bind(int(b.Track), b.TS, end, is, c.plan.Near(b.TS, end))
}
