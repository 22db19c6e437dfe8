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
	window  []byte // packed; empty if a member starts here
}

// points are those of a file, in order.
type points struct {
	list   []point
	every  int64 // how far apart they are at least, in bytes of text
	most   int   // how many there may be, 0 for no limit
	sparse bool  // windows are mostly zeros, and packed the better for it

	room   []byte // to pack a window in
	packer *zstd.Encoder

	once     sync.Once
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
	if len(c.Window) > 0 {
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

// pack packs a window: one that is to be kept in a file small, others quickly.
func (p *points) pack(window []byte) []byte {
	if p.room == nil {
		p.room = make([]byte, s2.MaxEncodedLen(inflate.Window))
		if p.sparse {
			p.packer, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(inflate.Window),
				zstd.WithEncoderCRC(false)) // the index file has its own
		}
	}
	if p.sparse {
		return bytes.Clone(p.packer.EncodeAll(window, p.room[:0]))
	}
	return bytes.Clone(s2.Encode(p.room, window)) // it has room for far more
}

func (p *points) unpack(packed []byte) ([]byte, error) {
	if !p.sparse {
		n, err := s2.DecodedLen(packed)
		if err == nil && n > inflate.Window {
			err = zstd.ErrDecoderSizeExceeded
		}
		if err != nil {
			return nil, err
		}
		return s2.Decode(make([]byte, n), packed)
	}
	p.once.Do(func() {
		p.unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(inflate.Window))
	})
	return p.unpacker.DecodeAll(packed, make([]byte, 0, inflate.Window))
}

// checkpoint unpacks the window of a place.
func (p *points) checkpoint(at *point) (inflate.Checkpoint, error) {
	c := inflate.Checkpoint{In: at.in, Out: at.out, Bit: at.bit}
	if len(at.window) == 0 {
		return c, nil
	}
	var err error
	if c.Window, err = p.unpack(at.window); err == nil && len(c.Window) == 0 {
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
