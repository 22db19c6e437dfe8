package repair

import (
	"bytes"
	"strconv"
	"strings"

	"tracekit/internal/jsonlex"
)

// units counts times that can only be nanoseconds since 1970, which some converters write
// where microseconds belong: as these they are after the year 30000.
type units int64

// From 2001 to 2096, in ns.
const earliestNanos, latestNanos = 1e18, 4e18

func (u *units) add(ts []byte) {
	ts = bytes.Trim(ts, `" `)
	if len(ts) < len("1e18") || ts[0] < '1' || ts[0] > '9' {
		return
	}
	if t, err := strconv.ParseFloat(string(ts), 64); err == nil && t >= earliestNanos && t < latestNanos {
		*u++
	}
}

// inNanos reports whether most times of the trace are in nanoseconds.
func (l *learned) inNanos() bool { return int64(l.rewriter.units) > l.survey.in-l.survey.names }

// toMicros makes microseconds of an event's times, which are in nanoseconds.
func (e *rules) toMicros() {
	for _, name := range []string{"ts", "dur", "tts", "tdur"} {
		m := e.get(name)
		if m == nil {
			continue
		}
		v := m.val
		if len(m.raw) > 0 && m.raw[0]-'0' <= 9 {
			v = m.raw
		}
		if jsonlex.IsNumber(bytes.Trim(v, `"`)) {
			quote := v[:bytes.IndexFunc(v, func(r rune) bool { return r != '"' })]
			m.val = append(append(bytes.Clone(quote), thousandth(string(bytes.Trim(v, `"`)))...), quote...)
			m.raw = m.val
			e.count[Units]++
		}
	}
}

// thousandth is a number divided by a thousand, with all of its digits.
func thousandth(number string) string {
	if mantissa, exponent, has := strings.Cut(strings.ToLower(number), "e"); has {
		n, err := strconv.Atoi(exponent)
		if err != nil {
			return number
		}
		return mantissa + "e" + strconv.Itoa(n-3)
	}
	digits, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(whole) < 4 {
		whole = "0" + whole
	}
	at := len(whole) - 3
	out := whole[:at]
	if rest := strings.TrimRight(whole[at:]+fraction, "0"); rest != "" {
		out += "." + rest
	}
	if negative {
		out = "-" + out
	}
	return out
}
