package cut

import (
	"context"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// Window is a range of time, half open, on a trace's clock.
type Window struct{ From, To trace.Time }

// pieceOptions say which slice piece writes.
type pieceOptions struct {
	Window
	last     trace.Time    // end of the whole trace
	launches *launches     // of the whole trace; nil if devices are judged by time
	covered  *spill.Packed // empty, for what slices cover of their tracks
}

// piece writes a slice as Slice would of the whole trace, from what of it may matter:
// the document's text, all metadata, and in file order the events that a window needs.
// It calls read more than once, and visit for the slices that stay.
func piece(ctx context.Context, read reading, w *trace.Writer, o pieceOptions, visit func(e *trace.Event)) error {
	sel := &timeRange{from: o.From, to: o.To, last: o.last}
	p := newRangePlan(sel, o.covered)
	p.hold(0) // who reads does that
	p.read = read
	if o.launches != nil {
		sel.launches = o.launches.of(sel.launchesIn)
		if err := sel.launches.gatherCalls(ctx, p.read); err != nil {
			return err
		}
	}
	if err := p.look(ctx); err != nil {
		return err
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	return p.emitVisiting(ctx, w, visit)
}
