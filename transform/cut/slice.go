// Package cut keeps a part of a trace, and sees to it that what is left is
// whole: begins have ends, counters their values, arrows both ends, and threads
// their names.
package cut

import (
	"context"
	"errors"
	"fmt"

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

// SliceOptions choose the range that Slice keeps. A bound that is not set is
// the trace's own start or end.
type SliceOptions struct {
	From, To window.Bound
	For      trace.Time // length of the range instead of To, in ns; 0 if not given
	Boundary Boundary
	Device   Device
}

// What can be wrong with a range.
var (
	ErrRange     = errors.New("the range holds nothing of the trace")
	ErrBackwards = errors.New("the range ends before it begins")
)

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
	r := &timeRange{boundary: o.Boundary}
	v, err := r.survey(ctx, s, o.Device)
	if err != nil {
		return pipeline.Report{}, err
	}
	if r.from, r.to, err = o.resolve(v); err != nil {
		return pipeline.Report{}, err
	}
	r.last = v.Last
	p := newPlan(s, r)
	p.counters = newCounters(r.from)
	if r.launches != nil {
		if err := r.launches.gather(ctx, s, v.Blocks, r.holds); err != nil {
			return pipeline.Report{}, err
		}
	}
	p.blocks = r.choose(v)
	if err := p.look(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.settle(ctx); err != nil {
		return pipeline.Report{}, err
	}
	if err := p.emit(ctx, w); err != nil {
		return pipeline.Report{}, err
	}
	return pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}, nil
}

// survey finds the bounds of the trace, and learns of its devices if they are
// to follow their launches.
func (r *timeRange) survey(ctx context.Context, s *trace.Source, d Device) (*trace.Survey, error) {
	if d == ByTime {
		return s.Survey(nil)
	}
	r.launches = &launches{}
	return s.SurveyParts(func(p *trace.Part) error {
		r.launches.learn(p)
		return ctx.Err()
	})
}

// resolve turns the bounds into points on the trace's clock.
func (o SliceOptions) resolve(v *trace.Survey) (from, to trace.Time, err error) {
	base := int64(0)
	for i := range v.Blocks {
		if t := v.Blocks[i].Text; t != nil && base == 0 {
			base = window.BaseTime(t)
		}
	}
	from, to = v.Zero, v.Last.Add(1)
	if o.From.IsSet() {
		if from, err = o.From.Resolve(v.Zero, v.Last, base); err != nil {
			return 0, 0, err
		}
	}
	if o.To.IsSet() {
		if to, err = o.To.Resolve(v.Zero, v.Last, base); err != nil {
			return 0, 0, err
		}
	}
	if o.For > 0 {
		to = from.Add(o.For)
	}
	switch {
	case from >= to && (o.To.IsSet() || o.For > 0):
		return 0, 0, fmt.Errorf("%w: it goes from @%s to @%s", ErrBackwards, trace.AppendMicros(nil, from), trace.AppendMicros(nil, to))
	case to <= v.Zero || from > v.Last:
		return 0, 0, fmt.Errorf("%w: that goes from @%s to @%s, the range from @%s to @%s", ErrRange,
			trace.AppendMicros(nil, v.Zero), trace.AppendMicros(nil, v.Last), trace.AppendMicros(nil, from), trace.AppendMicros(nil, to))
	}
	return from, to, nil
}
