package filter

import (
	"cmp"
	"context"
	"slices"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/merged"
	"tracekit/transform/pipeline"
)

// sieve is the stage of a filter. It writes what is kept as it comes, for as long as
// an event alone says whether it does; what comes behind the first begin or end
// waits until the plan is settled. Names wait for the first event of what they
// name. Flows come last, since they are kept or dropped with slices that may stand
// anywhere.
type sieve struct {
	*keep.Plan
	matching  *matching
	names     pipeline.Names
	lateFlows lateFlows
	begun     bool // something that has to be settled has come
	settled   bool
	pair      int             // ordinal of the begin or end that comes next
	flow      int             // of the flow event that comes next
	ctx       context.Context // of finish, which has End called
}

// isDecided reports a part of which each event alone says whether it is kept.
func isDecided(p *trace.Part) bool {
	for i := range p.Events {
		switch e := &p.Events[i]; e.Phase {
		case 'B', 'E', 'b', 'e':
			return false
		default:
			if e.Has&trace.HasBind != 0 {
				return false
			}
		}
	}
	return true
}

// sift reads a trace, and writes what is kept of it up to the first part that has to
// be settled.
func (s *sieve) sift(ctx context.Context, src *trace.Source, run *pipeline.Runner) (*trace.Survey, error) {
	block := 0
	var flows, others []int // blocks that may have such, behind what is written
	s.register(ctx)
	v, err := src.SurveyParts(func(p *trace.Part) (err error) {
		s.begun = s.begun || !isDecided(p)
		if s.begun {
			some, more := s.NotePart(p)
			if more {
				others = append(others, block)
			} else if some {
				flows = append(flows, block)
			}
		} else {
			before := s.lateFlows.total
			if err = run.Part(p); s.lateFlows.total > before {
				s.lateFlows.blocks = append(s.lateFlows.blocks, block)
			}
		}
		block++
		return cmp.Or(err, s.Covers.Err(), budget.Check(ctx))
	})
	if err != nil {
		return nil, err
	}
	blocks := func(numbers []int) pipeline.Reading {
		var all []trace.Block
		for _, n := range numbers {
			all = append(all, v.Blocks[n])
		}
		return pipeline.BlocksOf(src, all)
	}
	s.lateFlows.read = blocks(s.lateFlows.blocks)
	s.Flowless = blocks(others)
	all := append(flows, others...)
	slices.Sort(all)
	s.Read = blocks(all)
	return v, nil
}

// register lets what s takes be counted, while it writes.
func (s *sieve) register(ctx context.Context) {
	budget.Register(ctx, s.AddMemory)
	budget.Register(ctx, func(sum *budget.Sum) { sum.Add("metadata of threads without events", s.names.Memory()) })
}

// siftAgain writes what is kept of a trace of which each event alone says whether it is kept.
func (s *sieve) siftAgain(ctx context.Context, run *pipeline.Runner) error {
	s.lateFlows.read = s.Read
	s.register(ctx)
	r, err := s.Read()
	if err != nil {
		return err
	}
	defer r.Close()
	return run.Rest(ctx, r)
}

// finish writes what has waited.
func (s *sieve) finish(ctx context.Context, run *pipeline.Runner) error {
	if err := s.lateFlows.reread(ctx, s.Plan); err != nil {
		return err
	}
	if err := s.Decide(ctx); err != nil {
		return err
	}
	s.settled, s.ctx = true, ctx
	s.flow = s.lateFlows.skipped.count + s.lateFlows.noted
	if s.begun {
		r, err := s.Stream(s.SomeFlows())
		if err != nil {
			return err
		}
		defer r.Close()
		if err := run.Rest(ctx, r); err != nil {
			return err
		}
	}
	return run.End()
}

func (s *sieve) Text(t []byte, w *trace.Writer) error { return w.Text(t) }

func (s *sieve) Event(e *trace.Event, w *trace.Writer) error {
	if !s.settled {
		s.Tally.In(e)
	}
	switch e.Phase {
	case 'M':
		return s.names.Name(e, w)
	case 'B', 'E', 'b', 'e':
		s.pair++
		if !s.Decided.Keep.Has(s.pair - 1) {
			return nil
		}
	case 's', 't', 'f':
		return s.takeFlow(e)
	default:
		if s.Judge(e) == keep.Drop {
			if !s.settled {
				s.NoteDropped(e)
			}
			return s.Covers.Err()
		}
		if !s.settled {
			s.NoteKept(e)
		}
	}
	if err := s.names.Use(e, w); err != nil {
		return err
	}
	if e.Phase == 'X' && merged.Is(e) {
		if obj := s.matching.narrowed(e); obj != nil {
			s.Tally.Out(e, len(e.Lead())+len(obj))
			w.SetLead(e)
			return w.Object(obj)
		}
	}
	if s.settled {
		return s.PutBound(e, w)
	}
	return s.Put(e, w)
}

// takeFlow lets a flow event wait.
func (s *sieve) takeFlow(e *trace.Event) error {
	switch {
	case s.Point(e) == keep.BindsNothing:
		return nil
	case !s.settled:
		return s.lateFlows.wait(s.Plan, e)
	}
	if s.flow++; s.KeepsFlow(s.flow - 1) {
		return s.lateFlows.hold(e)
	}
	return nil
}

func (s *sieve) End(_ [][]byte, w *trace.Writer) error {
	if s.SomeFlows() {
		if err := s.lateFlows.eachKept(s.ctx, s.KeepsFlow, func(e *trace.Event) error { return s.Put(e, w) }); err != nil {
			return err
		}
	}
	return s.names.End(w)
}
