package flows

import (
	"cmp"
	"iter"
	"slices"

	"tracekit/trace"
)

// Sample holds the flow events of some flows, all of them while they are few, each with
// what the caller knows of it.
type Sample[T any] struct {
	Most   int // how many are held; where there are more, those of every other chain go
	shift  uint
	points []Point[T]
}

// Point is a flow event in a Sample.
type Point[T any] struct {
	TS    trace.Time
	Of    T
	chain uint64
	Phase byte
}

// Note takes a flow event that has a time.
func (s *Sample[T]) NoteFlow(e *trace.Event, of T) {
	p := Point[T]{e.TS, of, Key(e), e.Phase}
	if !s.holds(&p) {
		return
	}
	if n := len(s.points); n == cap(s.points) {
		s.points = slices.Grow(s.points, max(n, 1<<10)) // less is left behind than append would leave
	}
	s.points = append(s.points, p)
	if len(s.points) < s.Most {
		return
	}
	s.shift++
	s.points = slices.DeleteFunc(s.points, func(p Point[T]) bool { return !s.holds(&p) })
}

func (s *Sample[T]) holds(p *Point[T]) bool { return p.chain&(1<<s.shift-1) == 0 }

// Scale is how many flow events of the trace each one stands for.
func (s *Sample[T]) Scale() int64 { return 1 << s.shift }

// Flows gives each flow that has a start and an end behind it, from its start on, in order
// of time. A list is valid until the next.
func (s *Sample[T]) Flows() iter.Seq[[]Point[T]] {
	return func(yield func([]Point[T]) bool) {
		var flow []Point[T]
		var order Order
		starts := func(p Point[T]) bool { return p.Phase == 's' }
		ends := func(p Point[T]) bool { return p.Phase == 'f' }
		give := func() bool {
			start := slices.IndexFunc(flow, starts)
			return start < 0 || !slices.ContainsFunc(flow[start:], ends) || yield(flow[start:])
		}
		for _, n := range s.inOrder() {
			p := &s.points[n]
			if order.Begins(p.chain, p.Phase) {
				if !give() {
					return
				}
				flow = flow[:0]
			}
			flow = append(flow, *p)
		}
		give()
	}
}

// inOrder returns the points by chain and time, and as they came where these are the
// same. Numbers are put in order, which takes far less than points do.
func (s *Sample[T]) inOrder() []int32 {
	order := make([]int32, len(s.points))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, k int32) int {
		a, b := &s.points[i], &s.points[k]
		return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.TS, b.TS), cmp.Compare(i, k))
	})
	return order
}
