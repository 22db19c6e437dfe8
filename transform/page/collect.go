// Package page makes a picture of a trace that is too big to open: what
// happens when, in bins of time, on one page that asks for nothing else.
package page

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Collector gathers an overview as the parts of a trace go by. Its memory does
// not grow with the trace, but for the steps that it finds, about 100 bytes
// each, and names.
type Collector struct {
	forecast *Forecast
	lanes    lanes
	counters counters
	finder   *steps.Finder
	cats     map[catKey]*Category
	cat      *Category // of the last event
	base     int64
}

// day is from where on a duration, in ns, may turn out to be impossible for the trace.
const day = trace.Time(24 * time.Hour)

type catKey struct {
	phase byte
	cat   string
}

// NewCollector returns a Collector that has seen nothing; o chooses among
// markers of steps, and given says what events are, where nothing else tells.
func NewCollector(o steps.Options, given filter.Given) *Collector {
	c := &Collector{forecast: newForecast(maxBins), finder: steps.NewFinder(o), cats: map[catKey]*Category{}}
	c.lanes.sides.Given = given
	c.lanes.scale, c.counters.scale = c.forecast.scale, c.forecast.scale
	return c
}

// Part takes the next part of the trace. It keeps nothing of it.
func (c *Collector) Part(p *trace.Part) {
	if p.Text != nil {
		c.lanes.sides.LearnDocument(p.Text)
		c.forecast.Text(p.Text)
		c.finder.LearnDocument(p.Text)
		if c.base == 0 {
			c.base = window.BaseTime(p.Text)
		}
	}
	for i := range p.Events {
		c.event(&p.Events[i])
	}
}

func (c *Collector) event(e *trace.Event) {
	c.lanes.sides.Learn(e)
	c.finder.Learn(e)
	c.count(e)
	switch placed := c.forecast.Event(e, 0); {
	case e.IsMeta():
		c.lanes.names.Learn(e)
	case !placed || e.IsFlow():
	case e.Phase == 'C':
		c.counters.add(e)
	default:
		c.lanes.add(e)
	}
}

func (c *Collector) count(e *trace.Event) {
	if n := c.cat; n == nil || n.phase != e.Phase || n.raw != string(e.Cat()) {
		key := catKey{e.Phase, string(e.Cat())}
		if c.cat = c.cats[key]; c.cat == nil {
			c.cat = &Category{Phase: phaseText(e.Phase), Cat: plain(e.Cat()), phase: e.Phase, raw: key.cat}
			c.cats[key] = c.cat
		}
	}
	c.cat.Events++
	c.cat.Bytes += int64(e.Size())
	if dur := e.Span(); dur >= day {
		c.cat.long, c.cat.longest = c.cat.long.Add(dur), max(c.cat.longest, dur)
	} else {
		c.cat.Busy = c.cat.Busy.Add(dur)
	}
}

// Finish gives what was gathered of the trace that v surveys.
func (c *Collector) Finish(v *trace.Survey) *Data {
	d := &Data{
		Zero: v.Zero, Last: v.Last, Base: c.base, Events: v.Events, Bytes: v.Bytes, Damage: v.Damage,
		Packed: -1, Forecast: c.forecast,
	}
	c.forecast.Finish(v)
	if c.forecast.scale.shift > 0 {
		c.fit(v)
	}
	for _, n := range c.cats {
		if n.longest <= v.Longest {
			n.Busy = n.Busy.Add(n.long)
		}
		d.Categories = append(d.Categories, *n)
	}
	slices.SortFunc(d.Categories, func(a, b Category) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Phase, b.Phase))
	})
	for _, n := range c.lanes.list() {
		d.Lanes = append(d.Lanes, c.lane(d, n))
	}
	for _, n := range c.counters.list() {
		d.Counters = append(d.Counters, c.counter(d, n))
	}
	run, err := c.finder.Run()
	if err != nil {
		d.Markers = "no markers of steps"
		return d
	}
	d.Markers = run.String()
	d.Bands, d.Gaps, d.Compiles = bands(run), longGaps(run), compiles(run)
	return d
}

// fit widens bins until those that are in use are few enough for a page.
func (c *Collector) fit(v *trace.Survey) {
	for s := c.forecast.scale; s.index(v.Last)-s.index(v.Zero) >= pageBins; {
		s.widen(0)
	}
}

// Collect reads the whole trace once.
func Collect(ctx context.Context, s *trace.Source, o steps.Options) (*Data, error) {
	c := NewCollector(o, filter.Given{})
	v, err := s.SurveyParts(func(p *trace.Part) error {
		c.Part(p)
		return budget.Check(ctx)
	})
	if err != nil {
		return nil, err
	}
	return c.Finish(v), nil
}

func phaseText(p byte) string {
	if p == 0 {
		return "none"
	}
	return string(rune(p))
}
