// Package cut keeps a part of a trace, and sees to it that what is left is
// whole: begins have ends, counters their values, arrows both ends, and threads
// their names.
package cut

import (
	"context"

	"tracekit/trace"
	"tracekit/transform/pipeline"
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
	Launched               // they stay, whole, if the host's call that launched them does
)

// SliceOptions choose the range that Slice keeps, and how.
type SliceOptions struct {
	window.Range
	Boundary Boundary
	Device   Device
}

// Slice keeps a range of time, half open, of the trace s:
//
//  1. A survey finds where the trace begins and ends, and what times each block
//     of it spans.
//  2. Planning visits the blocks that may matter: it matches begins and ends,
//     gathers the values of counters at the start of the range, the arrows in
//     it, and the processes and threads that will be left.
//  3. Where arrows or begins and ends cross, a second look finds the slices that
//     arrows bind to, and the text of what has to be moved to an edge.
//  4. The last pass writes.
func Slice(ctx context.Context, s *trace.Source, w *trace.Writer, o SliceOptions) (pipeline.Report, error) {
	f, err := window.NewFinder(o.Range)
	if err != nil {
		return pipeline.Report{}, err
	}
	r := &timeRange{boundary: o.Boundary}
	v, err := r.survey(ctx, s, f, o.Device)
	if err != nil {
		return pipeline.Report{}, err
	}
	var note string
	if r.from, r.to, note, err = f.Resolve(v); err != nil {
		return pipeline.Report{}, err
	}
	r.last = v.Last
	p := newPlan(r)
	p.counters = newCounters(r.from)
	if r.launches != nil {
		if err := r.launches.gather(ctx, blocksOf(s, v.Blocks), r.holds); err != nil {
			return pipeline.Report{}, err
		}
	}
	p.read = blocksOf(s, r.choose(v))
	if err := p.look(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.settle(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.emit(ctx, w); err != nil {
		return pipeline.Report{}, err
	}
	rep := pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}
	if note != "" {
		rep.Notes = append(rep.Notes, note)
	}
	return rep, nil
}

// survey finds the bounds of the trace, lets f look for what it wants, and
// learns of devices if they are to follow their launches.
func (r *timeRange) survey(ctx context.Context, s *trace.Source, f *window.Finder, d Device) (*trace.Survey, error) {
	if d == ByTime && !f.Learns() {
		return s.Survey(nil)
	}
	if d == Launched {
		r.launches = newLaunches()
	}
	return s.SurveyParts(func(p *trace.Part) error {
		if r.launches != nil {
			r.launches.learn(p)
		}
		for i := range p.Events {
			f.Learn(&p.Events[i])
		}
		return ctx.Err()
	})
}
