package trace

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"sync"

	"tracekit/internal/gzip/inflate"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// point is a place in a gzip file at which decompression can be taken up. Its
// window stays packed until it is needed: a long trace has thousands of points.
type point struct {
	in, out int64
	bit     uint8
	window  []byte   // packed by itself; empty if a member starts here, and if it is one of several
	among   *windows // that it is packed with, nil if it is packed by itself
	from    int      // where it is among them, in bytes
	size    int      // how long it is there
}

// windows are those of a few places, one behind the other, packed as one: they have much in common.
type windows struct {
	packed []byte
	size   int // in bytes
}

// together is how many windows are packed as one in an index.
const together = 16

// points are those of a file, in order.
type points struct {
	list   []point
	every  int64 // how far apart they are at least, in bytes of text
	most   int   // how many there may be, 0 for no limit
	sparse bool  // windows are mostly zeros, and several are packed as one

	room []byte   // to pack a window in; if they are sparse those that are yet to be packed
	open *windows // that they will be, nil if there are none
	held int      // how many

	once     sync.Once
	packer   *zstd.Encoder
	made     []byte // by packer
	unpacker *zstd.Decoder
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
	switch {
	case len(c.Window) == 0:
	case p.sparse:
		p.gather(&next, c.Window)
	default:
		next.window = p.pack(c.Window)
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

// pack packs a window by itself.
func (p *points) pack(window []byte) []byte {
	if p.room == nil {
		p.room = make([]byte, s2.MaxEncodedLen(inflate.Window))
	}
	return bytes.Clone(s2.Encode(p.room, window)) // it has room for far more
}

// gather takes the window of a place that is packed with others.
func (p *points) gather(of *point, window []byte) {
	if p.open == nil {
		p.open = new(windows)
	}
	of.among, of.from, of.size = p.open, len(p.room), len(window)
	p.room = append(p.room, window...)
	if p.held++; p.held == together {
		p.finish()
	}
}

// finish packs the windows that wait for others.
func (p *points) finish() {
	if p.open == nil {
		return
	}
	if p.packer == nil { // one for all: its tables take megabytes
		p.packer, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(together*inflate.Window),
			zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false)) // the index file has its own
	}
	p.made = p.packer.EncodeAll(p.room, p.made[:0]) // what it makes room for by itself is half as large as the text
	p.open.packed, p.open.size = bytes.Clone(p.made), len(p.room)
	p.open, p.room, p.held = nil, p.room[:0], 0
}

// window returns that of a place, which has one.
func (p *points) window(at *point) ([]byte, error) {
	if at.among == nil {
		n, err := s2.DecodedLen(at.window)
		if err == nil && n > inflate.Window {
			err = zstd.ErrDecoderSizeExceeded
		}
		if err != nil {
			return nil, err
		}
		return s2.Decode(make([]byte, n), at.window)
	}
	p.once.Do(func() {
		p.unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(together*inflate.Window))
	})
	all, err := p.unpacker.DecodeAll(at.among.packed, make([]byte, 0, at.among.size))
	if err == nil && len(all) != at.among.size {
		err = errors.New("it is of another length")
	}
	if err != nil {
		return nil, err
	}
	return all[at.from : at.from+at.size : at.from+at.size], nil
}

// checkpoint unpacks the window of a place.
func (p *points) checkpoint(at *point) (inflate.Checkpoint, error) {
	c := inflate.Checkpoint{In: at.in, Out: at.out, Bit: at.bit}
	if len(at.window) == 0 && at.among == nil {
		return c, nil
	}
	var err error
	if c.Window, err = p.window(at); err == nil && len(c.Window) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return c, fmt.Errorf("%w: the place at byte %d: %w", ErrIndex, at.in, err)
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
