package requests

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tracekit/trace"
	"tracekit/transform/window"
)

// Unit is what numbers in a file count. The zero value decides by their
// magnitude, which is plain for times of day of this century.
type Unit string

// The units.
const (
	ByMagnitude  Unit = ""
	Seconds      Unit = "s"
	Milliseconds Unit = "ms"
	Microseconds Unit = "us"
	Nanoseconds  Unit = "ns"
)

// exponents of ten that lead from a unit to microseconds.
var exponents = map[Unit]int{Seconds: 6, Milliseconds: 3, Microseconds: 0, Nanoseconds: -3}

// units are the units, the largest first.
var units = []Unit{Seconds, Milliseconds, Microseconds, Nanoseconds}

// moment is a point in time as a file states it.
type moment struct {
	known bool
	wall  bool // ns since 1970; else ns on the trace's clock
	at    trace.Time
	bare  string // a number of which the file states no unit: by its size since 1970, if wall is set, or on the trace's clock
}

// ErrTime marks a time that can't be read.
var ErrTime = errors.New("no time")

// parseMoment reads a number of units since 1970 or on the trace's own clock; RFC 3339; or @ and a time on the trace's own clock in microseconds.
func parseMoment(s string, u Unit) (moment, error) {
	if raw, ok := strings.CutPrefix(s, "@"); ok {
		at, ok := trace.ParseMicros([]byte(raw))
		if !ok {
			return moment{}, fmt.Errorf("%w: %q, @ wants microseconds as the trace has them", ErrTime, s)
		}
		return moment{known: true, at: at}, nil
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return parseNumber(s, n, u)
	}
	// Python writes a blank where the standard has a T.
	at, err := time.Parse(time.RFC3339Nano, strings.Replace(s, " ", "T", 1))
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return moment{}, fmt.Errorf("%w: %q, write RFC 3339 with a time zone, or a number since 1970", ErrTime, s)
	}
	return moment{known: true, wall: true, at: trace.Time(at.UnixNano())}, nil
}

// parseNumber reads the number s, which is about n.
func parseNumber(s string, n float64, u Unit) (moment, error) {
	stated := u != ByMagnitude
	if !stated {
		u = unitOf(n)
	}
	at, ok := scaled(s, u)
	if !ok {
		return moment{}, fmt.Errorf("%w: %s is no time in s, ms, us or ns", ErrTime, s)
	}
	m := moment{known: true, wall: sinceEpoch(at), at: at}
	if !stated {
		m.bare = s
	}
	return m, nil
}

// unitOf tells the unit of a time of day: from 2001 to the year 5000 a number
// means one thing only.
func unitOf(n float64) Unit {
	switch {
	case n < 1e11:
		return Seconds
	case n < 1e14:
		return Milliseconds
	case n < 1e17:
		return Microseconds
	}
	return Nanoseconds
}

// sinceEpoch reports whether at, in ns since 1970, lies after 2001: what lies
// before counts from somewhere else.
func sinceEpoch(at trace.Time) bool { return at >= 1e18 }

// scaled reads a decimal number of units into ns, exactly.
func scaled(s string, u Unit) (trace.Time, bool) {
	exponent := exponents[u]
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < math.MinInt16 || n > math.MaxInt16 {
			return 0, false
		}
		s, exponent = s[:i], exponent+n
	}
	return trace.ParseMicros([]byte(s + "e" + strconv.Itoa(exponent)))
}

// parseLength reads a length of time in units, which have to be known.
func parseLength(s string, u Unit) (trace.Time, error) {
	if u == ByMagnitude {
		if d, err := window.ParseDuration(s); err == nil {
			return d, nil
		}
		return 0, fmt.Errorf("%w: a duration of %q has no unit, call its column duration_ms or the like", ErrTime, s)
	}
	d, ok := scaled(s, u)
	if !ok || d < 0 {
		return 0, fmt.Errorf("%w: %q is no duration", ErrTime, s)
	}
	return d, nil
}

// timeOf gives the trace's time of a moment.
func (c Clock) timeOf(m moment) (trace.Time, error) {
	switch {
	case !m.wall:
		return m.at, nil
	case c.Base != 0:
		return m.at.Add(-trace.Time(c.Base)), nil
	case sinceEpoch(c.Zero):
		return m.at, nil
	}
	return 0, window.ErrNoWallClock
}
