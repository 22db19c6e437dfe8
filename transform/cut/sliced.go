package cut

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// sliced notes the complete slices of a trace, so that they can be gone through
// once more without reading it: about ten bytes each, packed.
type sliced struct {
	log   *spill.Packed
	buf   []byte
	last  []trace.Time // start of the latest on each track
	count int
}

// notedSlice is a complete slice as sliced has it.
type notedSlice struct {
	track      int
	start, end trace.Time
	look       filter.Look
	mirror     bool // see isMirror
	joint      joint
}

func (s *sliced) add(n *notedSlice) {
	for len(s.last) <= n.track {
		s.last = append(s.last, 0)
	}
	b := binary.AppendUvarint(s.buf[:0], uint64(n.track))
	b = binary.AppendVarint(b, int64(n.start-s.last[n.track])) // may wrap, and wraps back
	b = binary.AppendVarint(b, int64(n.end-n.start))
	b = binary.AppendUvarint(b, uint64(n.look.Track))
	mirror := byte(0)
	if n.mirror {
		mirror = 1
	}
	b = append(b, n.look.Says, mirror)
	for _, id := range n.joint {
		b = append(binary.AppendUvarint(b, uint64(len(id))), id...)
	}
	s.buf, s.last[n.track] = b, n.start
	s.count++
	s.log.Write(b) // an error comes back when it is read
}

// each gives the slices to f in their order. A slice's ids are valid until f
// returns.
func (s *sliced) each(f func(n *notedSlice)) error {
	in, err := s.log.Read()
	if err != nil {
		return err
	}
	r := &slicedReader{r: bufio.NewReaderSize(in, 64<<10)}
	last := make([]trace.Time, len(s.last))
	for range s.count {
		n := notedSlice{track: int(r.number())}
		if r.err == nil {
			n.start = last[n.track] + trace.Time(r.signed())
			n.end = n.start + trace.Time(r.signed())
			last[n.track] = n.start
			n.look.Track = int32(r.number())
			n.look.Says, n.mirror = r.byte(), r.byte() != 0
			for i := range n.joint {
				n.joint[i] = r.bytes(i, int(r.number()))
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
