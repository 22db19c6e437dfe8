package cut

import (
	"cmp"
	"math"
	"slices"

	"tracekit/trace"
)

// edges cuts the pairs of one line at the edges of a range of time.
type edges struct {
	*timeRange
	plan         *plan
	pairs        *pairs
	async        bool
	begins, ends []mark // moved to an edge: outermost first, innermost first
	atFrom, atTo []int  // ordinals of those that stood at an edge before
	made         []int  // ordinals of those that get an end, the innermost first
}

func (l *edges) lone(e mark) {
	if l.inside(e.ts) {
		l.stay(e)
	}
}

func (l *edges) stay(m mark) {
	l.pairs.keep[m.n()] = true
	l.plan.useTrack(int(m.track))
	if !m.isEnd() && m.ts == l.from {
		l.atFrom = append(l.atFrom, m.n())
	}
	if m.isEnd() && m.ts == l.to {
		l.atTo = append(l.atTo, m.n())
	}
}

func (l *edges) pair(b, e mark) {
	if l.launched(b, e.ts) {
		if l.pairs.keep[b.n()] {
			l.stay(e)
		}
		return
	}
	switch l.span(b.ts, e.ts) {
	case whole:
		l.stay(b)
		l.stay(e)
	case cut:
		l.moveBegin(b)
		if e.ts > l.to {
			l.ends = append(l.ends, e)
			l.plan.useTrack(int(e.track))
			l.pairs.moved[e.n()] = move{to: l.to}
		} else {
			l.stay(e)
		}
	default:
		return
	}
	l.bind(b, e.ts)
}

// launched takes a pair that follows its launch, and reports whether it is one.
func (l *edges) launched(b mark, end trace.Time) bool {
	if l.launches == nil || l.async {
		return false
	}
	stays, known := l.launches.begins[b.n()]
	if stays {
		l.stay(b)
		l.bind(b, end)
	}
	return known
}

// moveBegin keeps b, at the start of the range if it began before.
func (l *edges) moveBegin(b mark) {
	if b.ts >= l.from {
		l.stay(b)
		return
	}
	l.begins = append(l.begins, b)
	l.plan.useTrack(int(b.track))
	l.pairs.moved[b.n()] = move{to: l.from}
}

// bind lets arrows bind to the slice. They never bind to async ones.
func (l *edges) bind(b mark, end trace.Time) {
	if l.async {
		return
	}
	l.plan.flows.slices = append(l.plan.flows.slices, span{int(b.track), b.ts, end, l.launches != nil && l.launches.onDevice[b.n()]})
}

// done places what has moved.
func (l *edges) done() {
	if len(l.made) > 0 {
		l.pairs.unclosed = append(l.pairs.unclosed, l.made)
	}
	// A begin is matched when its end comes, the innermost first.
	slices.SortFunc(l.begins, func(a, b mark) int { return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.n(), b.n())) })
	l.placeMoved(append(ordinals(l.begins), l.atFrom...), len(l.begins), false)
	l.placeMoved(append(l.atTo, ordinals(l.ends)...), len(l.ends), true)
}

// placeMoved says where the moved events among those at one edge are written.
// A viewer takes events of one time in file order, so that order must be the one
// that atEdge has. Where the file has it, each stays in its own place; elsewhere
// all moved ones stand together, before the first or after the last.
func (l *edges) placeMoved(atEdge []int, moved int, after bool) {
	if moved == 0 {
		return
	}
	group := atEdge[:moved]
	if after {
		group = atEdge[len(atEdge)-moved:]
	}
	if slices.IsSorted(atEdge) {
		for _, n := range group {
			l.pairs.place[n] = placement{moved: []int{n}}
		}
		return
	}
	anchor := slices.Min(atEdge)
	if after {
		anchor = slices.Max(atEdge)
	}
	l.pairs.place[anchor] = placement{moved: group, after: after}
}

func (l *edges) open(b mark) {
	switch {
	case l.launched(b, math.MaxInt64):
		return
	case !l.openStays(b.ts):
		return
	case l.boundary != Clip:
		l.stay(b)
	default:
		l.moveBegin(b)
		if l.last > l.to {
			l.made = append(l.made, b.n())
		}
	}
	l.bind(b, math.MaxInt64)
}

func ordinals(marks []mark) []int {
	var n []int
	for _, m := range marks {
		n = append(n, m.n())
	}
	return n
}
