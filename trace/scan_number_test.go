package trace

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// padded puts room behind text, as a block has it.
func padded(text string) []byte { return []byte(text + strings.Repeat("#", room)) }

// plain is the number without a sign or an exponent that v begins with. What else
// may belong to it, the text that must follow rules out.
var plain = regexp.MustCompile(`^[0-9]*(\.[0-9]+)?`)

// randomTime is a number as traces have it, or nearly so.
func randomTime(rng *rand.Rand) string {
	whole := rng.Uint64N(powers[rng.IntN(9)]+1) * powers[rng.IntN(9)]
	switch rng.IntN(6) {
	case 0:
		return fmt.Sprint(whole)
	case 1:
		return fmt.Sprintf("%d.%0*d", whole, 1+rng.IntN(9), rng.IntN(10))
	case 2:
		b := []byte(fmt.Sprintf("%d.%03d", whole, rng.IntN(1000)))
		b[rng.IntN(len(b))] = "0123456789.-e,"[rng.IntN(14)]
		return string(b)
	}
	return fmt.Sprintf("%d.%03d", whole, rng.IntN(1000))
}

// Whatever way reads a time says what ParseMicros says, or that it can't tell.
func TestTimesAreReadAsParseMicros(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	read := map[string]int{}
	near := nearTime{first: 1}
	check := func(way, v string, got Time, end int) {
		if end == 0 {
			return
		}
		read[way]++
		number := plain.FindString(v)
		want, ok := ParseMicros([]byte(number))
		if !ok || got != want || end != len(number) {
			t.Fatalf("%s: %q is %d up to %d, want %d, %v, up to %d", way, v, got, end, want, ok, len(number))
		}
	}
	tries := 200_000
	if testing.Short() {
		tries /= 5
	}
	for range tries {
		v := randomTime(rng)
		for i := range 3 { // some near the first one
			if b := []byte(v); i > 0 && len(b) > 9 {
				b[len(b)-1-rng.IntN(9)] = byte('0' + rng.IntN(10))
				v = string(b)
			}
			v := v + string(", }e.-5"[rng.IntN(7)])
			buf := padded(v)
			got, end := near.read(buf, 0)
			check("near", v, got, end)
			got, end = briefTime(buf, 0)
			check("brief", v, got, end)
			got, _, end = plainTime(buf, 0)
			check("plain", v, got, end)
		}
	}
	for way, n := range read {
		if n < tries {
			t.Errorf("%s has read %d times", way, n)
		}
	}
}

// Plain times are read by each way that is meant for them.
func TestPlainTimesNeedNoCloserLook(t *testing.T) {
	near := nearTime{first: 1}
	for _, v := range []string{"6520430064204.583", "6520430064999.001", "58406.933", "1712195495519689.047", "0.100", "7.250", "9223372036854773.999"} {
		buf := padded(v + ",")
		want, _ := ParseMicros([]byte(v))
		if got, end := near.read(buf, 0); got != want || end != len(v) {
			t.Errorf("near: %s is %d up to %d", v, got, end)
		}
		if got, end := briefTime(buf, 0); got != want || end != len(v) {
			t.Errorf("brief: %s is %d up to %d", v, got, end)
		}
	}
}

// A time that begins like the largest one may be too large.
func TestNearTimesThatAreTooLarge(t *testing.T) {
	near := nearTime{first: 1}
	for _, v := range []string{"9223372036854770.000", "9223372036854799.000"} {
		want, ok := ParseMicros([]byte(v))
		if got, end := near.read(padded(v+","), 0); ok != (end > 0) || got != want {
			t.Errorf("%s is %d up to %d, want %d, %v", v, got, end, want, ok)
		}
	}
}
