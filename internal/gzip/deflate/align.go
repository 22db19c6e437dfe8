package deflate

import (
	"math/bits"

	"tracekit/internal/mem"
)

// What interrupts a repetition in a trace is mostly a number that differs, and
// perhaps has more digits or fewer. Behind it the text goes on as before.

// align looks behind the numbers at i and at distance d from it, either of
// which may be empty. It returns the length of the first, and at which distance
// four bytes behind both are equal, or 0.
func align(src []byte, i, d int) (skip, like int) {
	n, m := numberLen(src, i), numberLen(src, i-d)
	like = d + n - m
	if uint(like-1) >= window || mem.Load32(src, i+n) != mem.Load32(src, i+n-like) {
		return n, 0
	}
	return n, like
}

// numberLen counts the bytes from i of which numbers consist: those from '-' to
// '9'. It goes no farther than 16.
func numberLen(src []byte, i int) int {
	a, b := endOfNumber(mem.Load64(src, i)), endOfNumber(mem.Load64(src, i+8))
	return a + b&-(a>>3)
}

// endOfNumber is the place of the first byte of v that is not of a number, or 8.
func endOfNumber(v uint64) int {
	const (
		each = 0x01_01_01_01_01_01_01_01
		top  = 0x80 * each
	)
	low := v &^ top // so that no sum reaches into the next byte
	tooHigh := low + (0x80-'9'-1)*each
	highEnough := low + (0x80-'-')*each
	return bits.TrailingZeros64((v|tooHigh|^highEnough)&top) >> 3
}

// equalBefore counts the bytes before i, up to most of them and 8, that are like
// those at distance d.
func equalBefore(src []byte, i, d, most int) int {
	if i-d < 8 {
		return 0
	}
	return min(most, bits.LeadingZeros64(mem.Load64(src, i-8)^mem.Load64(src, i-8-d))>>3)
}
