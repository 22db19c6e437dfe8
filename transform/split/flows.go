package split

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// flowSample holds the flow events of some chains, all of them while they are
// few: one in 1<<shift. Flows that lack a start or an end, and there can be more
// of them than of others, will be in no piece.
type flowSample struct {
	shift  uint
	points []flowPoint
}

type flowPoint struct {
	chain uint64
	ts    trace.Time
	size  int64
	phase byte
}

// maxPoints is how many flow events are held before every other chain goes.
const maxPoints = 1 << 19

func (s *flowSample) add(e *trace.Event, size int64) {
	p := flowPoint{flows.Key(e), e.TS, size, e.Phase}
	if p.chain&(1<<s.shift-1) != 0 {
		return
	}
	if n := len(s.points); n == cap(s.points) {
		s.points = slices.Grow(s.points, max(n, 1<<10)) // less is left behind than append would leave
	}
	s.points = append(s.points, p)
	if len(s.points) < maxPoints {
		return
	}
	s.shift++
	kept := s.points[:0]
	for _, p := range s.points {
		if p.chain&(1<<s.shift-1) == 0 {
			kept = append(kept, p)
		}
	}
	s.points = kept
}

// arc is an end or step of an arrow. A piece has it only if it has the arrow's start.
type arc struct {
	start, end   trace.Time
	events, size int64
}

// arcs returns those of chains that have a start and an end, in order of their ends.
// The start goes with the first end.
func (s *flowSample) arcs() []arc {
	slices.SortFunc(s.points, func(a, b flowPoint) int {
		return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.ts, b.ts), cmp.Compare(b.phase, a.phase)) // s, after it t or f
	})
	ends := 0
	for i := range s.points {
		if s.points[i].phase != 's' {
			ends++
		}
	}
	all := make([]arc, 0, ends)
	for i := 0; i < len(s.points); {
		k := i + 1
		for k < len(s.points) && s.points[k].chain == s.points[i].chain && s.points[k].phase != 's' {
			k++
		}
		all = s.appendArcs(all, s.points[i:k])
		i = k
	}
	s.points = nil
	slices.SortFunc(all, func(a, b arc) int { return cmp.Compare(a.end, b.end) })
	return all
}

func (s *flowSample) appendArcs(all []arc, chain []flowPoint) []arc {
	isEnd := func(p flowPoint) bool { return p.phase == 'f' }
	first := slices.IndexFunc(chain, isEnd)
	if chain[0].phase != 's' || first < 0 {
		return all
	}
	for i, p := range chain[1:] {
		a := arc{chain[0].ts, p.ts, 1 << s.shift, p.size << s.shift}
		if i+1 == first {
			a.events *= 2
			a.size += chain[0].size << s.shift
		}
		all = append(all, a)
	}
	return all
}
