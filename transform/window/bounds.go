// Package window reads how a user names a range of a trace's time: [Parse] reads a bound,
// a [Finder] resolves steps, phases, requests and conditions against the trace. It decides nothing
// about events at the range's edges; that is for package slice.
package window

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"tracekit/trace"
)

// Bound is one end of a range of time as a user says it. It means a point only
// for a trace whose range is known.
type Bound struct {
	text  string
	kind  boundKind
	value trace.Time // ns
	share float64    // of the duration, 0 to 1
	wall  time.Time
}

type boundKind uint8

const (
	unset    boundKind = iota
	fromZero           // after the trace's first event
	fromEnd            // before its last
	share              // a share of its duration
	raw                // the trace's own clock
	wall               // wall clock
)

// IsSet reports whether the bound was given.
func (b Bound) IsSet() bool { return b.kind != unset }

// ErrNoWallClock says that a trace does not have the time of day.
var ErrNoWallClock = errors.New("the trace has no wall clock")

// Parse reads a bound: a time after the trace's start (10s, 1m30s, 250ms,
// 1us, 40ns), one before its end (-2s), a share of it (25%), a time on the
// trace's own clock in microseconds (@6520430064204.583), or RFC 3339.
func Parse(s string) (Bound, error) {
	b := Bound{text: s}
	switch {
	case s == "":
		return b, errors.New("empty bound")
	case s[0] == '@':
		t, ok := trace.ParseMicros([]byte(s[1:]))
		if !ok {
			return b, fmt.Errorf("bound %q: @ wants microseconds as the trace has them, such as @6520430064204.583", s)
		}
		b.kind, b.value = raw, t
		return b, nil
	case strings.HasSuffix(s, "%"):
		p, err := strconv.ParseFloat(s[:len(s)-1], 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return b, fmt.Errorf("bound %q: a share goes from 0%% to 100%%", s)
		}
		b.kind, b.share = share, p/100
		return b, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		b.kind, b.wall = wall, at
		return b, nil
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "-+0.") != "" {
		return b, fmt.Errorf("bound %q has no unit: say %ss, %sms or %sus", s, s, s, s)
	}
	d, err := ParseDuration(strings.TrimPrefix(s, "-"))
	if _, bad := time.Parse(time.DateOnly, s[:min(len(s), len(time.DateOnly))]); bad == nil {
		return b, fmt.Errorf("bound %q: a time of day has a date, a time and a zone: 2026-03-17T01:09:02Z, or +01:00 for Z", s)
	}
	if err != nil {
		return b, fmt.Errorf("bound %q: %w", s, err)
	}
	b.kind, b.value = fromZero, d
	if s[0] == '-' {
		b.kind = fromEnd
	}
	return b, nil
}

// ParseDuration reads a length of time such as 1m30s or 250ms, which is not
// negative.
func ParseDuration(s string) (trace.Time, error) {
	d, err := time.ParseDuration(s)
	if err != nil || strings.HasPrefix(s, "+") {
		return 0, errors.New("no time: write it as 10s, 1m30s, 250ms, 1us or 40ns")
	}
	if d < 0 {
		return 0, errors.New("a length of time can't be negative")
	}
	return trace.Time(d), nil
}

// Resolve gives the point on the trace's clock that b means, for a trace that
// shows zero to last; base is its baseTimeNanoseconds, 0 if it has none.
func (b Bound) Resolve(zero, last trace.Time, base int64) (trace.Time, error) {
	switch b.kind {
	case fromZero:
		return Readable(zero.Add(b.value)), nil
	case fromEnd:
		return Readable(last.Add(-b.value)), nil
	case share:
		if b.share == 1 {
			return last.Add(1), nil // what happens at the very end belongs
		}
		return Readable(zero.Add(trace.Time(b.share * float64(last-zero)))), nil
	case raw:
		return b.value, nil
	case wall:
		// Without a base, times of this size count from the epoch.
		const year2001 = trace.Time(1e18)
		if base == 0 && zero < year2001 {
			return 0, fmt.Errorf("bound %q: %w", b.text, ErrNoWallClock)
		}
		return Readable(trace.Time(b.wall.UnixNano() - base)), nil
	}
	return 0, errors.New("no bound")
}

// Readable rounds a point in time down to a whole microsecond if it is so late
// that a float64 does not hold it. Perfetto reads decimals into one: it would take
// the cut for up to 128 ns earlier or later, and slices for such that overlap.
func Readable(t trace.Time) trace.Time {
	const exact = 1 << 53 // ns
	if t < exact || t == trace.MaxTime {
		return t
	}
	return t - t%1000
}

// BaseOf is the baseTimeNanoseconds of a trace, 0 if it has none.
func BaseOf(v *trace.Survey) int64 {
	for i := range v.Blocks {
		if t := v.Blocks[i].Text; t != nil {
			if base := BaseTime(t); base != 0 {
				return base
			}
		}
	}
	return 0
}

// BaseTime finds baseTimeNanoseconds among members of a document.
func BaseTime(text []byte) int64 {
	_, rest, ok := strings.Cut(string(text), `"baseTimeNanoseconds"`)
	if !ok {
		return 0
	}
	rest = strings.TrimLeft(rest, " \t\r\n:\"")
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("0123456789+-.eE", r) })
	if end < 0 {
		end = len(rest)
	}
	return wholeNanoseconds(rest[:min(end, 64)])
}

// wholeNanoseconds reads a number, which may have a fraction or an exponent: Python
// writes 1.78e18. It is 0 if that does not fit.
func wholeNanoseconds(num string) int64 {
	if n, err := strconv.ParseInt(num, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(num, 64); err != nil || math.Abs(f) >= 1<<63 {
		return 0
	}
	exact, ok := new(big.Rat).SetString(num)
	if !ok {
		return 0
	}
	return new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
}

// ago writes a time after the trace's start as a user would type it.
func ago(t trace.Time) string {
	s := time.Duration(t).String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, none) {
			s = s[:len(s)-2]
		}
	}
	return s
}
