package keep

import (
	"slices"

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
	byKey   map[string]int // of series, once there are more than few
	atStart [][]string     // members of the samples at the very start of the range
}

type series struct {
	key, value string
	at         trace.Time
}

func NewCounters(from trace.Time) *counters {
	return &counters{from: from, byKey: map[string]*counter{}}
}

func (c *counters) addSample(e *trace.Event) {
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
	n.addSample(e)
}

// CounterKey is what the samples of one counter share.
func CounterKey(e *trace.Event) string {
	return pairs.PIDText(e) + "\x00" + string(e.Name()) + "\x00" + string(e.ID())
}

func (n *counter) addSample(e *trace.Event) {
	some := false
	for m := range trace.Members(e.Args()) {
		some = true
		n.set(m.Key, m.Value, e.TS)
	}
	if some && e.TS >= n.at {
		n.latest, n.at = e.Clone(), e.TS
	}
}

func (n *counter) set(key, value []byte, at trace.Time) {
	if i := n.find(key); i >= 0 {
		if s := &n.series[i]; at >= s.at {
			s.value, s.at = string(value), at
		}
		return
	}
	n.series = append(n.series, series{string(key), string(value), at})
	if n.byKey != nil {
		n.byKey[string(key)] = len(n.series) - 1
	}
}

// few is how many series are looked through one by one.
const few = 8

// find is the number of a series, -1 if there is none of that key.
func (n *counter) find(key []byte) int {
	if len(n.series) > few && n.byKey == nil {
		n.byKey = map[string]int{}
		for i := range n.series {
			n.byKey[n.series[i].key] = i
		}
	}
	if n.byKey != nil {
		if i, known := n.byKey[string(key)]; known {
			return i
		}
		return -1
	}
	return slices.IndexFunc(n.series, func(s series) bool { return s.key == string(key) })
}

// useNames notes whose names the carried samples need.
func (c *counters) useNames(p *Plan) {
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
	found := map[int]bool{}
	for _, k := range keys {
		if i := n.find([]byte(k)); i >= 0 {
			found[i] = true
		}
	}
	return len(found) == len(n.series)
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
