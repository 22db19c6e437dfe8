package page

import (
	"slices"

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
	sample                flows.Sample[flowEvent]
	flows                 []flowPoint // of flows that have a start and an end
	each                  int64       // flow events of the trace that each stands for
	whole                 flowLoad
}

// flowLoad is what flow events of whole flows add. Each is in a slice if both it and the
// other side of its flow are: points counts them where they stand, first
// where the earlier of the two does, last where the later one does.
type flowLoad struct {
	points, first, last sums
	size                float64 // mean, in bytes
}

// clipped is about how many bytes an event grows by when it is cut.
const clipped = 64

func newLoad(bins int) *load {
	return &load{sample: flows.Sample[flowEvent]{Most: maxPoints}, events: make(sums, bins), bytes: make(sums, bins), openEvents: make(sums, bins), openBytes: make(sums, bins)}
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
		l.sample.NoteFlow(e, flowEvent{size, mark})
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

// countFlows counts the flow events of whole flows: others will be in no slice.
func (l *load) countFlows(s *scale) {
	a, n, size := &l.whole, int64(0), int64(0)
	a.points, a.first, a.last = make(sums, s.bins), make(sums, s.bins), make(sums, s.bins)
	each := l.sample.Scale()
	for flow := range l.sample.Flows() {
		end := slices.IndexFunc(flow, func(p flows.Point[flowEvent]) bool { return p.Phase == 'f' })
		for i := range flow {
			own, other := &flow[i], &flow[0] // an end has the start for its other side
			if own.Phase == 's' {
				other = &flow[end]
			}
			at := s.index(own.TS)
			l.events[at] += each
			l.bytes[at] += own.Of.size * each
			a.points[at] += each
			a.first[s.index(min(own.TS, other.TS))] += each
			a.last[s.index(max(own.TS, other.TS))] += each
			l.flows = append(l.flows, flowPoint{own.Of.size, own.Of.mark, other.Of.mark})
			n, size = n+1, size+own.Of.size
		}
	}
	l.each, l.sample = each, flows.Sample[flowEvent]{}
	a.size = float64(size) / float64(max(n, 1))
}

// maxPoints is how many flow events are held, of all flows or of some.
const maxPoints = 1 << 18

// flowEvent is what is known of a flow event besides its time, and flowPoint what of one
// whose flow has a start and an end.
type (
	flowEvent struct {
		size int64
		mark uint8
	}
	flowPoint struct {
		size            int64
		mark, otherMark uint8
	}
)
