package strip

import (
	"context"
	"slices"

	"tracekit/internal/bitset"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// flowAims notes, by track, where flows that are kept may come to be drawn to other slices than
// before, as those that they bind to go. The order in which both come does not matter.
type flowAims struct {
	next    bitset.Set // tracks with an end that binds to the slice that begins next
	inside  bitset.Set // tracks with events that bind to the slice around them
	removed bitset.Set // tracks from which slices go
	dropped bitset.Set // tracks from which slices of a category go that the user names
}

// flow notes a flow event that is kept, and reports whether a slice that it may bind to goes.
// Frames and calls nest in what flows bind to, so only where a user names categories it
// matters what lies around it.
func (a *flowAims) flow(e *trace.Event, track int, named bool) bool {
	switch {
	case e.Has&trace.HasTS == 0:
		return false
	case e.Phase == 'f' && !flows.BindsEnclosing(e):
		a.next.Add(track)
		return a.removed.Has(track)
	case named:
		a.inside.Add(track)
		return a.dropped.Has(track)
	}
	return false
}

// slice notes a slice that is dropped, for its category if that is named, and reports as flow does.
func (a *flowAims) slice(e *trace.Event, track int, named bool) bool {
	if e.Phase != 'X' && e.Phase != 'B' {
		return false
	}
	a.removed.Add(track)
	if named {
		a.dropped.Add(track)
	}
	return a.next.Has(track) || named && a.inside.Has(track)
}

// aim reports whether flows have to be known before e is written, which is kept.
func (s *stage) aim(e *trace.Event) bool {
	return e.IsFlow() && s.judgesFlows() && s.aims.flow(e, s.tracks.Of(e), len(s.cats) > 0)
}

func (s *stage) judgesFlows() bool { return s.Known == nil && s.begins && s.Restarts != nil }

// retarget reports the same of an event that is dropped, by its kind.
func (s *stage) retarget(e *trace.Event, kind string) bool {
	if !s.judgesFlows() {
		return false
	}
	_, named := s.cats[kind]
	return s.aims.slice(e, s.tracks.Of(e), named)
}

// droppedWithSlice reports a flow event that is dropped since the slice goes that it binds to.
func (s *stage) droppedWithSlice(e *trace.Event) bool {
	if s.Known == nil || len(s.Known.flows) == 0 || e.Has&trace.HasTS == 0 {
		return false
	}
	s.flows++
	return s.Known.flows.Has(s.flows - 1)
}

// learnFlows finds the flow events that go since slices go that flows bind to, by ordinal
// of flow events that have a time. b has noted them all, and shape all begins and ends.
func learnFlows(ctx context.Context, read pipeline.Reading, o Options, b *flows.Binder, shape *pairs.Nesting) (bitset.Set, error) {
	s := newStage(o)
	b.Prepare(nil, shape.HasPairs)
	r, err := read()
	if err != nil {
		return nil, err
	}
	marks, aims, met := 0, flowAims{}, false
	if err := pipeline.EachPart(ctx, r, func(p *trace.Part) {
		for i := range p.Events {
			e := &p.Events[i]
			pair := &pairs.NoPartner
			switch e.Phase {
			case 'B', 'E', 'b', 'e':
				pair = &shape.Partners[marks]
				marks++
			case 'X':
			case 's', 't', 'f':
				if kind, _ := s.kind(e, s.side(e)); kind == "" && aims.flow(e, shape.Tracks.Of(e), len(s.cats) > 0) {
					met = true
				}
				continue
			default:
				continue
			}
			kind, _ := s.kind(e, s.side(e))
			kind, _ = s.pair(e, kind) // no error where all is known
			if _, named := s.cats[kind]; kind != "" && aims.slice(e, shape.Tracks.Of(e), named) {
				met = true
			}
			is := flows.Is(0)
			if kind == "" {
				is = flows.Kept
			}
			switch track := shape.Tracks.Of(e); {
			case e.Has&trace.HasTS == 0:
			case e.Phase == 'X':
				b.Bind(track, e.TS, e.End(), is)
			case e.Phase == 'B':
				b.Bind(track, pair.Start, pair.Stop, is|flows.Pair)
			case e.Phase == 'E' && pair.Is() == pairs.IsLone:
				b.End(track, e.TS)
			}
		}
	}); err != nil {
		return nil, err
	}
	if !met {
		return nil, nil
	}
	b.Resolve()
	return droppedFlows(b), nil
}

// droppedFlows are the flow events that are bound to slices that go, and with them what
// they leave of their flows without a start or an end.
func droppedFlows(b *flows.Binder) (gone bitset.Set) {
	goes := func(n int32) bool {
		at := b.Bound(n)
		return at.IsSet() && at.Is&flows.Kept == 0
	}
	for n := range b.Events {
		if goes(int32(n)) {
			gone.Add(n)
		}
	}
	for flow := range b.Chains(func(int32) bool { return true }) {
		if !slices.ContainsFunc(flow, goes) {
			continue
		}
		ends := func(n int32) bool { return b.Events[n].Phase != 's' && !goes(n) }
		if !goes(flow[0]) && slices.ContainsFunc(flow, ends) {
			continue
		}
		for _, n := range flow {
			gone.Add(int(n))
		}
	}
	return gone
}
