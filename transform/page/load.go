package page

import (
	"cmp"
	"slices"
	"strings"

	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/pipeline"
)

// load is how many events, and bytes of them, a slice of the trace would have:
// those that begin in each bin, by how much more or less is open at its end
// than at its start, and what every slice has.
type load struct {
	events, bytes         sums
	openEvents, openBytes sums
	fixedEvents           int64
	fixedBytes            int64
	names                 pipeline.Distinct
	flows                 flowSample
	arrows                arrows
}

// arrows are flow events of whole arrows. Each is in a slice if both it and the
// other side of its arrow are: points counts them where they stand, first
// where the earlier of the two does, last where the later one does.
type arrows struct {
	points, first, last sums
	size                float64 // mean, in bytes
}

// clipped is about how many bytes an event grows by when it is cut.
const clipped = 64

func newLoad(bins int) *load {
	return &load{events: make(sums, bins), bytes: make(sums, bins), openEvents: make(sums, bins), openBytes: make(sums, bins)}
}

func (l *load) widen(to func(i int) int) {
	for _, s := range []*sums{&l.events, &l.bytes, &l.openEvents, &l.openBytes} {
		s.widen(to)
	}
}

// add takes an event. s holds its start and end, unless it is metadata.
func (l *load) add(s *scale, e *trace.Event, mark uint8) {
	size := int64(e.Size()) + 1 // and a comma
	switch {
	case e.IsMeta():
		if l.names.First(e) {
			l.fixedEvents++
			l.fixedBytes += size
		}
		return
	case e.IsFlow():
		l.flows.add(e, size, mark)
		return
	}
	from, to := s.index(e.TS), s.index(e.End())
	l.events[from]++
	l.bytes[from] += size
	if to > from {
		l.openEvents[from]++
		l.openBytes[from] += size
		l.openEvents[to]--
		l.openBytes[to] -= size
	}
}

// settle counts the flow events of whole arrows: others will be in no slice.
func (l *load) settle(s *scale) {
	a, n, size := &l.arrows, int64(0), int64(0)
	a.points, a.first, a.last = make(sums, s.bins), make(sums, s.bins), make(sums, s.bins)
	l.flows.points = l.flows.whole()
	for _, p := range l.flows.points {
		i := s.index(p.ts)
		l.events[i] += 1 << l.flows.shift
		l.bytes[i] += p.size << l.flows.shift
		a.points[i] += 1 << l.flows.shift
		a.first[s.index(min(p.ts, p.other))] += 1 << l.flows.shift
		a.last[s.index(max(p.ts, p.other))] += 1 << l.flows.shift
		n, size = n+1, size+p.size
	}
	a.size = float64(size) / float64(max(n, 1))
}

// flowSample holds flow events of one arrow in 1<<shift: of all while they are
// few.
type flowSample struct {
	shift  uint
	points []flowPoint
}

type flowPoint struct {
	arrow uint64
	ts    trace.Time
	size  int64
	other trace.Time // of its arrow's other side
	phase byte

	mark, otherMark uint8
}

const maxPoints = 1 << 18

func (f *flowSample) add(e *trace.Event, size int64, mark uint8) {
	p := flowPoint{arrow: flows.Key(e), ts: e.TS, size: size, phase: e.Phase, mark: mark}
	if !f.takes(p) {
		return
	}
	if f.points = append(f.points, p); len(f.points) < maxPoints {
		return
	}
	f.shift++
	kept := f.points[:0]
	for _, p := range f.points {
		if f.takes(p) {
			kept = append(kept, p)
		}
	}
	f.points = kept
}

func (f *flowSample) takes(p flowPoint) bool { return p.arrow>>(64-f.shift) == 0 }

// whole returns the points of arrows that have a start and an end.
func (f *flowSample) whole() []flowPoint {
	points := f.inOrder()
	all := points[:0]
	for from := 0; from < len(points); {
		to := from + 1
		for to < len(points) && points[to].arrow == points[from].arrow {
			to++
		}
		all = append(all, joined(points[from:to])...)
		from = to
	}
	return all
}

// inOrder returns the points by arrow and time, and as they came where these are
// the same. Numbers are put in order, which takes far less than points do.
func (f *flowSample) inOrder() []flowPoint {
	order := make([]int32, len(f.points))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, k int32) int {
		a, b := &f.points[i], &f.points[k]
		if c := cmp.Compare(a.arrow, b.arrow); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(rank(a.phase), rank(b.phase)), cmp.Compare(i, k))
	})
	points := make([]flowPoint, len(order))
	for i, n := range order {
		points[i] = f.points[n]
	}
	return points
}

// rank is the order of flow events at the same time.
func rank(phase byte) int { return strings.IndexByte("stf", phase) }

// joined gives the points of one arrow, in order, their other sides: a start has
// the end behind it, any other the start before it. Nothing is left of an arrow
// without a start or an end.
func joined(points []flowPoint) []flowPoint {
	is := func(phase byte) func(flowPoint) bool { return func(p flowPoint) bool { return p.phase == phase } }
	start, end := slices.IndexFunc(points, is('s')), slices.IndexFunc(points, is('f'))
	if start < 0 || end < 0 {
		return nil
	}
	for i := range points {
		p := &points[i]
		if p.phase != 's' {
			p.other, p.otherMark = points[start].ts, points[start].mark
			continue
		}
		start = i
		if next := slices.IndexFunc(points[i:], is('f')); next >= 0 {
			end = i + next
		}
		p.other, p.otherMark = points[end].ts, points[end].mark
	}
	return points
}
