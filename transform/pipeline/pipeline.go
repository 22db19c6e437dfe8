// Package pipeline runs the events of a trace through a [Stage], which keeps, changes or drops
// each. [Run] is for one pass; a [Runner] for several over the same output. A [Report] is what all
// commands that write a trace say afterwards. It does not know any command.
package pipeline

import (
	"context"

	"tracekit/internal/budget"
	"tracekit/trace"
)

// Stage takes a trace in file order, one event at a time, and writes what
// must be left of it. Events belong to the reader until the stage returns.
type Stage interface {
	Text(t []byte, w *trace.Writer) error
	Event(e *trace.Event, w *trace.Writer) error
	// End is called behind the last event, before Text for what follows it, which is shown.
	End(behind [][]byte, w *trace.Writer) error
}

// Run sends all that r reads through s to w, and closes w.
func Run(ctx context.Context, r trace.Stream, w *trace.Writer, s Stage) error {
	run := NewRunner(w, s)
	if err := run.Rest(ctx, r); err != nil {
		return err
	}
	return run.End()
}

// Runner sends a trace through a stage part by part. Events that a stage holds
// back to the end have to stand before the bracket that closes the array: the
// text behind the latest event waits until more events come or the trace ends.
type Runner struct {
	Passed  func(p *trace.Part) // is called for what is solid, which the stage does not see; may be nil
	w       *trace.Writer
	stage   Stage
	waiting [][]byte
	events  bool // may come, or have come
}

// NewRunner returns a Runner that sends a trace through s to w.
func NewRunner(w *trace.Writer, s Stage) *Runner { return &Runner{w: w, stage: s} }

// Rest takes all parts that r reads.
func (r *Runner) Rest(ctx context.Context, in trace.Stream) error {
	err := trace.EachPart(ctx, in, func(p *trace.Part) error {
		if err := r.Part(p); err != nil {
			return err
		}
		return budget.Check(ctx)
	})
	if err != nil {
		return err
	}
	return budget.Look(ctx)
}

// Part takes the next part.
func (r *Runner) Part(p *trace.Part) error {
	if p.Text != nil {
		wait := r.events || len(r.waiting) > 0
		// Text after which an array of events is open is no end.
		r.events = r.events || OpensEvents(p.Text)
		if wait {
			r.waiting = append(r.waiting, append([]byte{}, p.Text...))
			return nil
		}
		return r.stage.Text(p.Text, r.w)
	}
	if err := r.release(); err != nil {
		return err
	}
	r.w.Follow(p)
	if p.Verbatim != nil {
		if r.Passed != nil {
			r.Passed(p)
		}
		return r.w.WriteVerbatim(p)
	}
	for i := range p.Events {
		if err := r.stage.Event(&p.Events[i], r.w); err != nil {
			return err
		}
	}
	return nil
}

// End ends the trace, and closes the writer.
func (r *Runner) End() error {
	if err := r.stage.End(r.waiting, r.w); err != nil {
		return err
	}
	if err := r.release(); err != nil {
		return err
	}
	return r.w.Close()
}

func (r *Runner) release() error {
	for _, t := range r.waiting {
		if err := r.stage.Text(t, r.w); err != nil {
			return err
		}
	}
	r.waiting = r.waiting[:0]
	return nil
}

// OpensEvents reports document text that ends in the bracket of an array.
func OpensEvents(t []byte) bool { return len(t) > 0 && t[len(t)-1] == '[' }
