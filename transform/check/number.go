package check

import (
	"bytes"
	"math"

	"tracekit/internal/jsonlex"
)

// number is what Perfetto reads of a JSON number: 64 bits with a sign if it is
// written without fraction and exponent and fits, else a float64, which is not
// the nearest one where digits are many.
type number struct {
	i       int64
	f       float64
	isInt   bool
	garbled bool // digits ran over
}

// absent is what Perfetto has in place of a time that is not there.
const absent = math.MaxInt64

func isDigit(c byte) bool { return c-'0' <= 9 }

// parseNumber reads the number at b[p], with Perfetto's arithmetic.
func parseNumber(b []byte, p int) (n number, end int, st status) {
	start := p
	end, isInt, st := jsonlex.Number(b, p)
	if st != ok {
		return n, end, st
	}
	if isInt {
		if i, fits := parseInt(b[start:end]); fits {
			return number{i: i, f: float64(i), isInt: true}, end, ok
		}
	}
	n, fits := parseFloat(b[start:end])
	if !fits {
		return n, end, broken
	}
	return n, end, ok
}

func parseInt(s []byte) (int64, bool) {
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	var v uint64
	if len(s) > 19 {
		return 0, false
	}
	for _, c := range s {
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
func parseFloat(s []byte) (n number, finite bool) {
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	var whole int64
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		n.garbled = n.garbled || whole > (math.MaxInt64-9)/10
		whole = whole*10 + int64(s[i]-'0')
	}
	fraction := 0.0
	if i < len(s) && s[i] == '.' {
		var digits int64
		divisor := uint64(1)
		places := 0
		for i++; i < len(s) && isDigit(s[i]); i++ {
			n.garbled = n.garbled || digits > (math.MaxInt64-9)/10 || places == 19
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
	n.f = f
	return n, true
}

func pow10(n int) float64 {
	if n > 308 {
		return math.Inf(1)
	}
	return math.Pow10(n)
}

// isBig reports a number that Perfetto garbles or refuses.
func isBig(num []byte) bool {
	n, _, st := parseNumber(append(num[:len(num):len(num)], ' '), 0)
	return st != ok || n.garbled || !n.isInt && !bytes.ContainsAny(num, ".eE")
}

// nanos is the time that Perfetto makes of microseconds, in ns. It reports
// whether the sum ran over.
func (n number) nanos() (ns int64, over bool) {
	const most = math.MaxInt64 / 1000
	if n.isInt {
		return n.i * 1000, n.i > most || n.i < -most
	}
	over = math.Abs(n.f) > most
	if n.f == math.Trunc(n.f) {
		return toInt(n.f) * 1000, over
	}
	return toInt(math.Round(n.f * 1000)), over
}

// toInt converts as the processors do on which viewers run.
func toInt(f float64) int64 {
	if f >= 1<<63 || f < -1<<63 || f != f {
		return math.MinInt64
	}
	return int64(f)
}

// uint32Of is a pid or tid as Perfetto keeps it.
func (n number) uint32Of() (id uint64, inRange bool) {
	i := n.i
	if !n.isInt {
		i = toInt(n.f)
	}
	if i < 0 || i > math.MaxUint32 {
		return 0, false
	}
	return uint64(i), true
}

// quotedNumber reads a number in quotes, which must hold nothing else.
func quotedNumber(inside []byte) (number, bool) {
	n, end, st := parseNumber(append(inside[:len(inside):len(inside)], '"'), 0)
	return n, st == ok && end == len(inside)
}
