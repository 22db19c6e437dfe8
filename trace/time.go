package trace

import "math"

// Time is a point in time or a duration in nanoseconds. A trace writes it as
// decimal microseconds; points count from the trace's own epoch, which is
// arbitrary unless the document carries baseTimeNanoseconds.
type Time int64

// Bounds of what a trace's decimal microseconds can say.
const (
	MinTime Time = math.MinInt64
	MaxTime Time = math.MaxInt64
)

// Add returns t+d, held at MinTime or MaxTime where the sum would wrap.
func (t Time) Add(d Time) Time {
	s := t + d
	if d > 0 && s < t {
		return MaxTime
	}
	if d < 0 && s > t {
		return MinTime
	}
	return s
}

// ParseMicros reads decimal microseconds, as in 6520430064204.583, 812.25 or
// 1.5e3, into nanoseconds, digit by digit: a float64 could not hold them. Digits
// below a nanosecond are rounded, halves away from zero, as Perfetto rounds. It
// accepts what JSON calls a number and reports false for anything else and for
// what does not fit.
func ParseMicros(b []byte) (Time, bool) {
	i, neg := 0, false
	if i < len(b) && b[i] == '-' {
		neg = true
		i++
	}
	start := i
	var n uint64
	for i < len(b) && b[i]-'0' <= 9 {
		if n > (math.MaxUint64-9)/10 {
			return 0, false
		}
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	if i == start || (b[start] == '0' && i > start+1) {
		return 0, false
	}
	if i == len(b) {
		return signed(n, 1000, neg)
	}
	// The form that profilers write: exactly three decimals.
	if len(b)-i == 4 && b[i] == '.' {
		x, y, z := b[i+1]-'0', b[i+2]-'0', b[i+3]-'0'
		if x <= 9 && y <= 9 && z <= 9 && n <= math.MaxInt64/1000-1 {
			return signed(n*1000+uint64(x)*100+uint64(y)*10+uint64(z), 1, neg)
		}
	}
	return parseMicrosSlow(b[start:], neg)
}

func signed(n, unit uint64, neg bool) (Time, bool) {
	if n > math.MaxInt64/unit {
		return 0, false
	}
	t := Time(n * unit)
	if neg {
		t = -t
	}
	return t, true
}

// parseMicrosSlow reads any unsigned JSON number: it gathers the digits, finds
// where the nanosecond lies among them and rounds there.
func parseMicrosSlow(b []byte, neg bool) (Time, bool) {
	var digits [64]byte
	n, point := 0, 0
	take := func(c byte) {
		if n < len(digits) { // what lies further can't reach a nanosecond
			digits[n] = c - '0'
			n++
		}
	}
	i := 0
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if n > 0 || b[i] != '0' {
			if n == len(digits) {
				return 0, false
			}
			take(b[i])
			point++
		}
	}
	if i < len(b) && b[i] == '.' {
		i++
		from := i
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			if n == 0 && b[i] == '0' {
				point--
				continue
			}
			take(b[i])
		}
		if i == from {
			return 0, false
		}
	}
	exp, i, ok := parseExponent(b, i)
	if !ok || i != len(b) {
		return 0, false
	}
	if n == 0 {
		return 0, true
	}
	return roundAt(digits[:n], point+exp+3, neg)
}

// parseExponent reads an optional exponent at b[i:]. Exponents beyond any time
// are held at a bound, so that their sum with a digit count cannot wrap.
func parseExponent(b []byte, i int) (exp, next int, ok bool) {
	if i == len(b) || (b[i] != 'e' && b[i] != 'E') {
		return 0, i, true
	}
	i++
	neg := false
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		neg = b[i] == '-'
		i++
	}
	from := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if exp < 1<<20 {
			exp = exp*10 + int(b[i]-'0')
		}
	}
	if neg {
		exp = -exp
	}
	return exp, i, i > from
}

// roundAt returns the number whose first `point` digits are the whole part.
func roundAt(digits []byte, point int, neg bool) (Time, bool) {
	if point < 0 {
		return 0, true
	}
	if point > 19 {
		return 0, false
	}
	var v uint64
	for i := range point {
		d := uint64(0)
		if i < len(digits) {
			d = uint64(digits[i])
		}
		if v > (math.MaxInt64-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	if point < len(digits) && digits[point] >= 5 {
		v++
	}
	return signed(v, 1, neg)
}

// AppendMicros appends t as decimal microseconds with three decimals.
func AppendMicros(dst []byte, t Time) []byte {
	u := uint64(t)
	if t < 0 {
		dst = append(dst, '-')
		u = -u
	}
	var b [24]byte
	i := len(b)
	for k := 0; k < 3 || u > 0 || k < 4; k++ {
		if k == 3 {
			i--
			b[i] = '.'
		}
		i--
		b[i] = '0' + byte(u%10)
		u /= 10
	}
	return append(dst, b[i:]...)
}
