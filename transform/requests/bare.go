package requests

import (
	"fmt"
	"slices"
	"strings"

	"tracekit/trace"
)

// readBare reads the numbers in records whose unit the file does not state: since 1970, if
// requests lie in the trace then, else on the trace's own clock in the one unit in which they
// do. It fails where they are no times since 1970 and lie in the trace in no unit or in several,
// as in a trace whose clock begins near zero. What it returns are copies.
func readBare(records []Record, c Clock) ([]Record, error) {
	bare := slices.IndexFunc(records, Record.isBare)
	if bare < 0 || anyIn(records, c) {
		return records, nil
	}
	var fit []Unit
	var read []Record
	for _, u := range units {
		if own, ok := inUnit(records, u); ok && anyIn(own, c) {
			fit, read = append(fit, u), own
		}
	}
	first := slices.IndexFunc(records, Record.needsUnit)
	switch {
	case len(fit) == 1:
		return read, nil
	case first < 0:
		return records, nil // since 1970, and outside of the trace
	}
	r := &records[first]
	what, number := "start", r.start.bare
	if !r.start.needsUnit() {
		what, number = "end", r.end.bare
	}
	at := fmt.Sprintf("%s: %s of request %s", r.at, what, r.ID)
	if len(fit) == 0 {
		return nil, fmt.Errorf("%s: %w: %s is no time since 1970, and lies in the trace in no unit, which is from @%s to @%s in microseconds",
			at, ErrTime, number, micros(c.Zero), micros(c.Last))
	}
	return nil, fmt.Errorf("%s: %w: %s can be in %s on the trace's clock; say which by the column's name, such as %s_%s, or write @ and microseconds",
		at, ErrTime, number, names(fit), what, fit[0])
}

func names(units []Unit) string {
	var all []string
	for _, u := range units {
		all = append(all, string(u))
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " or " + all[last]
}

// anyIn reports whether some of a request lies in the trace, as far as its times are known.
func anyIn(records []Record, c Clock) bool {
	return slices.ContainsFunc(records, func(r Record) bool {
		if r.needsUnit() {
			return false
		}
		q, err := r.place(c)
		return err == nil && !c.outside(q.Start, q.End)
	})
}

// inUnit returns records with their bare numbers in a unit on the trace's own clock. It
// fails where one is too large for that.
func inUnit(records []Record, u Unit) (own []Record, ok bool) {
	own = slices.Clone(records)
	for i := range own {
		for _, m := range []*moment{&own[i].start, &own[i].end} {
			if m.bare == "" {
				continue
			}
			at, ok := scaled(m.bare, u)
			if !ok {
				return nil, false
			}
			*m = moment{known: true, at: at}
		}
	}
	return own, true
}

func (r Record) isBare() bool     { return r.start.bare != "" || r.end.bare != "" }
func (r Record) needsUnit() bool  { return r.start.needsUnit() || r.end.needsUnit() }
func (m *moment) needsUnit() bool { return m.bare != "" && !m.wall }

func micros(t trace.Time) []byte { return trace.AppendMicros(nil, t) }
