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

// flowAims notes where flows may come to be drawn to other slices than before, as those
// that they bind to go.
type flowAims struct {
	inside  bitset.Set // tracks with flow events that stay and bind to the slice around them
	dropped bitset.Set // tracks from which slices of a category that the user names go
}

// aim notes a flow event that stays, and reports whether more must be known of the slices
// that it may bind to. Frames and calls nest in what flows bind to, so only for categories
// that a user names it matters what lies around it.
func (s *stage) aim(e *trace.Event) bool {
	if s.Known != nil || !s.TakesBegins() {
		return false
	}
	if e.Phase == 'f' && !flows.BindsEnclosing(e) {
		return true
	}
	if len(s.cats) == 0 {
		return false
	}
	track := s.tracks.Of(e)
	s.aims.inside.Add(track)
	return s.aims.dropped.Has(track)
}

// unaim notes a slice of a category that goes, and reports as aim does.
func (s *stage) unaim(e *trace.Event, kind string) bool {
	if _, named := s.cats[kind]; !named || s.Known != nil || e.Phase != 'X' && e.Phase != 'B' {
		return false
	}
	track := s.tracks.Of(e)
	s.aims.dropped.Add(track)
	return s.aims.inside.Has(track)
}

// goesWithSlice reports a flow event that goes since the slice goes that it binds to.
func (s *stage) goesWithSlice(e *trace.Event) bool {
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
	marks := 0
	if err := pipeline.EachPart(ctx, r, func(p *trace.Part) {
		for i := range p.Events {
			e := &p.Events[i]
			pair := &pairs.NoPartner
			switch e.Phase {
			case 'B', 'E', 'b', 'e':
				pair = &shape.Partners[marks]
				marks++
			case 'X':
			default:
				continue
			}
			kind, _ := s.kind(e, s.side(e))
			kind, _ = s.pair(e, kind) // no error where all is known
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
			case e.Phase == 'E' && pair.Is == pairs.IsLone:
				b.End(track, e.TS)
			}
		}
	}); err != nil {
		return nil, err
	}
	b.Resolve()
	return flowsThatGo(b), nil
}

// flowsThatGo are the flow events that are bound to slices that go, and with them what
// they leave of their flows without a start or an end.
func flowsThatGo(b *flows.Binder) (gone bitset.Set) {
	goes := func(n int32) bool {
		at := b.Bound(n)
		return at.Some() && at.Is&flows.Kept == 0
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
