package launches

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// Noted notes the complete slices of a trace, so that they can be gone through
// once more without reading it: about ten bytes each, packed.
type Noted struct {
	Log   *spill.Log
	buf   []byte
	last  []trace.Time // start of the latest on each track
	count int
}

// NotedSlice is a complete slice as sliced has it.
type NotedSlice struct {
	Track      int
	Start, End trace.Time
	Look       filter.Place
	Mirror     bool // see isMirror
	IDs        IDs
}

func (s *Noted) Add(n *NotedSlice) {
	for len(s.last) <= n.Track {
		s.last = append(s.last, 0)
	}
	b := binary.AppendUvarint(s.buf[:0], uint64(n.Track))
	b = binary.AppendVarint(b, int64(n.Start-s.last[n.Track])) // may wrap, and wraps back
	b = binary.AppendVarint(b, int64(n.End-n.Start))
	b = binary.AppendUvarint(b, uint64(n.Look.Track))
	mirror := byte(0)
	if n.Mirror {
		mirror = 1
	}
	b = append(b, n.Look.Signs, mirror)
	for _, id := range n.IDs {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	s.buf, s.last[n.Track] = b, n.Start
	s.count++
	s.Log.Write(b) // its error is that of Log
}

// EachSlice gives the slices to f in their order. A slice's ids are valid until f
// returns.
func (s *Noted) EachSlice(f func(n *NotedSlice)) error {
	in, err := s.Log.Read()
	if err != nil {
		return err
	}
	r := &slicedReader{r: bufio.NewReaderSize(in, 64<<10)}
	last := make([]trace.Time, len(s.last))
	for range s.count {
		n := NotedSlice{Track: int(r.number())}
		if r.err == nil {
			n.Start = last[n.Track] + trace.Time(r.signed())
			n.End = n.Start + trace.Time(r.signed())
			last[n.Track] = n.Start
			n.Look.Track = int32(r.number())
			n.Look.Signs, n.Mirror = r.byte(), r.byte() != 0
			for i := range n.IDs {
				n.IDs[i] = r.bytes(i, int(r.number()))
			}
		}
		if r.err != nil {
			return fmt.Errorf("temporary data: %w", r.err)
		}
		f(&n)
	}
	return nil
}

// slicedReader reads what add has written. After an error it gives zeros.
type slicedReader struct {
	r   *bufio.Reader
	ids [2][]byte
	err error
}

func (r *slicedReader) number() uint64 {
	v, err := binary.ReadUvarint(r.r)
	return noted(r, v, err)
}

func (r *slicedReader) signed() int64 {
	v, err := binary.ReadVarint(r.r)
	return noted(r, v, err)
}

func (r *slicedReader) byte() byte {
	v, err := r.r.ReadByte()
	return noted(r, v, err)
}

func (r *slicedReader) bytes(i, n int) []byte {
	if cap(r.ids[i]) < n {
		r.ids[i] = make([]byte, n)
	}
	_, err := io.ReadFull(r.r, r.ids[i][:n])
	return noted(r, r.ids[i][:n], err)
}

func noted[T any](r *slicedReader, v T, err error) T {
	if err != nil && r.err == nil {
		r.err = err
	}
	return v
}
