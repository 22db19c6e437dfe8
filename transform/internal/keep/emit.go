package keep

import (
	"context"
	"iter"

	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// Emit writes what the plan keeps.
func (p *Plan) Emit(ctx context.Context, w *trace.Writer) error {
	stream, err := p.streamOnce(p.SomeFlows(), p.Kept.VerbatimRuns(p.KeepsFlow))
	if err != nil {
		return err
	}
	defer stream.Close()
	e := &emitter{Plan: p}
	run := pipeline.NewRunner(w, e)
	run.Passed = func(part *trace.Part) { e.flow += part.Flows }
	if err := run.Rest(ctx, stream); err != nil {
		return err
	}
	return run.End()
}

// emitter is the stage that writes what a plan keeps.
type emitter struct {
	*Plan
	begun bool
	pair  int
	flow  int
	names pipeline.Distinct
}

func (s *emitter) Text(t []byte, w *trace.Writer) error {
	if err := w.Text(t); err != nil || s.begun || !pipeline.OpensEvents(t) {
		return err
	}
	s.begun = true
	if s.Counters != nil {
		for _, obj := range s.Counters.carried() {
			if err := w.Object(obj); err != nil {
				return err
			}
		}
	}
	return writeMade(w, s.Opening(s.Plan))
}

func writeMade(w *trace.Writer, all iter.Seq[Made]) error {
	for m := range all {
		if m.Like != nil {
			w.SetLead(m.Like)
		}
		if err := w.Object(m.Text); err != nil {
			return err
		}
	}
	return nil
}

func (s *emitter) Event(e *trace.Event, w *trace.Writer) error {
	switch e.Phase {
	case 'M':
		if s.isUsed(e) && s.names.First(e) {
			return s.Put(e, w)
		}
		return nil
	case 'B', 'E', 'b', 'e':
		s.pair++
		if s.Decided.Keep.Has(s.pair - 1) {
			return s.PutBound(e, w)
		}
		return nil
	case 's', 't', 'f':
		if s.Point(e) != BindsNothing {
			s.flow++
			if s.KeepsFlow(s.flow - 1) {
				return s.Put(e, w)
			}
		}
		return nil
	}
	if s.Judge(e) != Whole {
		return nil
	}
	return s.PutBound(e, w)
}

// PutBound writes a slice without what it says of dangling flows.
func (p *Plan) PutBound(e *trace.Event, w *trace.Writer) error {
	dangling := p.dangling(e)
	if dangling == nil {
		return p.Put(e, w)
	}
	w.SetLead(e)
	obj := trace.Without(e.Raw(), dangling...)
	p.Tally.Out(e, len(e.Lead())+len(obj))
	return w.Object(obj)
}

// Put writes an event as it is.
func (p *Plan) Put(e *trace.Event, w *trace.Writer) error {
	p.Tally.Out(e, e.Size())
	return w.Event(e)
}

func (s *emitter) End(_ [][]byte, w *trace.Writer) error {
	for _, e := range s.names.Due() {
		if err := s.Put(&e, w); err != nil {
			return err
		}
	}
	return writeMade(w, s.Closing(s.Plan))
}
