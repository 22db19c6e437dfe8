package report

import (
	"context"
	"errors"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// learned is what is known before the trace is measured.
type learned struct {
	First
	survey   *trace.Survey
	finder   *steps.Finder
	bounds   *window.Finder // nil if no range was given
	requests *requests.Finder
	run      *steps.Run // nil if there are no steps
	from, to trace.Time // the range, half open
}

func newLearned(o Options) (l *learned, err error) {
	l = &learned{finder: steps.NewFinder(o.Markers), requests: o.Requests}
	l.share, l.sides.Given = o.Windows != nil, o.Given
	if o.Range != nil {
		l.bounds, err = window.NewFinder(*o.Range)
	}
	return l, err
}

// learn reads the trace, or what its index has of that.
func learn(ctx context.Context, s *trace.Source, o Options) (*learned, error) {
	l, err := newLearned(o)
	if err != nil {
		return nil, err
	}
	if o.Look == nil && l.restore(s) {
		return l, l.documents(s, o)
	}
	if l, err = newLearned(o); err != nil { // some of it may be restored
		return nil, err
	}
	if l.share && o.Given == (filter.Given{}) && o.Device == nil {
		l.noted = newNoted(o.Temp)
	}
	budget.Register(ctx, func(s *budget.Sum) {
		s.Add("threads", l.threadMemory())
		l.finder.Hold(s)
		s.Add("open slices", l.begins.held)
		if l.requests != nil {
			s.Add("requests", l.requests.Memory())
		}
		if l.noted != nil {
			s.Add("names of slices", l.noted.held)
		}
	})
	l.survey, err = s.SurveyParts(func(p *trace.Part) error {
		if p.Text != nil {
			l.document(p.Text, o)
		}
		for i := range p.Events {
			e := &p.Events[i]
			l.Learn(e)
			l.finder.Learn(e)
			if l.bounds != nil {
				l.bounds.Learn(e)
			}
			if l.requests != nil {
				l.requests.Learn(e)
			}
		}
		if o.Look != nil {
			o.Look(p)
		}
		return budget.Check(ctx)
	})
	l.markOutOfOrder()
	return l, err
}

// restore makes l know what it would if it read all of s, by the index of s, and reports whether that has
// it. If not, l is of no use any more.
func (l *learned) restore(s *trace.Source) bool {
	return l.First.Restore(s) && l.finder.Restore(s) &&
		(l.bounds == nil || l.bounds.Restore(s)) && (l.requests == nil || l.requests.Restore(s))
}

// documents learns from the text of the document that the index has.
func (l *learned) documents(s *trace.Source, o Options) (err error) {
	if l.survey, err = s.Survey(nil); err != nil {
		return err
	}
	for i := range l.survey.Blocks {
		if text := l.survey.Blocks[i].Text; text != nil {
			l.First.LearnDocument(text)
			if o.Document != nil {
				o.Document(text)
			}
		}
	}
	return nil
}

// document learns from text of the document, outside of its events.
func (l *learned) document(text []byte, o Options) {
	l.First.LearnDocument(text)
	l.finder.LearnDocument(text)
	if l.bounds != nil {
		l.bounds.LearnDocument(text)
	}
	if l.requests != nil {
		l.requests.LearnDocument(text)
	}
	if o.Document != nil {
		o.Document(text)
	}
}

// begin finds the range and the steps.
func (l *learned) begin(o Options) (*Report, error) {
	r := &Report{Zero: l.survey.Zero, Ruler: l.survey.Ruler, Impossible: l.survey.Outside, Damage: l.survey.Damage, Survey: l.survey}
	if l.share {
		r.Shortest = l.shortest
	}
	var missing *steps.NoMarkersError
	var err error
	switch l.run, err = l.finder.Run(); {
	case err == nil:
		r.Markers = l.run.String()
	case !errors.As(err, &missing) || o.Markers != steps.Options{}:
		return nil, err
	default:
		r.Markers = "no markers of steps"
	}
	l.from, l.to = l.survey.Zero, l.survey.Last.Add(1)
	if l.bounds == nil && l.requests == nil && l.run != nil && l.run.Outside.Steps > 0 {
		l.from, l.to = l.run.Capture.Start, l.run.Capture.End.Add(1)
		r.Outside = l.run.Outside.String()
	}
	if l.bounds != nil {
		if l.from, l.to, _, err = l.bounds.Resolve(l.survey); err != nil {
			return nil, err
		}
	}
	if l.requests != nil {
		if l.from, l.to, _, err = l.requests.Range(o.Request, l.survey); err != nil {
			return nil, err
		}
	}
	r.From, r.To = max(l.from, l.survey.Zero), min(l.to, l.survey.Last)
	r.To = max(r.From, r.To)
	return r, nil
}

// holds reports whether something that starts then belongs to the range whole.
func (l *learned) holds(start trace.Time) bool { return start >= l.from && start < l.to }

// meets reports whether some of a slice belongs to the range.
func (l *learned) meets(start, length trace.Time) bool {
	return start < l.to && (start.Add(length) > l.from || length == 0 && start == l.from) && l.survey.Holds(start, length)
}
