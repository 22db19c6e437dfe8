package slice

import (
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/pairs"
)

// edges cuts the pairs of a line at the edges of a range of time.
type edges struct {
	*timeRange
	plan  *keep.Plan
	async bool
	over  []pairOf // that were open at the start of the range
	made  []uint32 // ordinals of begins that get an end, the innermost first
	ends  []uint32 // those that get one if what is around them ends, with the trace
}

type pairOf struct{ begin, end pairs.Mark }

func (l *edges) keepMark(m pairs.Mark) { l.plan.Decided.KeepMark(m) }

func (l *edges) LoneEnd(e pairs.Mark) {
	if l.inside(e.TS) {
		l.keepMark(e)
	}
}

func (l *edges) Pair(b, e pairs.Mark) {
	if l.launched(b, e.TS) {
		if l.plan.Decided.Keep.Has(b.Ordinal()) {
			l.keepMark(e)
		}
		return
	}
	switch l.span(b.TS, e.TS) {
	case keep.Whole:
		l.keepMark(b)
		l.keepMark(e)
	case keep.Cut:
		if b.TS < l.from {
			l.over = append(l.over, pairOf{b, e})
			break
		}
		l.keepMark(b)
		l.end(e)
	}
}

// end keeps e, at the end of the range if it comes later.
func (l *edges) end(e pairs.Mark) {
	if e.TS > l.to {
		l.plan.Decided.Move(&l.plan.Decided.Closed, e)
	} else {
		l.keepMark(e)
	}
}

// launched takes a pair that follows its launch, and reports whether it is one.
func (l *edges) launched(b pairs.Mark, end trace.Time) bool {
	if l.launches == nil {
		return false
	}
	begun := l.plan.Matcher.PopBegun(b)
	if !begun.Device {
		return false
	}
	t := l.plan.Tracks.All[b.Track]
	stays, known := l.launches.Launched(begun.IDs, l.launches.Tracks.Find(t.Pid, t.Tid), b.TS, end)
	if stays {
		l.keepMark(b)
	}
	return known
}

func (l *edges) OpenBegin(b pairs.Mark) {
	switch {
	case l.launched(b, trace.MaxTime):
		return
	case !l.keepsOpen(b.TS):
		return
	case l.boundary == Clip && b.TS < l.from && l.surrounds(b):
		l.plan.Decided.Fuse(b, nil, l.last)
		l.made, l.ends = append(l.made, l.ends...), l.ends[:0]
	case l.boundary == Clip:
		if b.TS < l.from {
			l.plan.Decided.Move(&l.plan.Decided.Reopened, b)
		} else {
			l.keepMark(b)
		}
		if l.last >= l.to {
			l.made = append(l.made, uint32(b.Ordinal()))
		} else if b.TS < l.last {
			l.ends = append(l.ends, uint32(b.Ordinal()))
		}
	default:
		l.keepMark(b)
	}
}

// surrounds reports whether a complete slice inside of b stands at the start of
// the range, as b would: a viewer took that for the outer one.
func (l *edges) surrounds(b pairs.Mark) bool {
	inner, some := l.plan.Onset[int(b.Track)]
	return some && !l.async && inner > b.TS
}

// Done decides on what was open at the start of the range, once all complete
// slices are known.
func (l *edges) Done() {
	d := &l.plan.Decided
	for _, p := range l.over {
		if l.surrounds(p.begin) {
			d.Fuse(p.begin, &p.end, p.end.TS)
			continue
		}
		d.Move(&d.Reopened, p.begin)
		l.end(p.end)
	}
	if len(l.made) > 0 {
		d.Unclose(l.made)
	}
	l.over, l.made, l.ends = l.over[:0], nil, l.ends[:0]
}
