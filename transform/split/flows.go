package split

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// maxPoints is how many flow events are held before every other chain goes. Flows that
// lack a start or an end, and there can be more of them than of others, will be in no piece.
const maxPoints = 1 << 19

// arc is an end or step of a flow. A piece has it only if it has the flow's start.
type arc struct {
	start, end   trace.Time
	events, size int64
}

// arcsOf returns those of the flows of a sample, with their sizes, in order of their ends.
// The start belongs to the first end.
func arcsOf(s *flows.Sample[int64]) (all []arc) {
	n := s.Scale()
	for flow := range s.Flows() {
		first := slices.IndexFunc(flow, func(p flows.Point[int64]) bool { return p.Phase == 'f' })
		for i, p := range flow[1:] {
			a := arc{flow[0].TS, p.TS, n, p.Of * n}
			if i+1 == first {
				a.events *= 2
				a.size += flow[0].Of * n
			}
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b arc) int { return cmp.Compare(a.end, b.end) })
	return all
}
