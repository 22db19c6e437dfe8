package deflate

// bitWriter appends bits to a byte slice, the lowest first.
type bitWriter struct {
	buf []byte // all of its length is room; what is written is buf[:pos]
	pos int
	acc uint64
	n   uint // bits in acc, at most 7 after flush
}

// add takes up to 56 bits between two calls of flush.
func (b *bitWriter) add(v uint64, n uint) {
	b.acc |= v << (b.n & 63)
	b.n += n
}

// flush writes whole bytes. It needs room for eight.
func (b *bitWriter) flush() {
	store64(b.buf, b.pos, b.acc)
	b.pos += int(b.n >> 3)
	b.acc >>= b.n & 56
	b.n &= 7
}

// align fills the last byte with zeros.
func (b *bitWriter) align() {
	b.n = (b.n + 7) &^ 7
	b.flush()
}
