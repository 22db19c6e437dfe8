package split

import (
	"cmp"
	"context"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
	"tracekit/transform/slice"
)

// gathered is what a Router knows of launches beyond their ids.
type gathered struct {
	idless  bool             // a slice of a device has no id, so that flows may be needed
	lost    []flows.Slice    // slices of devices that no id had joined to a call when they came
	tooMany bool             // of them
	pairs   []launches.Slice // of devices
}

// mostLost bounds the memory of what an id may not join. Most traces have few: what
// was launched before they begin.
const mostLost = 1 << 16

// foresee notes the ends of flows, in the first pass, and whether they will matter.
func (r *router) foresee(e *trace.Event) {
	l := r.launches
	if launches.MayLaunch(e) {
		l.NoteFlow(e)
		return
	}
	if r.idless || e.Phase != 'X' && e.Phase != 'B' || len(l.Flows.Events) == 0 {
		return
	}
	if b := l.Kind(e); b.Device && !b.Mirror {
		j := launches.IDsOf(e)
		r.idless = !j.Any()
	}
}

// Gather reads the trace for the calls that launch, if devices follow them. It reads
// it twice only if flows join slices to calls that have ids which should, or if a
// slice of a device without an id came before the first flow.
func (r *router) Gather(ctx context.Context, read func() (trace.Stream, error)) error {
	if r.device != slice.Launched {
		return nil
	}
	l := r.launches
	l.AssignRanks()
	l.IsKept = func(int, trace.Time, trace.Time) bool { return true }
	if r.idless {
		l.Flows.Prepare(nil, r.shape.HasPairs)
	}
	if err := r.eachSlice(ctx, read, r.gather); err != nil {
		return err
	}
	slices.SortFunc(r.starts, func(a, b flowStart) int {
		return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.ts, b.ts))
	})
	if !r.idless && l.Orphans.Any(l.Present) && (r.tooMany || l.Flows.MayEndAt(r.lost)) {
		l.Flows.Prepare(nil, r.shape.HasPairs)
		if err := r.eachSlice(ctx, read, r.bind); err != nil {
			return err
		}
	}
	l.Join()
	r.devicePairs = map[int][]int{}
	for i := range r.pairs {
		r.devicePair(&r.pairs[i])
	}
	r.gathered = gathered{}
	r.rewind()
	return nil
}

// eachSlice reads the trace for its slices: what begins and ends them is known.
func (r *router) eachSlice(ctx context.Context, read pipeline.Reading, f func(s *launches.Slice)) error {
	l := r.launches
	var s launches.Slice
	r.rewind()
	first := len(r.starts) == 0
	return pipeline.EachEvent(ctx, read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS != 0 {
				s = launches.Slice{Begun: l.Kind(e), Complete: e, End: -1, Track: l.Tracks.Of(e), Start: e.TS, Stop: e.End()}
				f(&s)
			}
		case 'B', 'E', 'b', 'e':
			if q := &r.shape.Partners[r.marks]; q.Is() == pairs.IsBegin {
				s = launches.Slice{Begin: r.marks, End: int(q.End), Track: l.Tracks.Of(e), Start: e.TS, Stop: q.Stop}
				s.Begun, _ = l.Describe(e)
				f(&s)
			}
			r.marks++
		case 's':
			if first && e.Has&trace.HasTS != 0 {
				r.starts = append(r.starts, flowStart{flows.Key(e), e.TS})
			}
		}
	})
}

// gather takes a slice.
func (r *router) gather(s *launches.Slice) {
	r.launches.NoteSlice(s)
	if r.idless {
		r.bind(s)
	}
	if !s.Device {
		r.call(s)
		return
	}
	if s.Complete == nil {
		r.pairs = append(r.pairs, *s)
	}
	if !s.Mirror {
		r.lose(s)
	}
}

// lose notes a slice of a device that no id joins to a call yet.
func (r *router) lose(s *launches.Slice) {
	j, present, rank := s.Joined(), r.launches.Present, r.launches.Rank(s.Track)
	switch {
	case rank < 0 || r.tooMany || r.idless || present.Has(rank, 0, j[0]) || present.Has(rank, 1, j[1]):
	case len(r.lost) == mostLost:
		r.tooMany, r.lost = true, nil
	default:
		r.lost = append(r.lost, flows.Slice{Track: s.Track, Start: s.Start, End: s.Stop})
	}
}

// bind tells flows of a slice.
func (r *router) bind(s *launches.Slice) {
	r.launches.Bind(s)
}

// devicePair finds where a pair of a device was launched.
func (r *router) devicePair(s *launches.Slice) {
	at := r.joined(nil, s.IDs, s.Track, s.Start, s.Stop, 0)
	if at == nil {
		return
	}
	r.devicePairs[s.Begin] = at
	if s.End >= 0 {
		r.devicePairs[s.End] = at
	}
}

// call notes which windows a call's ids reach.
func (r *router) call(s *launches.Slice) {
	j, rank := s.Joined(), r.launches.Rank(s.Track)
	if !j.Any() || rank < 0 {
		return
	}
	for len(r.calls) <= rank {
		r.calls = append(r.calls, [2]idTable{})
	}
	calls := &r.calls[rank]
	at := r.within(s.Start, s.Stop)
	for i, id := range j {
		if len(id) > 0 && len(at) > 0 {
			calls[i].add(id, reached{int32(at[0]), int32(at[len(at)-1])})
		}
	}
}
