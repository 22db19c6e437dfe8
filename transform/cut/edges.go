package cut

import (
	"math"
	"slices"

	"tracekit/trace"
)

// edges cuts the pairs of a line at the edges of a range of time.
type edges struct {
	*timeRange
	plan  *plan
	async bool
	over  []pairOf // that were open at the start of the range
	made  []mark   // begins that get an end, the innermost first
}

type pairOf struct{ begin, end mark }

func (l *edges) stay(m mark) { l.plan.decided.stay(m) }

func (l *edges) lone(e mark) {
	if l.inside(e.ts) {
		l.stay(e)
	}
}

func (l *edges) pair(b, e mark) {
	if l.launched(b, e.ts) {
		if l.plan.decided.keep.has(b.n()) {
			l.stay(e)
		}
		return
	}
	switch l.span(b.ts, e.ts) {
	case whole:
		l.stay(b)
		l.stay(e)
	case cut:
		if b.ts < l.from {
			l.over = append(l.over, pairOf{b, e})
			break
		}
		l.stay(b)
		l.end(e)
	default:
		return
	}
	l.bind(b, e.ts)
}

// end keeps e, at the end of the range if it comes later.
func (l *edges) end(e mark) {
	if e.ts > l.to {
		l.plan.decided.move(&l.plan.decided.closed, e)
	} else {
		l.stay(e)
	}
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

// bind lets arrows bind to the slice. They never bind to async ones.
func (l *edges) bind(b mark, end trace.Time) {
	if !l.async {
		device := l.launches != nil && l.launches.onDevice[b.n()]
		l.plan.decided.slices = append(l.plan.decided.slices, span{int(b.track), b.ts, end, device})
	}
}

func (l *edges) open(b mark) {
	switch {
	case l.launched(b, math.MaxInt64):
		return
	case !l.openStays(b.ts):
		return
	case l.boundary == Clip && b.ts < l.from && l.surrounds(b):
		l.plan.decided.fuse(b, nil, l.last)
	default:
		if l.boundary == Clip && b.ts < l.from {
			l.plan.decided.move(&l.plan.decided.reopened, b)
		} else {
			l.stay(b)
		}
		if l.boundary == Clip && l.last > l.to {
			l.made = append(l.made, b)
		}
	}
	l.bind(b, math.MaxInt64)
}

// surrounds reports whether a complete slice inside of b stands at the start of
// the range, as b would: a viewer took that for the outer one.
func (l *edges) surrounds(b mark) bool {
	inner, some := l.plan.onset[int(b.track)]
	return some && !l.async && inner > b.ts
}

// done decides on what was open at the start of the range, once all complete
// slices are known.
func (l *edges) done() {
	d := &l.plan.decided
	for _, p := range l.over {
		if l.surrounds(p.begin) {
			d.fuse(p.begin, &p.end, p.end.ts)
			continue
		}
		d.move(&d.reopened, p.begin)
		l.end(p.end)
	}
	if len(l.made) > 0 {
		d.unclose(slices.Clone(l.made))
	}
	l.over, l.made = l.over[:0], l.made[:0]
}
