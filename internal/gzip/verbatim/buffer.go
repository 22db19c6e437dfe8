package verbatim

import (
	"bytes"
	"sync/atomic"
)

// Buffer is memory that Ranges view, counted by its users. It returns to its pool when
// the decoder and all holders of its Ranges have released it. One that is never released
// is left to the garbage collector.
type Buffer struct {
	Bytes []byte
	users atomic.Int32
	pool  chan<- *Buffer
}

// NewBuffer returns a Buffer of some memory, in use by the caller until Release. It
// returns to the pool if that has room.
func NewBuffer(memory []byte, pool chan<- *Buffer) *Buffer {
	r := &Buffer{Bytes: memory, pool: pool}
	r.users.Store(1)
	return r
}

// Range begins a Range at a byte of the file.
func (r *Buffer) Range(base int64) *Range {
	r.users.Add(1)
	return &Range{Base: base, buffer: r}
}

// Release ends the use that NewBuffer began.
func (r *Buffer) Release() {
	if r.users.Add(-1) > 0 {
		return
	}
	select {
	case r.pool <- r:
	default:
	}
}

// Hold adds a user to the buffers of the ranges. Only a user of them may call it.
func Hold(ranges []*Range) {
	for _, t := range ranges {
		if t.buffer != nil {
			t.buffer.users.Add(1)
		}
	}
}

// Drop ends a use of the buffers of the ranges.
func Drop(ranges []*Range) {
	for _, t := range ranges {
		if t.buffer != nil {
			t.buffer.Release()
		}
	}
}

// Clone copies ranges that are kept for long: a buffer that they view may be many times
// larger than what they need of it.
func Clone(ranges []*Range) []*Range {
	all := make([]*Range, len(ranges))
	for i, t := range ranges {
		all[i] = &Range{Base: t.Base, Bits: bytes.Clone(t.Bits), Boundaries: t.Boundaries}
	}
	return all
}
