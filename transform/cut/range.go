package cut

import (
	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// Args that tell what a slice was before it was cut.
const keyTS, keyDur = "tracekit.ts", "tracekit.dur"

// timeRange selects what lies in [from, to).
type timeRange struct {
	from, to trace.Time
	last     trace.Time // end of the whole trace
	boundary Boundary
	launches *launches // nil if devices are judged by time
}

// newRangePlan returns the plan of a slice.
func newRangePlan(r *timeRange, covered *spill.Packed) *plan {
	p := newPlan(r, covered)
	p.counters = newCounters(r.from)
	if r.boundary == Clip {
		p.onset = map[int]trace.Time{}
	}
	return p
}

// choose returns the blocks that may hold something of the range, or something
// before it that counts in it, and apart from these the ones of which nothing stays
// but slices that lie aside, and are cut.
func (r *timeRange) choose(v *trace.Survey) (chosen, aside []trace.Block) {
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
			aside = append(aside, *b)
		default:
			chosen = append(chosen, *b)
		}
	}
	return chosen, aside
}

// cuts reports whether no slice that lies aside stays as it is, in its place.
func (r *timeRange) cuts(b *trace.Block) bool {
	for e := range b.Aside() {
		if r.judge(e) == whole {
			return false
		}
	}
	return true
}

func (r *timeRange) judge(e *trace.Event) verdict {
	if e.Has&trace.HasTS == 0 {
		return out
	}
	if r.launches != nil && e.Phase == 'X' {
		if v, known := r.launches.judge(e); known {
			return v
		}
	}
	return r.span(e.TS, e.End())
}

// span judges what goes from start to end.
func (r *timeRange) span(start, end trace.Time) verdict {
	inside := start >= r.from && end <= r.to
	switch {
	case start == end:
		if start >= r.from && start < r.to {
			return whole
		}
		return out
	case start >= r.to || end <= r.from:
		return out
	case inside || r.boundary == Whole:
		return whole
	case r.boundary == Drop:
		return out
	}
	return cut
}

// openStays judges a begin at time ts that never ends.
func (r *timeRange) openStays(ts trace.Time) bool {
	if r.boundary == Drop && (r.to <= r.last || ts < r.from) {
		return false
	}
	return ts < r.to
}

// holds reports whether something of a slice stays.
func (r *timeRange) holds(_ int, start, end trace.Time) bool {
	if end == trace.MaxTime {
		return r.openStays(start)
	}
	return r.span(start, end) != out
}

// launchesIn reports whether what a call launched goes with the range. A call that
// is cut at the start of the range belongs to the one before, so that ranges side by
// side share nothing of what ran on devices.
func (r *timeRange) launchesIn(track int, start, end trace.Time) bool {
	return r.holds(track, start, end) && (start >= r.from || r.boundary != Clip)
}

func (r *timeRange) point(e *trace.Event) reach {
	switch {
	case e.Has&trace.HasTS == 0:
		return nothing
	case r.inside(e.TS):
		return anything
	case r.launches != nil:
		return devices
	}
	return nothing
}

func (r *timeRange) onDevice(e *trace.Event) bool {
	return r.launches != nil && r.launches.device.Side(e) == filter.Device
}

func (r *timeRange) inside(ts trace.Time) bool { return ts >= r.from && ts < r.to }

// change cuts a slice to the range, and notes what it was.
func (r *timeRange) change(e *trace.Event) []byte {
	start, end := max(e.TS, r.from), min(e.End(), r.to)
	dur := end - start
	edit := trace.Edit{Dur: &dur, Args: []trace.Arg{
		{Key: keyTS, Value: e.TSText()}, {Key: keyDur, Value: e.DurText()},
	}}
	if e.TS < r.from {
		edit.TS = &start
	}
	return edit.Apply(e)
}

func (r *timeRange) line(p *plan, async bool) fate {
	return &edges{timeRange: r, plan: p, async: async}
}

// tell describes a begin, if devices follow their launches.
func (r *timeRange) tell(e *trace.Event) (b begun, some bool) {
	if r.launches == nil {
		return b, false
	}
	return r.launches.tell(e)
}

func (r *timeRange) meets(p *plan) bool { return len(p.decided.text) > 0 }

func (r *timeRange) again(p *plan, n int, e *trace.Event) { p.decided.collect(n, e) }
