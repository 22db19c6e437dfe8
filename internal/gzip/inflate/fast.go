package inflate

import (
	"encoding/binary"
	"unsafe"
)

const (
	// One round of the fast loop writes at most a literal, a match of 258, and
	// what is copied beyond that. It reads at most 8 bytes; the first bits that
	// it begins with may take another 8.
	outMargin   = 384
	roundMargin = 16
	inMargin    = roundMargin + 8
)

// fast decodes the block until its end, or until less than the margins are
// left before limit or in the input. It does what careful does, but without
// looking at bounds, from which the margins keep it away: every round takes
// at most the 56 bits that a refill makes sure of.
//
// Inside, nbits counts in its low 6 bits only, and bits above nbits may be set
// too, to what they will be anyway.
func (r *Reader) fast(first *[1 << litBits]entry, last int) error {
	r.giveBack()
	start := unsafe.Pointer(&r.buf[0])
	in, lastIn := unsafe.Add(start, r.pos), unsafe.Add(start, r.end-roundMargin)
	block := unsafe.Pointer(&r.block[0])
	out, lastOut, low := unsafe.Add(block, r.out), unsafe.Add(block, last), unsafe.Add(block, r.low)

	bad := false
	bits, nbits, in := refill(r.bits, uint64(r.nbits), in)
	e := first[bits&(1<<litBits-1)]
loop:
	for uintptr(in) <= uintptr(lastIn) && uintptr(out) <= uintptr(lastOut) {
		code := bits
		bits >>= e & 63
		nbits -= uint64(e)
		if e&noMatch != 0 {
			if e&link != 0 {
				e = r.lit[e.base()+int(bits&(1<<e.code()-1))]
				code = bits
				bits >>= e & 63
				nbits -= uint64(e)
			}
			if e&literal != 0 {
				binary.LittleEndian.PutUint16((*[2]byte)(out)[:], uint16(e>>10))
				out = unsafe.Add(out, e>>26&3)
				bits, nbits, in = refill(bits, nbits, in)
				e = first[bits&(1<<litBits-1)]
				continue
			}
			if e&noMatch != 0 {
				bad = e&end == 0
				if !bad {
					r.endBlock()
				}
				break loop
			}
		}
		*(*byte)(out) = byte(e >> 20)
		out = unsafe.Add(out, e>>19&1)
		length := int(e>>10&0x1ff) + int(code&(1<<(e&63)-1)>>(e>>6&15))

		e = r.dist[bits&(1<<distBits-1)]
		code = bits
		bits >>= e & 63
		nbits -= uint64(e)
		if e&noMatch != 0 {
			if e&link != 0 {
				e = r.dist[e.base()+int(bits&(1<<e.code()-1))]
				code = bits
				bits >>= e & 63
				nbits -= uint64(e)
			}
			if e&noMatch != 0 {
				bad = true
				break loop
			}
		}
		dist := int(e>>10) + int(code&(1<<(e&63)-1)>>(e>>6&15))
		bits, nbits, in = refill(bits, nbits, in)
		e = first[bits&(1<<litBits-1)]

		if dist > int(uintptr(out)-uintptr(low)) {
			r.match.length, r.match.dist = length, dist
			break loop
		}
		from, to := unsafe.Pointer(uintptr(out)-uintptr(dist)), out
		out = unsafe.Add(out, length)
		// What is less than a step before is spread first until it is not.
		for dist < 16 {
			*(*[16]byte)(to) = *(*[16]byte)(from)
			to = unsafe.Add(to, dist)
			dist *= 2
		}
		for {
			copy64((*lanes)(to), (*lanes)(from))
			to, from = unsafe.Add(to, 64), unsafe.Add(from, 64)
			if uintptr(to) >= uintptr(out) {
				break
			}
		}
	}
	r.pos, r.out = int(uintptr(in)-uintptr(start)), int(uintptr(out)-uintptr(block))
	r.bits, r.nbits = bits, uint(nbits&63)
	r.giveBack()
	if bad {
		return r.corrupt("code without a meaning")
	}
	return nil
}

// refill brings the bit buffer to at least 56 bits, of 8 bytes at in.
func refill(bits, nbits uint64, in unsafe.Pointer) (uint64, uint64, unsafe.Pointer) {
	bits |= binary.LittleEndian.Uint64((*[8]byte)(in)[:]) << (nbits & 63)
	return bits, nbits | 56, unsafe.Add(in, ^nbits>>3&7)
}

// lanes are copied one by one: each may be what the one before has written.
type lanes struct{ a, b, c, d [16]byte }

func copy64(to, from *lanes) {
	to.a = from.a
	to.b = from.b
	to.c = from.c
	to.d = from.d
}
