package info

import (
	"context"
	"slices"
	"strings"
	"time"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/merged"
	"tracekit/transform/origin"
	"tracekit/transform/page"
	"tracekit/transform/pipeline"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Options of Inspect.
type Options struct {
	// Look, unless it is nil, is shown every part of the trace.
	Look func(*trace.Part)
	// Given says what events are, where nothing else tells.
	Given filter.Given
	// Requests say where requests are known from, and which markers make steps.
	Requests requests.Options

	loadable, piece int64 // bytes of JSON; 0 for the usual ones
}

// inspector is what learns from the events of a trace.
type inspector struct {
	info      *Info
	hints     hints
	sides     filter.Recognizer
	census    census
	strangers strangers
	finder    *steps.Finder
	requests  *requests.Collector
	forecast  *page.Forecast
	thinning  thinning   // what downsample --min-dur leaves
	python    *remainder // what strip --python leaves
	hardware  *remainder // what strip --hardware leaves
	merged    merged.Reader
	ranks     launches.Collisions // of ids
	names     pipeline.Distinct
	repeated  amount // metadata that is the same as some before
}

// Inspect reads the trace once and tells what is in it, and the survey of it.
// What it keeps grows with categories, threads, steps and requests, some hundred
// bytes each, with metadata, and with slices that are begun and not yet ended.
func Inspect(ctx context.Context, s *trace.Source, o Options) (*Info, *trace.Survey, error) {
	collector, err := requests.NewCollector(o.Requests.Collect)
	if err != nil {
		return nil, nil, err
	}
	in := &inspector{
		hints:  hints{},
		info:   &Info{Format: s.Format().String()},
		finder: steps.NewFinder(o.Requests.Marker), requests: collector, forecast: page.NewForecast(),
	}
	in.sides.Given = o.Given
	in.python, in.hardware = newRemainder(&in.census.names.Tracks, "stack"), newRemainder(&in.census.names.Tracks)
	budget.Register(ctx, in.addMemory)
	v, err := s.SurveyParts(func(p *trace.Part) error {
		in.part(p)
		if o.Look != nil {
			o.Look(p)
		}
		return budget.Check(ctx)
	})
	if err != nil {
		return nil, nil, err
	}
	in.info.Packed = s.Size()
	if err := in.finish(v, o); err != nil {
		return nil, nil, err
	}
	return in.info, v, nil
}

func (in *inspector) part(p *trace.Part) {
	if p.Text != nil {
		in.forecast.Text(p.Text)
		in.sides.LearnDocument(p.Text)
		in.hints.learn(p.Text)
		in.finder.LearnDocument(p.Text)
		if in.info.BaseTime == 0 {
			in.info.BaseTime = window.BaseTime(p.Text)
		}
		in.python.text(p.Text)
		in.hardware.text(p.Text)
	}
	for i := range p.Events {
		in.event(&p.Events[i])
	}
}

func (in *inspector) event(e *trace.Event) {
	in.sides.Learn(e)
	in.finder.Learn(e)
	in.requests.Learn(e)
	track := in.census.count(e)
	if e.IsMeta() {
		in.metadata(e, track)
		return
	}
	kinds := in.sides.Kinds(e)
	if !in.parts(e, track) {
		in.strangers.addEvent(e, place{in.census.last, track}, &in.sides, kinds)
	}
	python := kinds&filter.Python != 0
	in.forecast.Event(e, in.thinning.grainOfEvent(e, track, python))
	in.python.addEvent(e, track, python)
	side := in.sides.Side(e)
	in.info.DeviceWork = in.info.DeviceWork || side == filter.Device && !e.IsFlow()
	if e.Has&trace.HasArgs != 0 {
		in.info.args.learn(e, in.census.last, side == filter.Device)
	}
	if side == filter.Device || kinds&filter.Runtime != 0 {
		in.ranks.Learn(&in.census.names.Tracks, e)
	}
	switch {
	case side == filter.Unsure && e.IsFlow():
		in.hardware.hold(e)
	case side == filter.Unsure:
		in.hardware.wait(e, track)
	case in.sides.MayCross(e):
		in.hardware.flow(e, side == filter.Device)
	default:
		in.hardware.addEvent(e, track, side == filter.Device)
	}
}

// parts learns from the slices that a merged one stands for, and reports whether e is one.
func (in *inspector) parts(e *trace.Event, track int) bool {
	s := in.merged.Read(e)
	if s == nil || len(s.Names) == 0 {
		return false
	}
	for n := range s.All {
		part := in.merged.Part(e, n)
		in.sides.Learn(&part)
		kind := in.census.numberOf(part.Phase, part.Cat())
		in.strangers.addEvent(&part, place{kind, track}, &in.sides, in.sides.Kinds(&part))
		in.info.DeviceWork = in.info.DeviceWork || in.sides.Side(&part) == filter.Device
	}
	return true
}

// shared returns which devices have work of several ranks whose ids are the same.
func (in *inspector) shared() *Shared {
	tracks := &in.census.names.Tracks
	devices, hosts := in.ranks.Sharing(tracks)
	if devices == nil {
		return nil
	}
	s := &Shared{}
	for _, process := range devices {
		s.Devices = append(s.Devices, trace.Unquote([]byte(tracks.Processes[process])))
	}
	for _, process := range hosts {
		s.Hosts = append(s.Hosts, trace.Unquote([]byte(tracks.Processes[process])))
	}
	return s
}

// metadata counts the first of what is the same, as verbs write it.
func (in *inspector) metadata(e *trace.Event, track int) {
	in.python.enter()
	in.hardware.enter()
	if !in.names.First(e) {
		in.repeated.add(int64(e.Size()) + 1)
		return
	}
	in.python.name(e, track)
	in.hardware.name(e, track)
}

// metadataAgain counts what holds again at the end.
func (in *inspector) metadataAgain() {
	for _, e := range in.names.Due() {
		in.repeated.subtract(int64(e.Size()) + 1)
		track := in.census.names.Of(&e)
		in.python.name(&e, track)
		in.hardware.name(&e, track)
	}
}

func (in *inspector) finish(v *trace.Survey, o Options) error {
	i := in.info
	i.Zero, i.Last, i.Ruler, i.Impossible = v.Zero, v.Last, v.Ruler, v.Outside
	i.Timeless = in.census.timeless
	i.Events, i.Bytes, i.Damage = v.Events, v.Bytes, v.Damage
	i.Hints = in.hints.list()
	i.Wall = wallClock(i.BaseTime, v)
	i.Kinds, i.Processes = in.census.lists(&v.Extent)
	if in.census.merged.Events > 0 {
		i.Merged = &in.census.merged
	}
	in.forecast.Finish(v)
	run, err := in.finder.Run()
	if err != nil {
		run = nil // no markers: the trace has no steps that are known
	}
	i.Origin = origin.FromTrace(v)
	i.Capture = captureOf(in.finder, run)
	if run != nil {
		i.Steps, i.Recompilations = stepsOf(run), recompilationsOf(run)
	}
	named, err := in.named(v, o)
	if err != nil {
		return err
	}
	i.Requests = requestsOf(named, run)
	i.Shared = in.shared()
	i.Unknown = in.strangers.list(&in.census, &in.sides, run)
	i.Producers = producersOf(i, run)
	i.Producer = strings.Join(i.Producers, ", ")
	in.metadataAgain()
	in.predict(run, o)
	i.DeviceWork = i.DeviceWork || in.hardware.device
	return nil
}

// named returns the requests that a file or the trace names.
func (in *inspector) named(v *trace.Survey, o Options) ([]requests.Request, error) {
	clock := requests.Clock{Zero: v.Zero, Last: v.Last, Base: in.info.BaseTime}
	if o.Requests.Records == nil {
		return in.requests.Requests(clock), nil
	}
	all, err := requests.Place(o.Requests.Records, clock)
	return slices.DeleteFunc(all, func(r requests.Request) bool { return r.Outside }), err
}

// since2001 is in ns: larger times count from 1970.
const since2001 = 1e18

// wallClock is the time of day at which the trace starts, if it tells.
func wallClock(base int64, v *trace.Survey) string {
	if base == 0 && v.Zero < since2001 || v.Last <= v.Zero {
		return ""
	}
	return time.Unix(0, base+int64(v.Zero)).UTC().Format(time.RFC3339Nano)
}

// addMemory adds what in takes.
func (in *inspector) addMemory(s *budget.Sum) {
	const threadBytes, process, left, kind, covered = 300, 200, 160, 160, 120
	c := &in.census
	n := c.names.Memory() + threadBytes*len(c.threads) + process*len(c.processes) + left*(len(in.python.threads)+len(in.hardware.threads))
	open := c.open.Memory() + in.thinning.pairs.Memory() + in.python.pairs.Memory() + in.hardware.pairs.Memory()
	s.Add("threads", n)
	s.Add("open slices", open)
	s.Add("categories", kind*len(c.kinds)+covered*len(c.covered))
	s.Add("metadata", in.names.Memory())
	in.finder.Hold(s)
	s.Add("requests", in.requests.Memory())
}
