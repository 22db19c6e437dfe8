package filter

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracekit/filter"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// mostValues bounds the values of a field that are counted.
const mostValues = 100_000

// near returns a line for each text that the condition compares something with and no event
// has, with what the trace has instead. It reads the trace once more, so it is for conditions
// that nothing meets.
func near(ctx context.Context, read pipeline.Reading, asked []filter.Asked, env *filter.Env) []string {
	counts := map[string]map[string]*int64{}
	for _, a := range asked {
		counts[a.Field] = map[string]*int64{}
	}
	err := pipeline.EachEvent(ctx, read, func(e *trace.Event) {
		if e.IsMeta() {
			return
		}
		for i := range asked {
			a := &asked[i]
			if i > 0 && slices.ContainsFunc(asked[:i], func(b filter.Asked) bool { return b.Field == a.Field }) {
				continue
			}
			values := counts[a.Field]
			text := a.FieldOf(e, env)
			if n := values[string(text)]; n != nil {
				*n++
			} else if len(values) < mostValues {
				n = new(int64)
				*n, values[string(text)] = 1, n
			}
		}
	})
	if err != nil {
		return nil
	}
	var lines []string
	for i := range asked {
		a := &asked[i]
		if !slices.ContainsFunc(slices.Collect(maps.Keys(counts[a.Field])), a.Asks) {
			lines = append(lines, instead(a, counts[a.Field]))
		}
	}
	return slices.Compact(lines)
}

// instead says which values of a field come near a text that no event has.
func instead(a *filter.Asked, values map[string]*int64) string {
	delete(values, "")
	if len(values) == 0 {
		return fmt.Sprintf("%s %q: no event has a %s", a.Field, a.Text, a.Field)
	}
	all := slices.SortedFunc(maps.Keys(values), func(x, y string) int {
		return cmp.Or(cmp.Compare(nearness(y, a.Text), nearness(x, a.Text)), cmp.Compare(*values[y], *values[x]), cmp.Compare(x, y))
	})
	if nearness(all[0], a.Text) > 0 {
		all = slices.DeleteFunc(all, func(v string) bool { return nearness(v, a.Text) == 0 })
	} else if a.Field == "name" { // there are too many, and none of them helps
		return fmt.Sprintf("name %q: no event has it", a.Text)
	}
	var some []string
	for _, v := range all[:min(len(all), 3)] {
		some = append(some, fmt.Sprintf("%s (%s)", v, term.Grouped(*values[v], "")))
	}
	return fmt.Sprintf("%s %q: no event has it; the trace has %s", a.Field, a.Text, strings.Join(some, ", "))
}

// nearness is 0 for texts that have nothing to do with each other.
func nearness(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	switch {
	case a == b:
		return 3
	case strings.HasPrefix(a, b) || strings.HasPrefix(b, a):
		return 2
	case len(b) > 2 && strings.Contains(a, b) || len(a) > 2 && strings.Contains(b, a):
		return 1
	}
	return 0
}
