package trace

import (
	"fmt"
	"sort"

	"tracekit/internal/inflate"

	"github.com/klauspost/compress/s2"
)

// point is a place in a gzip file at which decompression can be taken up. Its
// window stays packed until it is needed: a long trace has thousands of points.
type point struct {
	in, out int64
	bit     uint8
	window  []byte // packed; empty if a member starts here
}

func newPoint(c inflate.Checkpoint) point {
	p := point{in: c.In, out: c.Out, bit: c.Bit}
	if len(c.Window) > 0 {
		p.window = s2.EncodeBetter(nil, c.Window)
	}
	return p
}

// checkpoint unpacks the window.
func (p *point) checkpoint() (inflate.Checkpoint, error) {
	c := inflate.Checkpoint{In: p.in, Out: p.out, Bit: p.bit}
	if len(p.window) == 0 {
		return c, nil
	}
	n, err := s2.DecodedLen(p.window)
	if err == nil && (n == 0 || n > inflate.Window) {
		err = fmt.Errorf("a window of %d bytes", n)
	}
	if err == nil {
		c.Window, err = s2.Decode(make([]byte, n), p.window)
	}
	if err != nil {
		return c, fmt.Errorf("%w: the place at byte %d: %w", ErrIndex, p.in, err)
	}
	return c, nil
}

// before returns the last of points at or before off in the text, nil if there
// is none.
func before(points []point, off int64) *point {
	i := sort.Search(len(points), func(i int) bool { return points[i].out > off })
	if i == 0 {
		return nil
	}
	return &points[i-1]
}
