package cut

import (
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
	ends  []mark   // those that get one if what is around them ends, with the trace
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
	}
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
	if l.launches == nil {
		return false
	}
	begun := l.plan.stacks.took(b)
	if !begun.device {
		return false
	}
	t := l.plan.tracks.All[b.track]
	stays, known := l.launches.launched(begun.joint, l.launches.tracks.Find(t.Pid, t.Tid), b.ts, end)
	if stays {
		l.stay(b)
	}
	return known
}

func (l *edges) open(b mark) {
	switch {
	case l.launched(b, trace.MaxTime):
		return
	case !l.openStays(b.ts):
		return
	case l.boundary == Clip && b.ts < l.from && l.surrounds(b):
		l.plan.decided.fuse(b, nil, l.last)
		l.made, l.ends = append(l.made, l.ends...), l.ends[:0]
	case l.boundary == Clip:
		if b.ts < l.from {
			l.plan.decided.move(&l.plan.decided.reopened, b)
		} else {
			l.stay(b)
		}
		if l.last >= l.to {
			l.made = append(l.made, b)
		} else if b.ts < l.last {
			l.ends = append(l.ends, b)
		}
	default:
		l.stay(b)
	}
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
	l.over, l.made, l.ends = l.over[:0], l.made[:0], l.ends[:0]
}
