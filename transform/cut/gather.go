package cut

import (
	"cmp"
	"context"
	"slices"

	"tracekit/trace"
)

// gathered is what a Router knows of launches beyond their ids.
type gathered struct {
	idless  bool          // a slice of a device has no id, so that arrows may be needed
	lost    []span        // slices of devices that no id had joined to a call when they came
	tooMany bool          // of them
	pairs   []launchSlice // of devices
}

// mostLost bounds the memory of what an id may not join. Most traces have few: what
// was launched before they begin.
const mostLost = 1 << 16

// foresee notes the ends of arrows, in the first pass, and whether they will matter.
func (r *Router) foresee(e *trace.Event) {
	l := r.launches
	if leadsToDevice(e) {
		l.arrows.note(l.tracks.Of(e), e)
		return
	}
	if r.idless || e.Phase != 'X' && e.Phase != 'B' || len(l.arrows.noted) == 0 {
		return
	}
	if b := l.kind(e); b.device && !b.mirror {
		j := jointOf(e)
		r.idless = len(j[0])+len(j[1]) == 0
	}
}

// Gather reads the trace for the calls that launch, if devices follow them. It reads
// it twice only if arrows join slices to calls that have ids which should, or if a
// slice of a device without an id came before the first arrow.
func (r *Router) Gather(ctx context.Context, read func() (trace.Stream, error)) error {
	if r.device != Launched {
		return nil
	}
	l := r.launches
	l.stays = func(int, trace.Time, trace.Time) bool { return true }
	if r.idless {
		l.arrows.prepare(len(l.tracks.All))
	}
	if err := r.eachSlice(ctx, read, r.gather); err != nil {
		return err
	}
	slices.SortFunc(r.starts, func(a, b flowStart) int {
		return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.ts, b.ts))
	})
	if !r.idless && l.orphans.any(l.present) && (r.tooMany || l.arrows.leadTo(r.lost)) {
		l.arrows.prepare(len(l.tracks.All))
		if err := r.eachSlice(ctx, read, r.bind); err != nil {
			return err
		}
	}
	l.arrows.noted = nil
	l.arrows.settle()
	r.devicePairs = map[int][]int{}
	for i := range r.pairs {
		r.devicePair(&r.pairs[i])
	}
	r.gathered = gathered{}
	r.rewind()
	return nil
}

// eachSlice reads the trace for its slices: what begins and ends them is known.
func (r *Router) eachSlice(ctx context.Context, read reading, f func(s *launchSlice)) error {
	l := r.launches
	var s launchSlice
	r.rewind()
	first := len(r.starts) == 0
	return eachEvent(ctx, read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS != 0 {
				s = launchSlice{begun: l.kind(e), complete: e, end: -1, track: l.tracks.Of(e), start: e.TS, stop: e.End()}
				f(&s)
			}
		case 'B', 'E', 'b', 'e':
			if q := &r.shape.partners[r.marks]; q.is == isBegin {
				s = launchSlice{begin: r.marks, end: int(q.end), track: l.tracks.Of(e), start: e.TS, stop: q.stop}
				s.begun, _ = l.tell(e)
				f(&s)
			}
			r.marks++
		case 's':
			if first && e.Has&trace.HasTS != 0 {
				r.starts = append(r.starts, flowStart{chainHash(r.seed, e), e.TS})
			}
		}
	})
}

// gather takes a slice.
func (r *Router) gather(s *launchSlice) {
	r.launches.note(s)
	if r.idless {
		r.bind(s)
	}
	if !s.device {
		r.call(s)
		return
	}
	if s.complete == nil {
		r.pairs = append(r.pairs, *s)
	}
	if !s.mirror {
		r.lose(s)
	}
}

// lose notes a slice of a device that no id joins to a call yet.
func (r *Router) lose(s *launchSlice) {
	j, present := s.ids(), r.launches.present
	switch {
	case r.tooMany || r.idless || present[0].has(j[0]) || present[1].has(j[1]):
	case len(r.lost) == mostLost:
		r.tooMany, r.lost = true, nil
	default:
		r.lost = append(r.lost, span{track: s.track, start: s.start, end: s.stop})
	}
}

// bind tells arrows of a slice.
func (r *Router) bind(s *launchSlice) {
	r.launches.arrows.bind(s.track, s.start, s.stop, s.device, false)
}

// devicePair finds where a pair of a device was launched.
func (r *Router) devicePair(s *launchSlice) {
	at := r.joined(nil, s.joint, s.track, s.start, s.stop)
	if at == nil {
		return
	}
	r.devicePairs[s.begin] = at
	if s.end >= 0 {
		r.devicePairs[s.end] = at
	}
}

// call notes which windows a call's ids reach.
func (r *Router) call(s *launchSlice) {
	j := s.ids()
	if len(j[0])+len(j[1]) == 0 {
		return
	}
	at := r.within(s.start, s.stop)
	for i, id := range j {
		if len(id) > 0 && len(at) > 0 {
			r.calls[i].add(id, reached{int32(at[0]), int32(at[len(at)-1])})
		}
	}
}
