package keep

import (
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// counters remembers, for every series that has a value before the range, the
// value that holds at its start.
type counters struct {
	from  trace.Time
	byKey map[string]*counter
	all   []*counter // in order of appearance
}

// counter is all series of one name in one process.
type counter struct {
	latest  trace.Event
	at      trace.Time
	series  []series
	atStart [][]string // members of the samples at the very start of the range
}

type series struct {
	key, value string
	at         trace.Time
}

func NewCounters(from trace.Time) *counters {
	return &counters{from: from, byKey: map[string]*counter{}}
}

func (c *counters) note(e *trace.Event) {
	if e.Has&trace.HasTS == 0 || e.TS > c.from || e.Has&trace.HasArgs == 0 {
		return
	}
	key := CounterKey(e)
	n := c.byKey[key]
	if n == nil {
		n = &counter{at: trace.MinTime}
		c.byKey[key] = n
		c.all = append(c.all, n)
	}
	if e.TS == c.from {
		var keys []string
		for m := range trace.Members(e.Args()) {
			keys = append(keys, string(m.Key))
		}
		n.atStart = append(n.atStart, keys)
		return
	}
	n.note(e)
}

// CounterKey is what the samples of one counter share.
func CounterKey(e *trace.Event) string {
	return pairs.PIDText(e) + "\x00" + string(e.Name()) + "\x00" + string(e.ID())
}

func (n *counter) note(e *trace.Event) {
	some := false
	for m := range trace.Members(e.Args()) {
		some = true
		n.set(string(m.Key), m.Value, e.TS)
	}
	if some && e.TS >= n.at {
		n.latest, n.at = e.Clone(), e.TS
	}
}

func (n *counter) set(key string, value []byte, at trace.Time) {
	for i := range n.series {
		s := &n.series[i]
		if s.key == key {
			if at >= s.at {
				s.value, s.at = string(value), at
			}
			return
		}
	}
	n.series = append(n.series, series{key, string(value), at})
}

// settle notes whose names the carried samples need.
func (c *counters) settle(p *Plan) {
	for _, n := range c.all {
		if n.needed() {
			p.Use(&n.latest)
		}
	}
}

// needed reports whether the start of the range lacks a value.
func (n *counter) needed() bool {
	if len(n.series) == 0 {
		return false
	}
	for _, keys := range n.atStart {
		if n.coveredBy(keys) {
			return false
		}
	}
	return true
}

func (n *counter) coveredBy(keys []string) bool {
	for _, s := range n.series {
		found := false
		for _, k := range keys {
			found = found || k == s.key
		}
		if !found {
			return false
		}
	}
	return true
}

// carried returns the samples to write at the start of the range.
func (c *counters) carried() [][]byte {
	var objs [][]byte
	for _, n := range c.all {
		if !n.needed() {
			continue
		}
		args := []byte("{")
		for i, s := range n.series {
			if i > 0 {
				args = append(args, ", "...)
			}
			args = append(append(append(append(args, '"'), s.key...), `": `...), s.value...)
		}
		objs = append(objs, n.latest.WithArgs(c.from, append(args, '}')))
	}
	return objs
}
