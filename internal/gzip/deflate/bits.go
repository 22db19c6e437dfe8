package deflate

import (
	"slices"

	"tracekit/internal/mem"
)

// A bitWriter appends bits to a byte slice, the lowest first.
type bitWriter struct {
	buf []byte // buf[:pos] is written, the rest is room
	pos int
	acc uint64 // the bits that do not fill a byte yet
	n   uint   // how many; at most 7 after flush
}

// grow makes room for n bytes more and for what a store writes beyond them.
func (b *bitWriter) grow(n int) {
	n += 16
	if len(b.buf)-b.pos < n {
		buf := slices.Grow(b.buf[:b.pos], n)
		b.buf = buf[:cap(buf)]
	}
}

// add takes up to 56 bits between two calls of flush.
func (b *bitWriter) add(v uint64, n uint) {
	b.acc |= v << (b.n & 63)
	b.n += n
}

func (b *bitWriter) addCode(c code) { b.add(c.bits(), c.len()) }

// flush writes whole bytes, for which there must be room.
func (b *bitWriter) flush() {
	mem.Store64(b.buf, b.pos, b.acc)
	b.pos += int(b.n >> 3)
	b.acc >>= b.n & 56
	b.n &= 7
}

// align fills the last byte with zeros.
func (b *bitWriter) align() {
	b.n = (b.n + 7) &^ 7
	b.flush()
}
