package slice

import (
	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
)

// timeRange selects what lies in [from, to).
type timeRange struct {
	from, to trace.Time
	last     trace.Time // end of the whole trace
	boundary Boundary
	launches *launches.Launches // nil if devices are judged by time
}

// newRangePlan returns the plan of a slice.
func newRangePlan(r *timeRange, covered *spill.Log) *keep.Plan {
	p := keep.NewPlan(r, covered)
	p.Covers.Mixed = r.boundary == Drop || r.launches != nil
	p.Counters = keep.NewCounters(r.from)
	if r.boundary == Clip {
		p.Onset = map[int]trace.Time{}
	}
	return p
}

// choose returns the blocks that may hold something of the range, or something
// before it that counts in it, and apart from these the ones of which nothing stays
// but slices that lie aside, and are cut.
func (r *timeRange) choose(v *trace.Survey) (chosen, outliers []trace.Block) {
	if r.launches != nil {
		return v.Blocks, nil // what was launched in the range may have run at any time
	}
	always := trace.HoldsMeta | trace.HoldsPair | trace.HoldsAsync | trace.HoldsCounter
	for i := range v.Blocks {
		switch b := &v.Blocks[i]; {
		case b.Text != nil || b.Holds&always != 0 || b.OthersOverlap(r.from, r.to):
			chosen = append(chosen, *b)
		case !b.Overlaps(r.from, r.to):
		case r.cuts(b):
			outliers = append(outliers, *b)
		default:
			chosen = append(chosen, *b)
		}
	}
	return chosen, outliers
}

// cuts reports whether no slice that lies aside stays as it is, in its place.
func (r *timeRange) cuts(b *trace.Block) bool {
	for e := range b.Outliers() {
		if r.Judge(e) == keep.Whole {
			return false
		}
	}
	return true
}

func (r *timeRange) Judge(e *trace.Event) keep.Decision {
	if e.Has&trace.HasTS == 0 {
		return keep.Drop
	}
	if r.launches != nil && e.Phase == 'X' {
		if keeps, known := r.launches.Judge(e); keeps {
			return keep.Whole
		} else if known {
			return keep.Drop
		}
	}
	return r.span(e.TS, e.End())
}

// span judges what goes from start to end.
func (r *timeRange) span(start, end trace.Time) keep.Decision {
	inside := start >= r.from && end <= r.to
	switch {
	case start == end:
		if start >= r.from && start < r.to {
			return keep.Whole
		}
		return keep.Drop
	case start >= r.to || end <= r.from:
		return keep.Drop
	case inside || r.boundary == Whole:
		return keep.Whole
	case r.boundary == Drop:
		return keep.Drop
	}
	return keep.Cut
}

// keepsOpen judges a begin at time ts that never ends.
func (r *timeRange) keepsOpen(ts trace.Time) bool {
	if r.boundary == Drop && (r.to <= r.last || ts < r.from) {
		return false
	}
	return ts < r.to
}

// holds reports whether something of a slice is kept.
func (r *timeRange) holds(_ int, start, end trace.Time) bool {
	if end == trace.MaxTime {
		return r.keepsOpen(start)
	}
	return r.span(start, end) != keep.Drop
}

// launchesIn reports whether what a call launched goes with the range. A call that
// is cut at the start of the range belongs to the one before, so that ranges side by
// side share nothing of what ran on devices.
func (r *timeRange) launchesIn(track int, start, end trace.Time) bool {
	return r.holds(track, start, end) && (start >= r.from || r.boundary != Clip)
}

func (r *timeRange) Point(e *trace.Event) keep.Binding {
	switch {
	case e.Has&trace.HasTS == 0:
		return keep.BindsNothing
	case r.inside(e.TS):
		return keep.BindsAny
	case r.launches != nil:
		return keep.BindsDevices
	}
	return keep.BindsNothing
}

// Near reports whether something of a slice from start to end lies in the range.
func (r *timeRange) Near(start, end trace.Time) bool {
	if start == end {
		return r.inside(start)
	}
	return start < r.to && end > r.from
}

func (r *timeRange) OnDevice(e *trace.Event) bool {
	return r.launches != nil && r.launches.Device.Side(e) == filter.Device
}

func (r *timeRange) inside(ts trace.Time) bool { return ts >= r.from && ts < r.to }

// change cuts a slice to the range, and notes what it was.
func (r *timeRange) change(e *trace.Event) []byte {
	start, end := max(e.TS, r.from), min(e.End(), r.to)
	dur := end - start
	edit := trace.Edit{Dur: &dur, Args: []trace.Arg{
		{Key: clipped.KeyTS, Value: e.TSText()}, {Key: clipped.KeyDur, Value: e.DurText()},
	}}
	if e.TS < r.from {
		edit.TS = &start
	}
	return edit.Apply(e)
}

func (r *timeRange) Line(p *keep.Plan, async bool) pairs.Handler {
	return &edges{timeRange: r, plan: p, async: async}
}

// Describe describes a begin, if devices follow their launches.
func (r *timeRange) Describe(e *trace.Event) (b launches.Begun, some bool) {
	if r.launches == nil {
		return b, false
	}
	return r.launches.Describe(e)
}

func (r *timeRange) NeedsSecondPass(p *keep.Plan) bool { return p.Decided.Wants() }

func (r *timeRange) SecondPass(p *keep.Plan, n int, e *trace.Event) { p.Decided.Collect(n, e) }
