package merge

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/steps"
)

// clock maps times of one file to those of the merged trace.
type clock struct {
	shift trace.Time
	drift float64
	pivot trace.Time // of the file, where drift counts from
}

func (c *clock) same() bool { return c.shift == 0 && c.drift == 0 }

// at is a time of the file in the merged trace. It never turns the order of two.
func (c *clock) at(t trace.Time) trace.Time {
	t = t.Add(c.shift)
	if c.drift != 0 {
		t = t.Add(trace.Time(math.Round(c.drift * float64(t-c.shift-c.pivot))))
	}
	return t
}

// before is the first time of the file that is not before one of the merged trace.
func (c *clock) before(t trace.Time) trace.Time {
	was := t.Add(-c.shift)
	if c.drift != 0 {
		was = was.Add(-trace.Time(math.Round(c.drift * float64(was-c.pivot) / (1 + c.drift))))
		for c.at(was) >= t {
			was--
		}
		for c.at(was) < t {
			was++
		}
	}
	return was
}

// Clocks are how the clocks of hosts differ.
type Clocks struct {
	// By is what tells: collectives, steps, or a file.
	By        string  `json:"by"`
	Reference string  `json:"reference,omitempty"`
	Hosts     []*Host `json:"hosts"`
}

// Host is a clock, that of a host, or of a rank whose host is not known.
type Host struct {
	Name  string   `json:"host"`
	Ranks []string `json:"ranks,omitempty"`
	// Offset is added to its times, in ns, and DriftPPM millionths of what has passed since At,
	// which is a wall clock, or the trace's own where that is not known, in ns.
	Offset   int64   `json:"offset_ns"`
	DriftPPM float64 `json:"drift_ppm"`
	At       int64   `json:"at_ns"`
	Matches  int     `json:"matches"` // with the hosts before
	// Residuals are how far matches are from what the correction says, in ns.
	Residuals *Residuals `json:"residuals,omitempty"`
	Corrected bool       `json:"corrected"`
	Why       string     `json:"why,omitempty"` // it is not
}

// Residuals are absolute differences in ns.
type Residuals struct {
	P50 int64 `json:"p50_ns"`
	P90 int64 `json:"p90_ns"`
	Max int64 `json:"max_ns"`
}

// leastMatches are needed to correct a clock.
const leastMatches = 20

// ErrClocks says that a file of clocks does not fit the traces.
var ErrClocks = errors.New("the clocks are not those of the traces")

// alignClocks gives each file its clock.
func (p *Plan) alignClocks(ctx context.Context) error {
	p.placeBases()
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
		f.collectives.samples = nil
	}
	return nil
}

// epoch is more than a trace counts that does not count from 1970, in ns: 2001.
const epoch = trace.Time(1e18)

// placeBases places files by the clocks that they state: baseTimeNanoseconds, or times that
// count from the epoch.
func (p *Plan) placeBases() {
	var placed, others []*file
	first := trace.MaxTime
	for _, f := range p.files {
		f.clock = &clock{shift: trace.Time(f.base)}
		switch {
		case f.showsNothing():
		case f.states():
			placed = append(placed, f)
			first = min(first, f.clock.at(f.extent.Zero))
		default:
			others = append(others, f)
		}
	}
	if len(placed) == 0 || len(others) == 0 {
		if len(others) > 1 {
			p.note("no trace says what its times count from: they are taken to count from the same moment")
		}
		return
	}
	for _, f := range others {
		f.clock.shift = first - f.extent.Zero
		p.note("%s does not say what its times count from: it begins where the first of the others does", f.Name)
	}
}

// showsNothing reports a trace without times that matter.
func (f *file) showsNothing() bool { return f.extent.Zero == 0 && f.extent.Last == 0 }

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
func (p *Plan) hosts() (all []*Host, files map[*Host][]*file) {
	files = map[*Host][]*file{}
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
			if !slices.Contains(files[h], f) {
				files[h] = append(files[h], f)
			}
			if !slices.Contains(h.Ranks, r.Label) {
				h.Ranks = append(h.Ranks, r.Label)
			}
		}
	}
	return all, files
}

// correct gives the files of a host its correction.
func (h *Host) correct(files []*file) {
	for _, f := range files {
		f.clock.drift = h.DriftPPM / 1e6
		f.clock.pivot = trace.Time(h.At).Add(-f.clock.shift)
		f.clock.shift = f.clock.shift.Add(trace.Time(h.Offset))
	}
}

// useClocks takes corrections that are known.
func (p *Plan) useClocks() error {
	p.Clocks = p.Options.Clocks
	hosts, files := p.hosts()
	for _, known := range p.Clocks.Hosts {
		i := slices.IndexFunc(hosts, func(h *Host) bool { return h.Name == known.Name })
		if i < 0 {
			return fmt.Errorf("%w: there is no %q among them", ErrClocks, known.Name)
		}
		if math.Abs(known.DriftPPM) > mostDrift*1e6 {
			return fmt.Errorf("%w: %s drifts by %g millionths", ErrClocks, known.Name, known.DriftPPM)
		}
		if known.Corrected || known.Why == "" {
			known.correct(files[hosts[i]])
		}
	}
	return nil
}

// findClocks finds the corrections, by collectives or else by steps.
func (p *Plan) findClocks(ctx context.Context) error {
	hosts, files := p.hosts()
	if len(hosts) < 2 {
		return nil
	}
	p.Clocks = &Clocks{By: byCollectives, Hosts: hosts}
	some := 0
	for _, f := range p.files {
		if len(f.collectives.samples) > 0 {
			some++
		}
	}
	if some < 2 {
		p.Clocks.By = bySteps
		for _, f := range p.files {
			if err := f.learnSteps(ctx); err != nil {
				return err
			}
		}
	}
	a := aligner{clocks: p.Clocks, files: files, ends: map[meeting]*ends{}}
	a.align()
	for _, h := range hosts {
		if h.Corrected {
			h.correct(files[h])
		}
	}
	return nil
}

// What the clocks are told by.
const (
	byCollectives = "ends of collectives"
	bySteps       = "ends of steps, since no collectives are recorded"
)

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
	f.collectives.samples = f.collectives.samples[:0]
	group := hash([]byte("steps"))
	for i, s := range run.Steps[:min(len(run.Steps), MostCollectives)] {
		m := sample{meeting{group, uint64(i)}, stepShape, s.End}
		if run.Numbered() {
			m = sample{meeting{group, uint64(s.Number)}, 0, s.End}
		}
		f.collectives.samples = append(f.collectives.samples, m)
	}
	return nil
}

// stepShape is that of steps without numbers.
const stepShape = 1

// rebase chooses what the times of the merged trace count from, so that none is negative and
// as few as possible change.
func (p *Plan) rebase() {
	const pytorch = 7_889_238 * trace.Time(1e9) // to which PyTorch rounds its base
	base, all, same := int64(math.MaxInt64), true, true
	first := trace.MaxTime
	for _, f := range p.files {
		if f.base != 0 {
			base = min(base, f.base)
		}
		if f.showsNothing() {
			continue
		}
		same = same && f.clock.same()
		all = all && f.clock.at(f.extent.Zero) >= epoch
		first = min(first, f.clock.at(f.extent.Zero))
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
	for _, f := range p.files {
		f.clock.shift -= shift
	}
}

// extent is the range of the merged trace.
func (p *Plan) extent() (x trace.Extent) {
	x = trace.Extent{Zero: trace.MaxTime, Last: trace.MinTime, Longest: trace.MaxTime}
	for _, f := range p.files {
		if f.showsNothing() {
			continue
		}
		x.Zero = min(x.Zero, f.clock.at(f.extent.Zero))
		x.Last = max(x.Last, f.clock.at(f.extent.Last))
		x.Outside += f.extent.Outside
	}
	if x.Zero > x.Last {
		x.Zero, x.Last = 0, 0
	}
	x.Ruler = x.Zero
	return x
}
