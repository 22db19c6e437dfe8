package downsample

import (
	"context"
	"math"
	"strconv"

	"tracekit/trace"
)

// counters decides which samples stay: of each series the first, the smallest, the
// largest and the last in each interval. It takes about 10 bytes for each counter
// event, and the names of all series.
type counters struct {
	series  map[string]uint64
	groups  map[string]uint64
	samples uint64  // met so far
	dropped numbers // samples that go, by number
	events  []counted
}

// counted is a counter event.
type counted struct {
	all    uint16 // samples
	left   uint16 // of them that are kept
	level  uint8  // see levels
	shrunk uint32 // bytes of samples that go
}

// mostSamples is how many samples of an event are looked at; all others are kept.
const mostSamples = 1<<16 - 1

// counter takes a counter event.
func (l *learner) counter(r record, e *trace.Event) error {
	if !l.o.counters() {
		return l.asIs(int(r.Track))
	}
	process := l.tracks.All[r.Track].Process
	m := &l.meter
	key := strconv.AppendInt(nil, int64(process), 10)
	key = append(append(append(key, 0), e.Name()...), 0)
	r.Line = counterLine | numberOf(&m.groups, key)
	r.Class, r.Name = sample, uint32(len(m.events))
	key = append(append(key, e.ID()...), 0)
	n := uint16(0)
	for s := range trace.Members(e.Args()) {
		if n == mostSamples {
			break
		}
		q := r
		q.Line = numberOf(&m.series, append(key, s.Key...))
		q.N, q.Pair, q.End = m.samples, m.samples, q.Start
		q.Size = uint32(len(s.Key) + len(s.Value) + len(`"":`))
		q.Cat, q.Track = halves(value(s.Value))
		if err := l.samples.Add(&q); err != nil {
			return err
		}
		m.samples++
		n++
	}
	m.events = append(m.events, counted{all: n, left: n})
	return l.main.Add(&r)
}

// numberOf numbers keys in the order in which they come.
func numberOf(known *map[string]uint64, key []byte) uint64 {
	if n, ok := (*known)[string(key)]; ok {
		return n
	}
	if *known == nil {
		*known = map[string]uint64{}
	}
	n := uint64(len(*known))
	(*known)[string(key)] = n
	return n
}

// value is what a sample says, not a number if it says none.
func value(text []byte) float64 {
	v, err := strconv.ParseFloat(trace.Unquote(text), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// halves keeps a value in a record.
func halves(v float64) (hi, lo uint32) {
	b := math.Float64bits(v)
	return uint32(b >> 32), uint32(b)
}

func joined(hi, lo uint32) float64 { return math.Float64frombits(uint64(hi)<<32 | uint64(lo)) }

// reading is a sample of a series.
type reading struct {
	at    int64 // ns after the trace's start
	value float64
	n     uint64 // of the sample
	event uint32
	size  uint32
}

// four are the readings of an interval that are kept.
type four struct {
	first, last, low, high reading
	some                   bool
}

func (f *four) add(r reading) {
	if !f.some {
		*f = four{r, r, r, r, true}
		return
	}
	f.last = r
	// What is no number is neither low nor high.
	if r.value < f.low.value || f.low.value != f.low.value {
		f.low = r
	}
	if r.value > f.high.value || f.high.value != f.high.value {
		f.high = r
	}
}

func (f *four) has(n uint64) bool {
	return f.first.n == n || f.last.n == n || f.low.n == n || f.high.n == n
}

// each yields the readings of f, each once, in order.
func (f *four) each(yield func(reading)) {
	if !f.some {
		return
	}
	a, b := f.low, f.high
	if b.at < a.at || b.at == a.at && b.n < a.n {
		a, b = b, a
	}
	last := ^uint64(0)
	for _, r := range []reading{f.first, a, b, f.last} {
		if r.n != last {
			yield(r)
		}
		last = r.n
	}
}

// thinOut goes through the samples in order. interval is that of --counters, in ns
// after zero; 0 leaves all of them. keep says whether a moment stays at all.
func (m *counters) thinOut(ctx context.Context, samples *sorter, interval, zero int64, keep func(at int64) bool) error {
	var now four
	var nested levels
	line, slot := uint64(noLine), int64(0)
	flush := func() {
		now.each(func(r reading) { nested.put(m, 0, r) })
		now = four{}
	}
	err := samples.Each(ctx, func(q *record) error {
		r := reading{q.Start - zero, joined(q.Cat, q.Track), q.N, q.Name, q.Size}
		at := int64(0)
		if interval > 0 {
			at = floorDiv(r.at, interval)
		}
		if q.Line != line || at != slot || interval == 0 {
			flush()
		}
		if q.Line != line {
			nested.end(m)
		}
		line, slot = q.Line, at
		if !keep(q.Start) {
			m.drop(r)
			return nil
		}
		before := now
		now.add(r)
		before.each(func(old reading) {
			if !now.has(old.n) {
				m.drop(old)
			}
		})
		return nil
	})
	flush()
	nested.end(m)
	return err
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// drop takes a sample out.
func (m *counters) drop(r reading) {
	e := &m.events[r.event]
	m.dropped.add(r.n)
	e.left--
	e.shrunk += r.size
}

// levels tells of each reading the longest interval, of 2^level ns, in which it is
// among the four: so a budget keeps spikes. It holds one interval of each length.
type levels struct {
	open [topLevel + 1]four
	at   [topLevel + 1]int64
}

const topLevel = 62

// put places a reading in its interval of a level; the interval before it there is
// settled and passes on its four.
func (v *levels) put(m *counters, level int, r reading) {
	at := r.at >> level
	if v.open[level].some && v.at[level] != at {
		v.pass(m, level)
	}
	before := v.open[level]
	v.open[level].add(r)
	v.at[level] = at
	before.each(func(old reading) {
		if !v.open[level].has(old.n) {
			m.reach(old, level)
		}
	})
}

func (v *levels) pass(m *counters, level int) {
	f := v.open[level]
	v.open[level] = four{}
	f.each(func(r reading) {
		if level == topLevel {
			m.reach(r, level)
		} else {
			v.put(m, level+1, r)
		}
	})
}

// end settles a series.
func (v *levels) end(m *counters) {
	for level := range v.open {
		v.pass(m, level)
	}
}

// reach notes the level of a reading's event: the highest of its samples.
func (m *counters) reach(r reading, level int) {
	e := &m.events[r.event]
	e.level = max(e.level, uint8(level))
}

// grain is that of a counter event for budgets: events that tell more of a series
// are the coarser ones.
func (m *counters) grain(r *record) grain {
	return grainOf(1<<min(m.events[r.Name].level, 42), r.Start)
}
