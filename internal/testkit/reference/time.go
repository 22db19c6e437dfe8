package reference

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
)

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// Nanos reads the JSON text of a time, decimal microseconds as a number or as
// a number in quotes, into nanoseconds. Halves of a nanosecond are rounded away
// from zero. It reports false for what is no number and for what does not fit.
func Nanos(text string) (int64, bool) {
	if strings.HasPrefix(text, `"`) {
		if json.Unmarshal([]byte(text), &text) != nil {
			return 0, false
		}
	}
	if !jsonNumber.MatchString(text) {
		return 0, false
	}
	micros, ok := rational(text)
	if !ok {
		return 0, false
	}
	ns := new(big.Rat).Mul(micros, big.NewRat(1000, 1))
	away := big.NewRat(1, 2)
	if ns.Sign() < 0 {
		away.Neg(away)
	}
	ns.Add(ns, away)
	whole := new(big.Int).Quo(ns.Num(), ns.Denom()) // toward zero
	return whole.Int64(), whole.IsInt64()
}

// rational reads a JSON number exactly. Exponents too large to write out have
// only three outcomes for a time: 0, next to 0, and beyond all bounds.
func rational(text string) (*big.Rat, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	m, ok := new(big.Rat).SetString(mantissa)
	if !ok {
		return nil, false
	}
	size := strings.TrimLeft(exponent, "+-0")
	if len(size) > 4 {
		if m.Sign() == 0 || strings.HasPrefix(exponent, "-") {
			return new(big.Rat), true
		}
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// Micros writes nanoseconds as decimal microseconds with three decimals.
func Micros(ns int64) string {
	sign := ""
	n := big.NewInt(ns)
	if n.Sign() < 0 {
		sign = "-"
		n.Neg(n)
	}
	whole, part := new(big.Int).QuoRem(n, big.NewInt(1000), new(big.Int))
	return fmt.Sprintf("%s%d.%03d", sign, whole, part)
}

// later returns ns+span for a span that is not negative, held at the largest
// time there is.
func later(ns, span int64) int64 {
	if ns > math.MaxInt64-span {
		return math.MaxInt64
	}
	return ns + span
}
