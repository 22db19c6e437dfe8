package trace

import (
	"math/bits"

	"tracekit/internal/mem"
)

// Eight bytes are looked at as one number; times a byte, this holds it eight times.
const ones = 0x0101010101010101

// roomForTime is how many bytes a time may have at most to be plain, and those
// that are looked at behind it.
const roomForTime = 8 + 8 + 1 + 8 + 8

// maxWhole is the largest number of microseconds that a Time can hold, or a bit less.
const maxWhole = uint64(MaxTime)/1000 - 1

// nearTime reads times that are near the one before: what they begin with is read
// once. The processor goes on behind them before it has read the rest, since
// their length is known.
type nearTime struct {
	digits            int    // all but the last four of the whole microseconds
	first, mask, last uint64 // the first eight of these or fewer, the last eight if there are more
	value             uint64 // of these, in nanoseconds
}

// read is plainTime for a time that is likely to have four other digits before
// the point at most, and three behind it.
func (n *nearTime) read(buf []byte, p int) (Time, int) {
	if mem.Load64(buf, p)&n.mask == n.first && (n.digits <= 8 || mem.Load64(buf, p+n.digits-8) == n.last) {
		w := mem.Load64(buf, p+n.digits) ^ '0'*ones
		if v := w<<8&(1<<40-1) | w>>40<<40; allDigits(v) && byte(w>>32) == '.'^'0' && buf[p+n.digits+8]-'0' > 9 {
			return Time(n.value + eightDigits(v)), p + n.digits + 8
		}
	}
	return n.learn(buf, p)
}

// learn reads a time, and remembers what it begins with.
func (n *nearTime) learn(buf []byte, p int) (Time, int) {
	t, whole, end := plainTime(buf, p)
	const last = 10_000_000 // nanoseconds, those of four digits
	if whole <= 4 || end-p-whole > len(".123") || t > MaxTime-last {
		return t, end
	}
	n.digits, n.value = whole-4, uint64(t)/last*last
	if n.mask = 1<<64 - 1; n.digits < 8 {
		n.mask = 1<<(8*n.digits) - 1
	} else {
		n.last = mem.Load64(buf, p+n.digits-8)
	}
	n.first = mem.Load64(buf, p) & n.mask
	return t, end
}

// briefTime is plainTime for what is likely to have four digits at most before the
// point, and three behind it, as most durations do.
func briefTime(buf []byte, p int) (Time, int) {
	w := mem.Load64(buf, p) ^ '0'*ones
	k := uint(bits.TrailingZeros64(aboveNine(w))) // bits of the digits, and four more
	if k &^= 7; k-8 <= 24 && byte(w>>(k&63)) == '.'^'0' && (k == 8 || byte(w) != 0) {
		v := w<<(-k&63)>>24 | w>>((k+8)&63)<<40
		if end := p + int(k>>3) + 4; allDigits(v) && buf[end]-'0' > 9 {
			return Time(eightDigits(v)), end
		}
	}
	t, _, end := plainTime(buf, p)
	return t, end
}

// plainTime reads microseconds of up to 16 digits with up to 7 decimals, as
// ParseMicros does. It returns how many digits stand before the point, and where it
// ends: 0 if it is anything else.
func plainTime(buf []byte, p int) (t Time, whole, end int) {
	n, whole := firstDigits(mem.Load64(buf, p))
	if whole == 8 {
		more, k := firstDigits(mem.Load64(buf, p+8))
		n, whole = n*powers[k]+more, 8+k
	}
	end = p + whole
	if n > maxWhole || buf[end]-'0' <= 9 || whole == 0 || buf[p] == '0' && whole > 1 {
		return 0, 0, 0
	}
	if buf[end] != '.' {
		return Time(n * 1000), whole, end
	}
	v, decimals := firstDigits(mem.Load64(buf, end+1))
	if decimals == 0 || decimals == 8 {
		return 0, 0, 0
	}
	return Time(n*1000 + nanoseconds(v, decimals)), whole, end + 1 + decimals
}

// nanoseconds are those of d decimals of a microsecond, halves away from zero.
func nanoseconds(v uint64, d int) uint64 {
	if d <= 3 {
		return v * powers[3-d]
	}
	return (v + powers[d-3]/2) / powers[d-3]
}

var powers = [9]uint64{1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8}

// firstDigits returns how many of the eight bytes of w are decimal digits before
// one is not, and their value.
func firstDigits(w uint64) (v uint64, n int) {
	w ^= '0' * ones
	if n = bits.TrailingZeros64(aboveNine(w)) >> 3; n == 0 {
		return 0, 0
	}
	return eightDigits(w << (64 - 8*n)), n // zeros in front
}

// aboveNine has bits in the upper half of each byte of w from the first on that is
// more than 9, and none before.
func aboveNine(w uint64) uint64 { return (w + 6*ones | w) & (0xf0 * ones) }

// allDigits reports whether each byte of w is at most 9.
func allDigits(w uint64) bool { return aboveNine(w) == 0 }

// eightDigits returns the number whose decimal digits are the bytes of w, the first
// in the lowest.
func eightDigits(w uint64) uint64 {
	w = w*10 + w>>8
	const pairs = 0x000000ff000000ff
	return (w&pairs*(100+1000000<<32) + w>>16&pairs*(1+10000<<32)) >> 32
}

// maxDigits is how many digits a plain number may have before its point.
const maxDigits = 100

// plainNumber returns where the number at buf[p] ends if it is a natural one,
// with decimals perhaps; else 0.
func plainNumber(buf []byte, p int) int {
	from := p
	for p < len(buf) && buf[p]-'0' <= 9 {
		p++
	}
	if p == from || buf[from] == '0' && p > from+1 || p > from+maxDigits {
		return 0
	}
	if p < len(buf) && buf[p] == '.' {
		p++
		from = p
		for p < len(buf) && buf[p]-'0' <= 9 {
			p++
		}
		if p == from {
			return 0
		}
	}
	return p
}
