package filter

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"tracekit/trace"
)

// units of time, in nanoseconds.
var units = []struct {
	name string
	ns   uint64
}{
	{"h", 3600e9}, {"m", 60e9}, {"s", 1e9}, {"ms", 1e6},
	{"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"ns", 1},
}

// duration reads numbers with units, as in 10us, 1.5ms or 1m30s.
func (l *lexer) duration() (token, error) {
	at := l.pos
	if l.src[at] == '-' {
		return token{}, l.fail(at, "leave out the minus: times count from the start of the trace", "a time here can't be negative")
	}
	var sum uint64
	for l.pos < len(l.src) && isDigit(l.src[l.pos]) {
		from := l.pos
		n := numberLength(l.src[from:])
		u := unitLength(l.src[from+n:])
		l.pos += n + u
		unit := l.src[from+n : l.pos]
		scale := unitScale(unit)
		if unit == "" {
			return token{}, l.fail(l.pos, "units are ns, us, ms, s, m and h", "a unit is missing here")
		}
		if scale == 0 {
			return token{}, l.fail(from+n, "units are ns, us, ms, s, m and h", "%q is no unit of time", unit)
		}
		ns, ok := scaled(l.src[from:from+n], scale)
		if sum += ns; !ok || sum < ns || sum > math.MaxInt64 {
			return token{}, l.fail(from, "write a whole number of nanoseconds, no more than 2500000h", "%s can't be told in nanoseconds", l.src[from:l.pos])
		}
	}
	return token{kind: tokTime, time: trace.Time(sum), at: at}, nil
}

func unitScale(name string) uint64 {
	for _, u := range units {
		if u.name == name {
			return u.ns
		}
	}
	return 0
}

// scaled returns decimal × scale if that is a whole number which fits. The decimal
// may have an exponent.
func scaled(decimal string, scale uint64) (uint64, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(decimal), "e")
	whole, frac, _ := strings.Cut(mantissa, ".")
	frac = strings.TrimRight(frac, "0")
	var v uint64
	for _, c := range []byte(whole + frac) {
		hi, lo := bits.Mul64(v, 10)
		if v = lo + uint64(c-'0'); !isDigit(c) || hi > 0 || v < lo {
			return 0, false
		}
	}
	if v == 0 {
		return 0, true
	}
	power := -len(frac)
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 99 || n < -99 {
			return 0, false
		}
		power += n
	}
	hi, v := bits.Mul64(v, scale)
	for ; power < 0; power++ {
		var rest uint64
		if v, rest = bits.Div64(hi%10, v, 10); rest != 0 {
			return 0, false
		}
		hi /= 10
	}
	for ; power > 0 && hi == 0; power-- {
		hi, v = bits.Mul64(v, 10)
	}
	return v, hi == 0
}

// durationText writes t in the largest unit that divides it.
func durationText(t trace.Time) string {
	for _, name := range []string{"s", "ms", "us"} {
		if scale := trace.Time(unitScale(name)); t%scale == 0 {
			return itoa(t/scale) + name
		}
	}
	return itoa(t) + "ns"
}
