package pipeline

import (
	"context"

	"tracekit/internal/budget"
	"tracekit/trace"
)

// Reading begins to read a trace, or some blocks of it, once more.
type Reading func() (trace.Stream, error)

// BlocksOf reads blocks of a source.
func BlocksOf(s *trace.Source, blocks []trace.Block) Reading {
	return func() (trace.Stream, error) { return s.ReadBlocks(blocks) }
}

// EachPart calls f for the parts that are left of r.
func EachPart(ctx context.Context, r trace.Stream, f func(part *trace.Part)) error {
	defer r.Close()
	return trace.EachPart(ctx, r, func(part *trace.Part) error {
		f(part)
		return budget.Check(ctx)
	})
}

// EachEvent calls f for the events of a reading.
func EachEvent(ctx context.Context, read Reading, f func(e *trace.Event)) error {
	r, err := read()
	if err != nil {
		return err
	}
	return EachPart(ctx, r, func(p *trace.Part) {
		for i := range p.Events {
			f(&p.Events[i])
		}
	})
}
