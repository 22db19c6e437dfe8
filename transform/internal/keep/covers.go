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

// covers notes, as they come, where slices that stay cover their tracks. Nested
// ones are noted as the one around them, where that comes first.
type covers struct {
	log   *spill.Packed
	lines []coverLine // by track
	buf   []byte
}

// coverLine is the latest stretch of a track that is covered without a gap.
type coverLine struct {
	flows.Slice
	some   bool
	device bool       // by slices of a device
	latest trace.Time // the largest start of a slice in it
}

func (c *covers) add(track int, start, end trace.Time, device bool) {
	for len(c.lines) <= track {
		c.lines = append(c.lines, coverLine{})
	}
	l := &c.lines[track]
	if l.some && l.device == device && l.Start <= start && start <= l.End {
		l.End, l.latest = max(l.End, end), max(l.latest, start)
		return
	}
	if l.some {
		c.write(l)
	}
	*l = coverLine{flows.Slice{Track: track, Start: start, End: end}, true, device, start}
}

// Some reports whether a slice on a track was noted.
func (c *covers) Some(track int) bool { return track < len(c.lines) && c.lines[track].some }

// At reports whether the latest stretch of a track goes over t.
func (c *covers) At(track int, t trace.Time) bool {
	return c.Some(track) && c.lines[track].Start <= t && t <= c.lines[track].End
}

// coverNumbers is how many numbers a stretch is written as.
const coverNumbers = 4

func (c *covers) write(l *coverLine) {
	c.buf = c.buf[:0]
	line := int64(l.Track) << 1
	if l.device {
		line |= 1
	}
	for _, v := range [coverNumbers]int64{line, int64(l.Start), int64(l.End - l.Start), int64(l.latest - l.Start)} {
		c.buf = binary.AppendVarint(c.buf, v)
	}
	c.log.Write(c.buf) // an error comes back when it is read
}

// each gives what was noted to f: slices that cover what those did, and of which
// the last on each track begins when the last of those did.
func (c *covers) each(f func(track int, start, end trace.Time, device bool)) error {
	for i := range c.lines {
		if c.lines[i].some {
			c.write(&c.lines[i])
		}
	}
	in, err := c.log.Read()
	if err != nil {
		return err
	}
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
		track, device := int(v[0]>>1), v[0]&1 != 0
		start, latest := trace.Time(v[1]), trace.Time(v[1]+v[3])
		f(track, start, start+trace.Time(v[2]), device)
		if latest > start {
			f(track, latest, latest, device)
		}
	}
}

// covering takes pairs that stay for what arrows may bind to.
type covering struct{ plan *Plan }

func (c *covering) Pair(b, e pairs.Mark) { c.cover(b, e.TS) }

func (c *covering) OpenBegin(b pairs.Mark) { c.cover(b, trace.MaxTime) }

func (c *covering) LoneEnd(pairs.Mark) {}

func (c *covering) Done() {}

func (c *covering) cover(b pairs.Mark, end trace.Time) {
	device := c.plan.under.TakeBegun(b).Device
	if c.plan.Decided.has(b.Ordinal()) {
		c.plan.Flows.Cover(int(b.Track), b.TS, end, device)
	}
}
