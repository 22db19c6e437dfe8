package reference

import (
	"math"
	"strconv"
	"strings"
)

// Rounded returns t with times as who reads numbers with a fraction into 64 bits has them.
func (t *Trace) Rounded() *Trace {
	r := *t
	r.Events = make([]Event, len(t.Events))
	for i, e := range t.Events {
		e.TS = rounded(e.text("ts"), e.TS)
		e.Span = rounded(e.text("dur"), e.Span)
		e.Args = append([]Member{}, e.Args...)
		for k, m := range e.Args {
			if ts, ok := Nanos(m.Text); ok && m.Name == "tracekit.ts" {
				e.Args[k].Text = Micros(rounded(m.Text, ts))
			}
		}
		r.Events[i] = e
	}
	return &r
}

// rounded is a time in ns as a float64 of its text in µs has it.
func rounded(text string, exact int64) int64 {
	micros, err := strconv.ParseFloat(strings.Trim(text, `"`), 64)
	if err != nil || exact == 0 || math.Abs(micros) > math.MaxInt64/2000 {
		return exact
	}
	return int64(math.Round(micros * 1000))
}

// Exceeds reports whether b has events before or after all of a, or a slice that is longer than
// all of it.
func Exceeds(a, b *Trace) bool {
	first, last, longest := bounds(a)
	from, to, length := bounds(b)
	return from < first || to > last || length > longest
}

func bounds(t *Trace) (first, last, longest int64) {
	first, last = math.MaxInt64, math.MinInt64
	for i := range t.Events {
		if e := &t.Events[i]; e.HasTS {
			first, last, longest = min(first, e.TS), max(last, e.stop()), max(longest, e.Span)
		}
	}
	return first, last, longest
}
