// Package slice keeps a range of the time of a trace. [Run] cuts one range out of a Source;
// [Piece] is the same for a caller who has surveyed the trace, as split has.
//
// Here it is decided what an edge of the range cuts and what is kept whole (edges.go); package
// keep writes it. What a user's range means is for package window.
package slice

import (
	"context"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/launches"
	"tracekit/transform/origin"
	"tracekit/transform/pipeline"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Boundary says what becomes of a slice that reaches over an edge of the range.
type Boundary uint8

// The ways to treat a slice at an edge.
const (
	Clip  Boundary = iota // it is cut at the edge
	Whole                 // it stays as it is
	Drop                  // it goes
)

// Device says how the events of devices are judged.
type Device uint8

// The ways to judge what ran on a device.
const (
	ByTime   Device = iota // by their own time
	Launched               // they are kept, whole, if the host's call that launched them does
)

// Options choose the range that Slice keeps, and how.
type Options struct {
	window.Range
	Boundary Boundary
	Device   Device
	// Given says what events are, where nothing else tells.
	Given filter.Given

	// Request is the id of a request whose time is the range, instead of a Range,
	// and Requests finds it.
	Request  string
	Requests *requests.Finder

	// Origin is written into the document; nil to write nothing of it.
	Origin *origin.Call

	// Spill makes a temporary file, if what flows bind to does not fit into memory;
	// if it is nil, that is kept there.
	Spill func() (*spill.File, error)
}

// Run keeps a range of time, half open, of the trace s:
//
//  1. A survey finds where the trace begins and ends, and what times each block
//     of it spans.
//  2. Planning visits the blocks that may matter: it matches begins and ends,
//     gathers the values of counters at the start of the range, the flows in
//     it, and the processes and threads that will be left.
//  3. Where begins and ends of a track or an id are not in order of time, they
//     are looked at once more. Where they cross an edge, or flows may bind to
//     them, a further look finds these, and the text of what has to be moved.
//  4. The last pass writes.
func Run(ctx context.Context, s *trace.Source, w *trace.Writer, o Options) (pipeline.Report, error) {
	return sliceKeeping(ctx, s, w, o, keep.KeptBytes)
}

// sliceKeeping is Slice with a limit to the bytes that are held in memory.
func sliceKeeping(ctx context.Context, s *trace.Source, w *trace.Writer, o Options, kept int) (pipeline.Report, error) {
	o.Range.Numbered = o.Origin != nil && o.Requests == nil
	f, err := window.NewFinder(o.Range)
	if err != nil {
		return pipeline.Report{}, err
	}
	r := &timeRange{boundary: o.Boundary}
	v, err := r.survey(ctx, s, f, o)
	if err != nil {
		return pipeline.Report{}, err
	}
	var note string
	var run *steps.Run
	if o.Requests != nil {
		var found *requests.Found
		if r.from, r.to, found, err = o.Requests.Range(o.Request, v); err == nil {
			run, note = found.Run, found.String()
		}
	} else {
		r.from, r.to, note, err = f.Resolve(v)
		run = f.Run()
	}
	if err != nil {
		return pipeline.Report{}, err
	}
	if o.Origin != nil {
		from := o.Origin.Next(origin.FromTrace(v), origin.Range{Start: r.from, End: r.to})
		from.Steps = run.Origin(r.from, r.to)
		if err := from.Put(w); err != nil {
			return pipeline.Report{}, err
		}
	}
	r.last = v.Last
	covered := spill.NewPacked(min(kept, keep.HeldFlows), o.Spill)
	defer covered.Close()
	p := newRangePlan(r, covered)
	p.LimitKept(kept)
	if r.launches != nil {
		if err := r.launches.Gather(ctx, pipeline.BlocksOf(s, v.Blocks), r.launchesIn); err != nil {
			return pipeline.Report{}, err
		}
	}
	blocks, outliers := r.choose(v)
	p.Kept.Foresee(blocks)
	p.Read, p.Reread, p.Outliers = pipeline.BlocksOf(s, blocks), s.ReadAgain, outliers
	if err := p.FirstPass(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.Decide(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.Emit(ctx, w); err != nil {
		return pipeline.Report{}, err
	}
	rep := pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}
	rep.Range = &[2]trace.Time{r.from, r.to}
	rep.Note(f.Kept(r.from, r.to, v))
	rep.Note(note)
	if r.launches != nil && !r.launches.Recorded() {
		rep.Note(launches.NotRecorded)
	}
	rep.Note(window.Outside(&v.Extent))
	return rep, nil
}

// restored reports that what finds the range knows all that it needs, by the index of s. A range is
// of a request or found by f, so that one of them is restored, or none and the trace is read.
func restored(s *trace.Source, f *window.Finder, r *requests.Finder) bool {
	if r == nil {
		return f.Restore(s)
	}
	return !f.Learns() && r.Restore(s)
}

// survey finds the bounds of the trace, lets f look for what it wants, and
// learns of devices if they are to follow their launches.
func (r *timeRange) survey(ctx context.Context, s *trace.Source, f *window.Finder, o Options) (*trace.Survey, error) {
	if o.Device == ByTime && restored(s, f, o.Requests) {
		return s.Survey(nil)
	}
	if o.Device == Launched {
		r.launches = launches.New(o.Given)
	}
	if r.launches != nil {
		budget.Register(ctx, func(sum *budget.Sum) { sum.Add("ids of launches", r.launches.Memory()) })
	}
	budget.Register(ctx, f.Hold)
	learn := func(p *trace.Part) error {
		if r.launches != nil {
			r.launches.Learn(p)
		}
		if p.Text != nil {
			f.LearnDocument(p.Text)
			if o.Requests != nil {
				o.Requests.LearnDocument(p.Text)
			}
		}
		for i := range p.Events {
			f.Learn(&p.Events[i])
			if o.Requests != nil {
				o.Requests.Learn(&p.Events[i])
			}
		}
		return budget.Check(ctx)
	}
	if picks := f.Picks(); picks != nil && r.launches == nil && o.Requests == nil {
		return s.SurveyPicked(picks, learn)
	}
	return s.SurveyParts(learn)
}
