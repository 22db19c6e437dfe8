package merge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/clocks"
	"tracekit/transform/pipeline"
	"tracekit/transform/steps"
)

// Clocks are how the clocks of hosts differ, and Host is one of them.
type (
	Clocks = clocks.Clocks
	Host   = clocks.Host
)

// MostCollectives is how many collectives of a trace are remembered.
const MostCollectives = clocks.MostCollectives

// ErrClocks says that a file of clocks does not fit the traces.
var ErrClocks = errors.New("the clocks are not those of the traces")

// alignClocks gives each file its clock.
func (p *Plan) alignClocks(ctx context.Context) error {
	var traces []*clocks.Trace
	for _, f := range p.files {
		f.timing = clocks.Trace{Name: f.Name, Base: f.base, Zero: f.extent.Zero, Last: f.extent.Last, Samples: f.collectives.Samples}
		f.clock = &f.timing.Clock
		traces = append(traces, &f.timing)
	}
	p.Notes = append(p.Notes, clocks.Place(traces)...)
	switch {
	case p.Options.Clocks != nil:
		if err := p.useClocks(); err != nil {
			return err
		}
	case p.Align:
		if err := p.findClocks(ctx); err != nil {
			return err
		}
	}
	p.rebase()
	for _, f := range p.files {
		f.collectives.Samples, f.timing.Samples = nil, nil
	}
	return nil
}

// hostOf is the clock that a file has: its host's, or else its rank's.
func (f *file) hostOf() string {
	switch {
	case f.host != "":
		return f.host
	case f.rank != nil:
		for _, g := range f.rank.files {
			if g.host != "" {
				return g.host
			}
		}
		return f.rank.Label
	}
	return f.Name
}

// hosts are the clocks, in order of the ranks.
func (p *Plan) hosts() (all []*Host) {
	byName := map[string]*Host{}
	for _, r := range p.Ranks {
		for _, f := range r.files {
			name := f.hostOf()
			h := byName[name]
			if h == nil {
				h = &Host{Name: name}
				byName[name] = h
				all = append(all, h)
			}
			h.Add(&f.timing, r.Label)
		}
	}
	return all
}

// useClocks takes corrections that are known.
func (p *Plan) useClocks() error {
	p.Clocks = p.Options.Clocks
	hosts := p.hosts()
	for _, known := range p.Clocks.Hosts {
		i := slices.IndexFunc(hosts, func(h *Host) bool { return h.Name == known.Name })
		if i < 0 {
			return fmt.Errorf("%w: there is no %q among them", ErrClocks, known.Name)
		}
		if math.Abs(known.DriftPPM) > clocks.MostDrift*1e6 {
			return fmt.Errorf("%w: %s drifts by %g millionths", ErrClocks, known.Name, known.DriftPPM)
		}
		if known.Corrected || known.Why == "" {
			hosts[i].CorrectBy(known)
		}
	}
	return nil
}

// findClocks finds the corrections, by collectives or else by steps.
func (p *Plan) findClocks(ctx context.Context) error {
	hosts := p.hosts()
	if len(hosts) < 2 {
		return nil
	}
	by, some := clocks.ByCollectives, 0
	for _, f := range p.files {
		if len(f.timing.Samples) > 0 {
			some++
		}
	}
	if some < 2 {
		by = clocks.BySteps
		if p.Again != nil {
			p.Again()
		}
		for _, f := range p.files {
			if err := f.learnSteps(ctx); err != nil {
				return err
			}
		}
	}
	p.Clocks = clocks.Align(by, hosts)
	return nil
}

// learnSteps takes the ends of steps in place of those of collectives.
func (f *file) learnSteps(ctx context.Context) error {
	find := steps.NewFinder(steps.Options{})
	err := f.With(false, func(s *trace.Source) error {
		r, err := s.Read()
		if err != nil {
			return err
		}
		return pipeline.EachPart(ctx, r, func(p *trace.Part) {
			if p.Text != nil {
				find.LearnDocument(p.Text)
			}
			for i := range p.Events {
				find.Learn(&p.Events[i])
			}
		})
	})
	if err != nil {
		return err
	}
	run, err := find.Run()
	if err != nil {
		return nil // it has none, and so no matches
	}
	f.timing.Samples = clocks.Steps(len(run.Steps), run.Numbered(), func(i int) (int64, trace.Time) { return int64(run.Steps[i].Number), run.Steps[i].End })
	return nil
}

// rebase chooses what the times of the merged trace count from, so that none is negative and
// as few as possible change.
func (p *Plan) rebase() {
	const pytorch = 7_889_238 * trace.Time(1e9) // to which PyTorch rounds its base
	base, all, same := int64(math.MaxInt64), true, true
	first, last := trace.MaxTime, trace.MinTime
	for _, f := range p.files {
		if f.base != 0 {
			base = min(base, f.base)
		}
		if f.timing.ShowsNothing() {
			continue
		}
		same = same && f.clock.Same()
		all = all && f.clock.At(f.extent.Zero) >= clocks.Epoch
		first = min(first, f.clock.At(f.extent.Zero))
		last = max(last, f.clock.At(f.extent.Last))
	}
	switch {
	case base != math.MaxInt64:
		p.base = base
	case all && !same:
		p.base = int64(first / pytorch * pytorch)
	}
	shift := trace.Time(p.base)
	if first < shift && first != trace.MaxTime {
		const round = trace.Time(1e9)
		behind := (shift - first + round - 1) / round * round
		shift -= behind
		if p.base != 0 {
			p.base = int64(shift)
		}
	}
	if p.base != 0 && last != trace.MinTime && last-shift >= exactTimes {
		const round = trace.Time(1e9)
		shift = first / round * round
		p.base = int64(shift)
		if last-shift >= exactTimes {
			p.apart = last - first
		}
	}
	for _, f := range p.files {
		f.clock.Shift -= shift
	}
}

// exactTimes is up to where Perfetto, which reads times as doubles of microseconds, tells one
// nanosecond from the next, in ns.
const exactTimes = trace.Time(1<<43) * 1000

// extent is the range of the merged trace.
func (p *Plan) extent() (x trace.Extent) {
	x = trace.Extent{Zero: trace.MaxTime, Last: trace.MinTime, Longest: trace.MaxTime}
	for _, f := range p.files {
		if f.timing.ShowsNothing() {
			continue
		}
		x.Zero = min(x.Zero, f.clock.At(f.extent.Zero))
		x.Last = max(x.Last, f.clock.At(f.extent.Last))
		x.Outside += f.extent.Outside
	}
	if x.Zero > x.Last {
		x.Zero, x.Last = 0, 0
	}
	x.Ruler = x.Zero
	return x
}
