// Package page draws a trace of any size on one HTML page: what happened when, in bins of time.
// [Collect] gathers the data, [Write] writes the page, [WriteLive] the one of open, which shares
// all of its code. It does not change a trace: pieces are cut by the command.
package page

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Collector gathers an overview as the parts of a trace go by. Its memory does
// not grow with the trace, but for the steps and requests that it finds, some
// hundred bytes each, and names.
type Collector struct {
	forecast *Forecast
	lanes    lanes
	counters counters
	finder   *requests.Finder
	cats     map[catKey]*Category
	cat      *Category // of the last event
	binned   int       // categories that have bins
	merged   merged.Reader
	names    *Occurrences // nil unless they are gathered
	base     int64
	events   int64
	bytes    int64
}

// day is from where on a duration, in ns, may turn out to be impossible for the trace.
const day = trace.Time(24 * time.Hour)

type catKey struct {
	phase byte
	cat   string
}

// NewCollector returns a Collector that has seen nothing; f finds steps and
// requests, and given says what events are, where nothing else tells.
func NewCollector(f *requests.Finder, given filter.Given) *Collector {
	c := &Collector{forecast: newForecast(maxBins), finder: f, cats: map[catKey]*Category{}}
	c.lanes.sides.Given = given
	c.lanes.scale, c.counters.scale = c.forecast.scale, c.forecast.scale
	return c
}

// AddMemory adds what c takes.
func (c *Collector) AddMemory(s *budget.Sum) {
	const category, reach, binned = 280, 24, 2 * 8 * maxBins // reach is how far one of a lane reaches
	categories := category*len(c.cats) + binned*c.binned
	for _, l := range c.lanes.all {
		categories += reach * cap(l.covered)
	}
	s.Add("threads", c.lanes.names.Memory())
	s.Add("categories", categories)
	s.Add("steps and requests", c.finder.Memory())
	if c.names != nil {
		s.Add("names", c.names.bytes())
	}
}

// GatherNames lets c gather where names occur, besides.
func (c *Collector) GatherNames() { c.names = newOccurrences(&c.lanes.names) }

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
	placed := c.forecast.Event(e, 0)
	m := c.merged.Read(e)
	c.count(e, placed)
	if m != nil {
		c.countMerged(e, m)
	} else {
		c.cat.work(e.Span())
	}
	switch {
	case e.IsMeta():
		c.lanes.names.Learn(e)
	case !placed || e.IsFlow():
	case e.Phase == 'C':
		c.counters.add(e)
	case m != nil && m.IsComplete():
		c.lanes.addMerged(e, m, &c.merged)
	default:
		c.lanes.add(e)
	}
	if c.names != nil {
		c.names.add(e)
	}
}

func (c *Collector) count(e *trace.Event, placed bool) {
	n := c.category(e, e.Cat())
	n.Events++
	n.Bytes += int64(e.Size())
	c.events++
	c.bytes += int64(e.Size())
	if placed && n.events != nil {
		i := c.forecast.scale.index(e.TS)
		n.events[i]++
		n.bytes[i] += int64(e.Size()) + 1
	}
	if n.Events <= learned {
		c.learnKind(n, e)
	}
}

// countMerged gives each category the time of its slices that e stands for.
func (c *Collector) countMerged(e *trace.Event, m *merged.Slices) {
	own, busy := c.cat, m.Busy
	for n := range m.All {
		c.category(e, n.Cat).work(n.Busy)
		busy -= n.Busy
	}
	own.work(max(busy, 0)) // of which no name is known
	c.cat = own
}

// work adds the time of slices.
func (n *Category) work(dur trace.Time) {
	if dur >= day {
		n.long, n.longest = n.long.Add(dur), max(n.longest, dur)
	} else {
		n.Busy = n.Busy.Add(dur)
	}
}

// category is that of a name, with the phase of e.
func (c *Collector) category(e *trace.Event, cat []byte) *Category {
	if n := c.cat; n == nil || n.phase != e.Phase || n.raw != string(cat) {
		key := catKey{e.Phase, string(cat)}
		if c.cat = c.cats[key]; c.cat == nil {
			c.cat = c.newCategory(e, key)
		}
	}
	return c.cat
}

// binnedCats is how many categories have bins: those that come first.
const binnedCats = 64

func (c *Collector) newCategory(e *trace.Event, key catKey) *Category {
	n := &Category{Phase: phaseText(e.Phase), Cat: string(trace.Unescape([]byte(key.cat))), phase: e.Phase, raw: key.cat}
	if c.cats[key] = n; c.binned < binnedCats && !e.IsMeta() {
		c.binned++
		n.events, n.bytes = make(sums, maxBins), make(sums, maxBins)
		c.forecast.scale.series = append(c.forecast.scale.series, n)
	}
	return n
}

// learnKind notes what strip takes an event of a category for.
func (c *Collector) learnKind(n *Category, e *trace.Event) {
	switch kinds := c.lanes.sides.Kinds(e); {
	case kinds&filter.Python != 0:
		n.kinds[0]++
	case !e.IsMeta() && (c.lanes.sides.Side(e) == filter.Device || c.lanes.sides.MayCross(e)):
		n.kinds[1]++
	case kinds&filter.Runtime != 0:
		n.kinds[2]++
	case kinds&filter.Memory != 0:
		n.kinds[3]++
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
	}
	c.fill(d)
	d.finer = c.finerOf(d)
	if d.names = c.names; c.names != nil {
		c.names.zero, c.names.last = d.Zero, d.Last
	}
	if found, err := c.finder.Find(requests.Clock{Zero: d.Zero, Last: d.Last, Base: d.Base}); err == nil {
		d.Requests = longest(found.Requests, shownRequests, func(r *requests.Request) trace.Time { return r.End - r.Start }, func(r *requests.Request) trace.Time { return r.Start })
	}
	return d
}

// Partial gives what was gathered so far, while the trace is read: good until the
// next Part.
func (c *Collector) Partial() *Data {
	f := c.forecast.partial()
	d := &Data{Zero: f.zero, Last: f.last, Base: c.base, Events: c.events, Bytes: c.bytes, Packed: -1, Forecast: f}
	c.fill(d)
	return d
}

// fill adds to d what was gathered by category, lane and step.
func (c *Collector) fill(d *Data) {
	for _, n := range c.cats {
		d.Categories = append(d.Categories, *n)
	}
	slices.SortFunc(d.Categories, func(a, b Category) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Phase, b.Phase))
	})
	shown := c.lanes.list()
	for _, n := range shown {
		d.Lanes = append(d.Lanes, c.lane(d, n))
	}
	d.shown = shown
	for _, n := range c.counters.list() {
		d.Counters = append(d.Counters, c.counter(d, n))
	}
	run := c.finder.Steps()
	if run == nil {
		d.Markers = "no markers of steps"
		return
	}
	d.Markers = run.String()
	d.Bands, d.Gaps, d.Compiles, d.Phases = bands(run), longGaps(run), compiles(run), phases(run)
	d.Pins = c.pins(run.Track, shown)
}

// fit widens bins until those that are in use are few enough for a page.
func (c *Collector) fit(v *trace.Survey) {
	for s := c.forecast.scale; s.index(v.Last)-s.index(v.Zero) >= pageBins; {
		s.widen(0)
	}
}

// Collect reads the whole trace once.
func Collect(ctx context.Context, s *trace.Source, o steps.Options) (*Data, error) {
	f, err := requests.NewFinder(requests.Options{Marker: o})
	if err != nil {
		return nil, err
	}
	c := NewCollector(f, filter.Given{})
	budget.Register(ctx, c.AddMemory)
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
