package page

import (
	"cmp"
	"slices"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
	"tracekit/transform/report"
)

// lanes measures how busy tracks are. A track has one lane for its Python
// frames and one for all else.
type lanes struct {
	scale *scale
	names report.Names
	sides filter.Recognizer
	byKey map[laneKey]*lane
	all   []*lane
	last  *lane
}

type laneKey struct {
	track  int // or -1 - process, for tracks beyond maxLanes
	python bool
}

// maxLanes is how many lanes there are at most while a trace is read; of
// further tracks those of a process share one, and beyond twice as many, all.
const maxLanes = 256

type lane struct {
	laneKey
	process int
	device  bool
	total   int64
	events  sums
	busy    sums // ns
	covered []covered
}

// covered is how far the slices of a category reach. Those of one category
// come in the order of their starts, nearly always; what comes later than that
// is not measured.
type covered struct {
	cat string
	end trace.Time
}

func (l *lane) widen(to func(i int) int) {
	l.events.widen(to)
	l.busy.widen(to)
}

func (l *lanes) add(e *trace.Event) {
	n := l.addEvent(e, 1)
	if isWork(e) {
		n.work(l.scale, e.Cat(), e.TS, e.End())
	}
}

// take counts events in their lane.
func (l *lanes) addEvent(e *trace.Event, count int64) *lane {
	python := l.sides.Kinds(e)&filter.Python != 0
	track := l.names.Of(e)
	if l.last == nil || l.last.laneKey != (laneKey{track, python}) {
		l.last = l.lane(laneKey{track, python})
	}
	n := l.last
	if n.total < learned {
		n.device = !python && l.sides.Side(e) == filter.Device
	}
	n.total += count
	n.events[l.scale.index(e.TS)] += count
	return n
}

// addMerged adds the slices that e stands for, all over its time.
func (l *lanes) addMerged(e *trace.Event, m *merged.Slices, r *merged.Reader) {
	for n := range m.All {
		part := r.Part(e, n)
		if on := l.addEvent(&part, n.Count); isWork(&part) {
			on.spread(l.scale, e.TS, e.End(), m.Covers(n))
		}
	}
}

// spread adds work evenly over a stretch of time.
func (n *lane) spread(s *scale, from, to, work trace.Time) {
	whole, left := float64(work)/float64(to-from), work
	for i := s.index(from); from < to; i++ {
		next := min(to, s.start(i+1))
		share := left
		if next < to {
			share = min(left, trace.Time(whole*float64(next-from)))
		}
		n.busy[i] += int64(share)
		from, left = next, left-share
	}
}

// learned is after how many events of a lane it is plain whether they are a
// device's.
const learned = 64

func isWork(e *trace.Event) bool { return e.Span() > 0 && !annotations[string(e.Cat())] }

// annotations lie around work and are none themselves.
var annotations = map[string]bool{
	"user_annotation": true, "gpu_user_annotation": true, "Trace": true,
	"cuda_profiler_range": true, "xpu_scope_profiler": true,
}

func (l *lanes) lane(key laneKey) *lane {
	process := l.names.All[key.track].Process
	for range 3 {
		if n := l.byKey[key]; n != nil {
			return n
		}
		switch {
		case len(l.all) < maxLanes || key.track < 0 && len(l.all) < 2*maxLanes:
			return l.newLane(key, process)
		case key.track >= 0:
			key = laneKey{track: -1 - process}
		default:
			key, process = laneKey{track: others}, -1
		}
	}
	return l.newLane(key, process)
}

// others is in place of a track for what has no lane of its own.
const others = -1 << 31

func (l *lanes) newLane(key laneKey, process int) *lane {
	if l.byKey == nil {
		l.byKey = map[laneKey]*lane{}
	}
	n := &lane{laneKey: key, process: process, events: make(sums, maxBins), busy: make(sums, maxBins)}
	l.byKey[key] = n
	l.all = append(l.all, n)
	l.scale.series = append(l.scale.series, n)
	return n
}

// work adds what a slice covers beyond those before it.
func (n *lane) work(s *scale, cat []byte, start, to trace.Time) {
	c := n.coveredBy(cat)
	from := max(start, c.end)
	if to <= from {
		return
	}
	c.end = to
	for i := s.index(from); from < to; i++ {
		next := min(to, s.start(i+1))
		n.busy[i] += int64(next - from)
		from = next
	}
}

// coveredBy finds a category. Beyond some, categories share one.
func (n *lane) coveredBy(cat []byte) *covered {
	const most = 32
	for i := range n.covered {
		if c := &n.covered[i]; c.cat == string(cat) || i == most-1 {
			return c
		}
	}
	n.covered = append(n.covered, covered{string(cat), trace.MinTime})
	return &n.covered[len(n.covered)-1]
}

// shownLanes is how many lanes a page has, those with the most events.
const shownLanes = 36

// fewEvents are too few for a lane of their own: the profiler's marks of its own
// beginning and end.
const fewEvents = 3

// list joins the lanes that a page has no room for, process by process, and
// orders lanes by process.
func (l *lanes) list() []*lane {
	all := slices.Clone(l.all)
	slices.SortStableFunc(all, func(a, b *lane) int { return cmp.Compare(b.total, a.total) })
	for len(all) > 0 && all[len(all)-1].total < fewEvents && all[0].total >= fewEvents {
		all = all[:len(all)-1]
	}
	shown := all[:min(len(all), shownLanes)]
	if len(shown) < len(all) {
		rest := &lane{laneKey: laneKey{track: others}, process: -1, events: make(sums, maxBins), busy: make(sums, maxBins)}
		for _, n := range all[len(shown)-1:] {
			rest.join(n)
		}
		shown = append(slices.Clone(shown[:len(shown)-1]), rest)
	}
	events := map[int]int64{}
	for _, n := range shown {
		events[n.process] += n.total
	}
	slices.SortStableFunc(shown, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(events[b.process], events[a.process]), cmp.Compare(a.process, b.process))
	})
	return shown
}

// join takes over the events of another lane; its busy time would say nothing.
func (n *lane) join(other *lane) {
	n.total += other.total
	for i, e := range other.events {
		n.events[i] += e
	}
}
