package perfetto

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

	"tracekit/internal/jsonlex"
)

// Number is what Perfetto reads of a JSON number: 64 bits with a sign if it is
// written without fraction and exponent and fits, else a float64, which is not
// the nearest one where digits are many.
type Number struct {
	Int     int64
	Float   float64
	IsInt   bool
	Garbled bool // digits ran over
}

// ParseNumber reads the number at b[p], with Perfetto's arithmetic, and returns where it
// ends. It is broken if it is not JSON or if no float64 holds it: Perfetto gives up the
// whole trace for one of these.
func ParseNumber(b []byte, p int) (n Number, end int, st jsonlex.Status) {
	end, isInt, st := jsonlex.Number(b, p)
	if st != jsonlex.OK {
		return n, end, st
	}
	n, finite := parse(b[p:end], isInt)
	if !finite {
		return n, end, jsonlex.Broken
	}
	return n, end, jsonlex.OK
}

// plainDigits is how many bytes a number has at most that Plain reads: fewer than could run over.
const plainDigits = 18

// Plain reads the number at b[p] as ParseNumber does if it has few digits and no exponent, and
// returns where its digits end, -1 if it is another. Something must follow it in b.
func Plain(b []byte, p int) (n Number, end int) {
	from := p
	neg := p < len(b) && b[p] == '-'
	if neg {
		p++
	}
	whole := p
	n.Int, p = digits(b, p)
	if p == whole || p == len(b) || b[whole] == '0' && p > whole+1 {
		return n, -1
	}
	n.Float, n.IsInt = float64(n.Int), b[p] != '.'
	if !n.IsInt {
		point := p + 1
		var fraction int64
		fraction, p = digits(b, point)
		if p == point || p-from > plainDigits {
			return n, -1
		}
		n.Int, n.Float = 0, n.Float+float64(fraction)/tens[p-point]
	}
	if neg {
		n.Int, n.Float = -n.Int, -n.Float
	}
	if p-from > plainDigits || p == len(b) {
		return n, -1
	}
	return n, p
}

// tens are the powers of ten that a float64 holds exactly, as far as plain numbers need them.
var tens = [plainDigits]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17}

// shifts are those of them by which a number is multiplied that up to eight digits follow.
var shifts = [9]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// digits returns the number that the digits at b[p] stand for, if they are few, and where they end.
func digits(b []byte, p int) (v int64, end int) {
	for p+8 <= len(b) {
		// Eight bytes at a time, the first one lowest.
		x := binary.LittleEndian.Uint64(b[p:]) ^ zeros
		n := bits.TrailingZeros64((x|(x+0x7676767676767676))&0x8080808080808080) / 8 // digits in front
		if n == 0 {
			return v, p
		}
		x <<= uint(64-8*n) & 63 // with zeros in front of them
		x = x*10 + x>>8
		x = (x&0xff000000ff*(100+1000000<<32) + x>>16&0xff000000ff*(1+10000<<32)) >> 32
		v = v*shifts[n] + int64(x)
		if p += n; n < 8 {
			return v, p
		}
	}
	for ; p < len(b) && isDigit(b[p]); p++ {
		v = v*10 + int64(b[p]-'0')
	}
	return v, p
}

const zeros = 0x3030303030303030

// NumberOf reads text that is one number as ParseNumber does.
func NumberOf(text []byte) (n Number, ok bool) {
	if !jsonlex.IsNumber(text) {
		return n, false
	}
	return parse(text, true)
}

func parse(num []byte, maybeInt bool) (n Number, finite bool) {
	if maybeInt {
		if i, fits := Int(num); fits {
			return Number{Int: i, Float: float64(i), IsInt: true}, true
		}
	}
	return parseFloat(num)
}

// Int returns the number that text stands for, and reports false for what has a fraction or
// an exponent, does not fit into 64 bits, or is not a number.
func Int(s []byte) (int64, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	var v uint64
	if len(s) == 0 || len(s) > 19 {
		return 0, false
	}
	for _, c := range s {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	switch {
	case neg && v <= 1<<63:
		return -int64(v), true
	case !neg && v < 1<<63:
		return int64(v), true
	}
	return 0, false
}

// parseFloat follows the sums that Perfetto does, overflow included.
func parseFloat(s []byte) (n Number, finite bool) {
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	var whole int64
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		n.Garbled = n.Garbled || whole > (math.MaxInt64-9)/10
		whole = whole*10 + int64(s[i]-'0')
	}
	fraction := 0.0
	if i < len(s) && s[i] == '.' {
		var digits int64
		divisor := uint64(1)
		places := 0
		for i++; i < len(s) && isDigit(s[i]); i++ {
			n.Garbled = n.Garbled || digits > (math.MaxInt64-9)/10 || places == 19
			digits = digits*10 + int64(s[i]-'0')
			divisor *= 10
			places++
		}
		fraction = float64(digits) / float64(divisor)
	}
	f := float64(whole) + fraction
	if i < len(s) {
		i++
		down := s[i] == '-'
		if s[i] == '+' || s[i] == '-' {
			i++
		}
		exp := 0
		for ; i < len(s); i++ {
			exp = min(exp*10+int(s[i]-'0'), 1<<20)
		}
		switch {
		case down:
			f /= pow10(exp)
		case exp > 0:
			f *= pow10(exp)
		}
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return n, false
	}
	if neg {
		f = -f
	}
	n.Float = f
	return n, true
}

func pow10(n int) float64 {
	if n > 308 {
		return math.Inf(1)
	}
	return math.Pow10(n)
}

// Refuses reports a number of JSON that no float64 holds.
func Refuses(num []byte) bool {
	if bytes.IndexByte(num, 'e') < 0 && bytes.IndexByte(num, 'E') < 0 {
		return false // the digits run over instead
	}
	_, finite := NumberOf(num)
	return !finite && jsonlex.IsNumber(num)
}

// Garbles reports what Perfetto reads as another number, or refuses.
func Garbles(num []byte) bool {
	n, ok := NumberOf(num)
	return !ok || n.Garbled
}

// IsBig reports a number that Perfetto garbles or refuses, or that is an integer of more
// than 64 bits.
func IsBig(num []byte) bool {
	n, ok := NumberOf(num)
	return !ok || n.Garbled || !n.IsInt && !bytes.ContainsAny(num, ".eE")
}

// Absent is what Perfetto has in place of a time that is not there.
const Absent = math.MaxInt64

// Nanos is the time that Perfetto makes of microseconds, in ns. It reports
// whether the sum ran over.
func (n Number) Nanos() (ns int64, over bool) {
	const most = math.MaxInt64 / 1000
	if n.IsInt {
		return n.Int * 1000, n.Int > most || n.Int < -most
	}
	over = math.Abs(n.Float) > most
	if n.Float == math.Trunc(n.Float) {
		return toInt(n.Float) * 1000, over
	}
	return toInt(math.Round(n.Float * 1000)), over
}

// IsCoarse reports microseconds that a float64 does not hold to the nanosecond.
func (n Number) IsCoarse() bool { return !n.IsInt && math.Abs(n.Float) > 1<<53/1000 }

// Nanos is the time in ns that Perfetto reads from the text of a number. It reports false
// for what is not a number, and where digits run over.
func Nanos(num []byte) (int64, bool) {
	n, ok := NumberOf(num)
	if !ok {
		return 0, false
	}
	ns, over := n.Nanos()
	return ns, !over && !n.Garbled
}

// toInt converts as the processors do on which viewers run.
func toInt(f float64) int64 {
	if f >= 1<<63 || f < -1<<63 || f != f {
		return math.MinInt64
	}
	return int64(f)
}

// ID is a pid or tid as Perfetto keeps it, in 32 bits, 0 if it does not fit.
func (n Number) ID() (id uint64, inRange bool) {
	i := n.Int
	if !n.IsInt {
		i = toInt(n.Float)
	}
	if i < 0 || i > math.MaxUint32 {
		return 0, false
	}
	return uint64(i), true
}

func isDigit(c byte) bool { return c-'0' <= 9 }
