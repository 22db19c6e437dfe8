package check

import (
	"cmp"
	"slices"

	"tracekit/trace"
)

// times gathers when what is drawn is, and where the first events of each group are.
type times struct {
	trace.Times
	first map[*trace.TimeGroup][]Place
}

// shown notes the time of what a viewer draws.
func (c *consumer) shown(e *event) {
	if c.probe {
		return
	}
	g := c.times.of(e)
	if g == nil || c.report.blind || len(c.times.first[g]) == firstPlaces {
		return
	}
	if c.times.first == nil {
		c.times.first = map[*trace.TimeGroup][]Place{}
	}
	c.times.first[g] = append(c.times.first[g], c.here())
}

func (t *times) of(e *event) *trace.TimeGroup {
	switch e.phase {
	case 'E', 'e':
		return t.AddEnd(trace.Time(e.ts))
	case 'X', 'T':
		switch {
		case e.dur < 0 && e.phase == 'X':
			return nil // absent too: no viewer shows it
		case e.phase == 'X' && string(e.cat) == trace.Stating:
			t.State(e.name, trace.Time(e.ts), trace.Time(e.dur))
		}
		return t.Add(trace.Time(e.ts), trace.Time(max(e.dur, 0)))
	}
	return t.Add(trace.Time(e.ts), 0)
}

// impossible reports what stands at times that can't be, seen from the rest.
func (t *times) impossible(r *Report) {
	x, outside := t.Extent()
	for _, kind := range []Kind{ImpossibleTime, ImpossibleDur} {
		var places []Place
		n := int64(0)
		for _, g := range outside {
			if g.TooLong(&x) == (kind == ImpossibleDur) {
				n += g.Count()
				places = append(places, t.first[g]...)
			}
		}
		slices.SortFunc(places, func(a, b Place) int { return cmp.Compare(a.Offset, b.Offset) })
		for i := range n {
			r.find(kind, func() Place { return places[min(i, int64(len(places)-1))] })
		}
	}
}
