package merge

import (
	"context"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/window"
)

// span is a range of the merged trace, half open, and the steps that are in it, if it was found
// by them.
type span struct {
	from, to trace.Time
	steps    *origin.Steps
}

// findSpans finds the ranges of ranks that have more than one file: steps may stand in one, and
// what they launched in another.
func (p *Plan) findSpans(ctx context.Context) error {
	if p.Slice == nil || p.Slice.Requests != nil || p.Slice.Range.IsBounds() {
		return nil
	}
	for _, r := range p.Ranks {
		if len(r.files) < 2 {
			continue
		}
		var err error
		for _, f := range r.files {
			if r.span, err = p.findSpan(ctx, f); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findSpan finds the range by what one file tells.
func (p *Plan) findSpan(ctx context.Context, f *file) (*span, error) {
	find, err := window.NewFinder(p.Slice.Range)
	if err != nil {
		return nil, err
	}
	s := &span{}
	err = f.With(false, func(source *trace.Source) error {
		v, err := source.SurveyParts(func(part *trace.Part) error {
			if part.Text != nil {
				find.LearnDocument(part.Text)
			}
			for i := range part.Events {
				find.Learn(&part.Events[i])
			}
			return budget.Check(ctx)
		})
		if err != nil {
			return err
		}
		s.from, s.to, _, err = find.Resolve(v)
		if run := find.Run(); err == nil && run != nil {
			if s.steps = run.Origin(s.from, s.to); s.steps != nil {
				s.steps.At = f.clock.At(s.steps.At)
			}
		}
		s.from, s.to = f.clock.At(s.from), f.clock.At(s.to)
		return err
	})
	return s, err
}
