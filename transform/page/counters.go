package page

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"tracekit/trace"
)

// counters keeps the smallest, largest and last value of each series by bin.
type counters struct {
	scale *scale
	byKey map[string]*counter
	all   []*counter
	key   []byte
}

// maxCounters is how many series there are at most: those that come first.
const maxCounters = 48

type counter struct {
	name     string
	samples  int64
	min, max float64
	bins     [maxBins]gauge
}

// gauge is what a series has in one bin.
type gauge struct {
	any              bool
	min, max, latest float64
	at               trace.Time // of the latest
}

func (g *gauge) join(other gauge) {
	switch {
	case !other.any:
		return
	case !g.any:
		*g = other
		return
	}
	g.min, g.max = min(g.min, other.min), max(g.max, other.max)
	if other.at >= g.at {
		g.latest, g.at = other.latest, other.at
	}
}

func (c *counter) widen(to func(i int) int) {
	old := c.bins
	c.bins = [maxBins]gauge{}
	for i := range old {
		if old[i].any {
			c.bins[to(i)].join(old[i])
		}
	}
}

func (c *counters) add(e *trace.Event) {
	for m := range trace.Members(e.Args()) {
		v, err := strconv.ParseFloat(trace.Unquote(m.Value), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		c.key = append(c.key[:0], e.Pid()...)
		c.key = append(append(c.key, ' '), e.ID()...)
		c.key = append(append(c.key, ' '), e.Name()...)
		c.key = append(append(c.key, ' '), m.Key...)
		n := c.byKey[string(c.key)]
		if n == nil {
			if n = c.newCounter(e, m.Key); n == nil {
				continue
			}
		}
		n.samples++
		n.min, n.max = min(n.min, v), max(n.max, v)
		n.bins[c.scale.index(e.TS)].join(gauge{true, v, v, v, e.TS})
	}
}

func (c *counters) newCounter(e *trace.Event, member []byte) *counter {
	if len(c.all) == maxCounters {
		return nil
	}
	if c.byKey == nil {
		c.byKey = map[string]*counter{}
	}
	n := &counter{name: string(trace.Unescape(e.Name())), min: math.Inf(1), max: math.Inf(-1)}
	if key := string(trace.Unescape(member)); key != n.name {
		n.name += " " + key
	}
	c.byKey[string(c.key)] = n
	c.all = append(c.all, n)
	c.scale.series = append(c.scale.series, n)
	return n
}

// shownCounters is how many series a page has.
const shownCounters = 12

// list returns the series that a page shows: those that change, and of them
// those that people look for.
func (c *counters) list() []*counter {
	shown := slices.DeleteFunc(slices.Clone(c.all), func(n *counter) bool { return n.min == n.max })
	slices.SortStableFunc(shown, func(a, b *counter) int {
		return cmp.Or(cmp.Compare(wanted(a.name), wanted(b.name)), cmp.Compare(b.samples, a.samples))
	})
	return shown[:min(len(shown), shownCounters)]
}
