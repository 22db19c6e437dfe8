package slice

import (
	"context"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/launches"
	"tracekit/transform/pipeline"
)

// Window is a range of time, half open, on a trace's clock.
type Window struct{ From, To trace.Time }

// PieceOptions say which slice piece writes.
type PieceOptions struct {
	Window
	Last     trace.Time         // end of the whole trace
	Launches *launches.Launches // of the whole trace; nil if devices are judged by time
	Covered  *spill.Log         // empty, for what slices cover of their tracks
}

// Piece writes a slice as Slice would of the whole trace, from what of it may matter:
// the document's text, all metadata, and in file order the events that a window needs.
// It calls read more than once, and visit for the slices that are kept.
func Piece(ctx context.Context, read pipeline.Reading, w *trace.Writer, o PieceOptions, visit func(e *trace.Event)) error {
	sel := &timeRange{from: o.From, to: o.To, last: o.Last}
	p := newRangePlan(sel, o.Covered)
	p.LimitKept(0) // who reads does that
	p.Read = read
	if o.Launches != nil {
		sel.launches = o.Launches.ForSelection(sel.launchesIn)
		if err := sel.launches.GatherCalls(ctx, p.Read); err != nil {
			return err
		}
	}
	if err := p.FirstPass(ctx); err != nil {
		return err
	}
	if err := p.Decide(ctx); err != nil {
		return err
	}
	return p.Emit(ctx, w, visit)
}
