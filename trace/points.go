package trace

import (
	"bytes"
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

// points are those of a file, in order.
type points struct {
	list  []point
	every int64  // how far apart they are at least, in bytes of text
	most  int    // how many there may be, 0 for no limit
	room  []byte // to pack a window in
}

// What is found with the first reading is taken up again near to where it stands:
// what lies in between takes half a millisecond per megabyte.
const (
	checkpointEvery = 4 << 20
	mostPoints      = 1024
)

// add takes a place if it is far enough from the one before. When there are too
// many, every other one goes.
func (p *points) add(c inflate.Checkpoint) {
	if n := len(p.list); n > 0 && c.Out < p.list[n-1].out+p.every {
		return
	}
	next := point{in: c.In, out: c.Out, bit: c.Bit}
	if len(c.Window) > 0 {
		if p.room == nil {
			p.room = make([]byte, s2.MaxEncodedLen(inflate.Window))
		}
		next.window = bytes.Clone(s2.Encode(p.room, c.Window)) // it has room for far more
	}
	p.list = append(p.list, next)
	if len(p.list) != p.most {
		return
	}
	p.every *= 2
	for i := range p.most / 2 {
		p.list[i] = p.list[2*i]
	}
	clear(p.list[p.most/2:])
	p.list = p.list[:p.most/2]
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

// before returns the last one at or before off in the text, nil if there is none.
func (p *points) before(off int64) *point {
	i := sort.Search(len(p.list), func(i int) bool { return p.list[i].out > off })
	if i == 0 {
		return nil
	}
	return &p.list[i-1]
}
