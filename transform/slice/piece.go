package slice

import (
	"context"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/launches"
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

// Events is where a piece's events are: the document's text, all metadata, and in file
// order what its window needs.
type Events struct {
	Read   Rereading     // is called more than once
	Blocks []trace.Block // that are read; nil if they are not known
}

// Rereading begins to read events once more. If their blocks are known the call may say which
// of them are kept.
type Rereading func(known trace.VerbatimRuns) (trace.Stream, error)

// Piece writes a slice as Slice would of the whole trace, from what of it may matter. It
// calls visit for the slices that are kept.
func Piece(ctx context.Context, from Events, w *trace.Writer, o PieceOptions, visit func(e *trace.Event)) error {
	sel := &timeRange{from: o.From, to: o.To, last: o.Last}
	p := newRangePlan(sel, o.Covered)
	p.LimitKept(0) // who reads does that
	p.Read = func() (trace.Stream, error) { return from.Read(nil) }
	p.Visit = visit
	if from.Blocks != nil {
		p.Kept.Foresee(from.Blocks)
		p.ReadKnown = from.Read
	}
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
	return p.Emit(ctx, w)
}
