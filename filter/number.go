package filter

import (
	"cmp"
	"math"
	"math/bits"
	"strconv"
)

// number is the value of a JSON number. Whole numbers of up to 64 bits are
// exact, as ids need it; others are floating-point.
type number struct {
	f     float64
	mag   uint64 // magnitude, if whole
	neg   bool
	whole bool
}

// parseNumber reads what JSON calls a number and reports false for any other
// text.
func parseNumber(b []byte) (number, bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	if !isNumber(digits) {
		return parseFloat(b, digits)
	}
	if len(digits) > 1 && digits[0] == '0' {
		return number{}, false
	}
	var mag uint64
	for _, c := range digits {
		hi, lo := bits.Mul64(mag, 10)
		next := lo + uint64(c-'0')
		if hi > 0 || next < lo {
			return parseFloat(b, digits)
		}
		mag = next
	}
	f := float64(mag)
	if neg {
		f = -f
	}
	return number{f: f, mag: mag, neg: neg && mag > 0, whole: true}, true
}

// parseFloat reads b, whose digits begin after the sign. It checks the form
// first, as strconv takes more than JSON does.
func parseFloat(b, digits []byte) (number, bool) {
	if len(digits) == 0 || !isDigit(digits[0]) || numberLength(digits) != len(digits) ||
		len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		return number{}, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return number{f: f}, err == nil || math.IsInf(f, 0)
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

func (n number) compare(m number) int {
	if !n.whole || !m.whole {
		return cmp.Compare(n.f, m.f)
	}
	switch {
	case n.neg != m.neg:
		if n.neg {
			return -1
		}
		return 1
	case n.neg:
		return cmp.Compare(m.mag, n.mag)
	}
	return cmp.Compare(n.mag, m.mag)
}
