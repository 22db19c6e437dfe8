package downsample

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"slices"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/extsort"
	"tracekit/trace"
	"tracekit/transform/internal/launches"
	"tracekit/transform/report"
	"tracekit/transform/steps"
)

// plan is what has to be known before anything is written.
type plan struct {
	*learner
	survey   *trace.Survey
	windows  windows
	known    numbers // slices of devices whose launch is known
	launched numbers // those of them that a step launched which is kept
	nest     *nest   // of the decision at hand; nil before the first
}

// survey is the first pass.
func survey(ctx context.Context, s *trace.Source, o *Options, held int) (p *plan, err error) {
	l := &learner{o: o, seed: maphash.MakeSeed(), tally: &tally{}}
	known, err := l.learnNames(s)
	if err != nil {
		return nil, err
	}
	scratch := &extsort.Scratch{}
	for _, to := range []**sorter{&l.main, &l.marks, &l.chains, &l.samples} {
		*to = extsort.New(&kind, held, scratch, o.Spill)
	}
	if o.Every > 0 || o.budget() {
		l.finder = steps.NewFinder(o.Steps)
	}
	var launched *launches.Judge
	if o.Every > 0 {
		launched = launches.NewJudge(o.Given)
	}
	p = &plan{learner: l}
	budget.Register(ctx, l.addMemory)
	budget.Register(ctx, func(s *budget.Sum) {
		if p.nest != nil {
			s.Add("open slices", p.nest.memory())
		}
	})
	defer func(made *plan) {
		if err != nil {
			made.close()
		}
	}(p)
	if p.survey, err = visit(s, known, func(part *trace.Part) error {
		if launched != nil {
			launched.Learn(part)
		}
		if err := l.part(part); err != nil {
			return err
		}
		return budget.Check(ctx)
	}); err != nil {
		return nil, err
	}
	l.names.finish(&l.tracks)
	if err := p.findSteps(); err != nil {
		return nil, err
	}
	if launched != nil {
		if err := p.follow(ctx, s, launched); err != nil {
			return nil, err
		}
	}
	if err := l.pair(ctx); err != nil {
		return nil, err
	}
	defer l.samples.Close()
	if err := l.meter.thinOut(ctx, l.samples, int64(o.Counters), int64(p.survey.Zero), p.windows.has); err != nil {
		return nil, err
	}
	return p, nil
}

// learnNames reads the names of processes and threads, and the zero, if what is favoured
// asks for them: most traces have them at their end. The survey is nil if it does not.
func (l *learner) learnNames(s *trace.Source) (*trace.Survey, error) {
	if l.o.Favour.Needs()&(filter.NeedsNames|filter.NeedsZero|filter.NeedsKinds) == 0 {
		return nil, nil
	}
	var c called
	var kinds filter.Recognizer
	learns := l.o.Favour.Needs()&filter.NeedsKinds != 0
	known, err := s.SurveyParts(func(p *trace.Part) error {
		if learns && p.Text != nil {
			kinds.LearnDocument(p.Text)
		}
		for i := range p.Events {
			e := &p.Events[i]
			if e.IsMeta() {
				c.Learn(e)
			}
			if learns {
				kinds.Learn(e)
			}
		}
		return nil
	})
	if err == nil {
		l.env = filter.Env{Names: &c, Zero: known.Zero, Kinds: &kinds}
	}
	return known, err
}

// visit calls f for every part of the trace, and surveys it if it is not known yet.
func visit(s *trace.Source, known *trace.Survey, f func(*trace.Part) error) (*trace.Survey, error) {
	if known == nil {
		return s.SurveyParts(f)
	}
	r, err := s.ReadBlocks(known.Blocks)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return known, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Parts {
			if err := f(&b.Parts[i]); err != nil {
				return nil, err
			}
		}
	}
}

// called are names as an expression asks for them.
type called struct{ report.Names }

func (c *called) Process(pid []byte) string {
	return c.Name(slices.Index(c.Processes, string(pid)))
}

func (c *called) Thread(pid, tid []byte) string {
	return c.Names.Thread(c.Find(string(pid), string(tid)))
}

// findSteps finds the steps that are kept. A budget goes without if there are none.
func (p *plan) findSteps() error {
	p.earlier.finish()
	defer p.anchors.finish()
	if p.finder == nil {
		return nil
	}
	run, err := p.finder.Run()
	p.finder = nil
	var none *steps.NoMarkersError
	switch {
	case errors.As(err, &none) && p.o.Every == 0:
		return nil
	case err != nil:
		return err
	}
	if p.o.budget() {
		p.anchors.addSteps(run, &p.tracks)
	}
	if p.o.Every > 0 {
		p.windows = every(p.o.Every, run)
	}
	return nil
}

// follow finds what the steps that are kept launched on devices, whenever it ran.
func (p *plan) follow(ctx context.Context, s *trace.Source, l *launches.Judge) error {
	stays := func(start, end trace.Time) bool { return p.windows.meet(int64(start), int64(end)) }
	return l.Judge(ctx, s, p.survey.Blocks, stays, func(n uint64, stays bool) {
		p.known.add(n)
		if stays {
			p.launched.add(n)
		}
	})
}

func (p *plan) close() {
	for _, s := range []*sorter{p.main, p.marks, p.chains, p.samples} {
		s.Close()
	}
}

// each goes through all records, and tells how far it has come.
func (p *plan) each(ctx context.Context, f func(*record) error) error {
	if p.o.Worked == nil {
		return p.main.Each(ctx, f)
	}
	const some = 1 << 16
	n, part := 0, some/float64(max(p.survey.Events, some))
	return p.main.Each(ctx, func(r *record) error {
		if n++; n%some == 0 {
			p.o.Worked(part)
		}
		return f(r)
	})
}
