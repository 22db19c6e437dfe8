// Package cut keeps a part of a trace, and sees to it that what is left is
// whole: begins have ends, counters their values, arrows both ends, and threads
// their names.
package cut

import (
	"context"
	"errors"
	"fmt"
	"io"

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

// SliceOptions choose the range that Slice keeps. A bound that is not set is
// the trace's own start or end.
type SliceOptions struct {
	From, To window.Bound
	For      trace.Time // length of the range instead of To, in ns; 0 if not given
	Boundary Boundary
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
	v, err := s.Survey(nil)
	if err != nil {
		return pipeline.Report{}, err
	}
	from, to, err := o.resolve(v)
	if err != nil {
		return pipeline.Report{}, err
	}
	p := newPlan(v, from, to, o.Boundary)
	if err := p.visit(ctx, s, p.planned, p.note); err != nil {
		return pipeline.Report{}, err
	}
	p.pairs.settle(p)
	p.counters.settle(p)
	if p.pairs.moves() || len(p.flows.points) > 0 {
		p.flows.prepare()
		p.ordinal = 0
		if err := p.visit(ctx, s, p.planned, p.lookAgain); err != nil {
			return pipeline.Report{}, err
		}
	}
	p.flows.settle(p)
	if err := p.emit(ctx, s, w); err != nil {
		return pipeline.Report{}, err
	}
	return pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}, nil
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

// plan is what has to be known of a range before it can be written.
type plan struct {
	from, to trace.Time
	last     trace.Time // end of the whole trace
	boundary Boundary
	blocks   []trace.Block // that matter, document text included
	planned  []trace.Block // without the text
	tracks   trace.Tracks
	usedT    []bool // tracks, processes with events in the output
	usedP    []bool
	pairs    pairs
	counters counters
	flows    flows
	ordinal  int // of the pair or flow event that a pass meets next
}

func newPlan(v *trace.Survey, from, to trace.Time, b Boundary) *plan {
	p := &plan{from: from, to: to, last: v.Last, boundary: b}
	always := trace.HoldsMeta | trace.HoldsPair | trace.HoldsAsync | trace.HoldsCounter
	for _, block := range v.Blocks {
		if block.Text != nil || block.Overlaps(from, to) || block.Holds&always != 0 {
			p.blocks = append(p.blocks, block)
			if block.Text == nil {
				p.planned = append(p.planned, block)
			}
		}
	}
	return p
}

// visit calls f for every event of the blocks.
func (p *plan) visit(ctx context.Context, s *trace.Source, blocks []trace.Block, f func(e *trace.Event)) error {
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range b.Parts {
			events := b.Parts[i].Events
			for k := range events {
				f(&events[k])
			}
		}
	}
}

// verdict is what becomes of an event.
type verdict uint8

const (
	out   verdict = iota // it goes
	whole                // it stays as it is
	cut                  // it stays, cut at an edge
)

// judge decides by time alone, for events that need no company.
func (p *plan) judge(e *trace.Event) verdict {
	if e.Has&trace.HasTS == 0 {
		return out
	}
	return p.span(e.TS, e.End())
}

// span judges what goes from start to end.
func (p *plan) span(start, end trace.Time) verdict {
	inside := start >= p.from && end <= p.to
	switch {
	case start == end:
		if start >= p.from && start < p.to {
			return whole
		}
		return out
	case start >= p.to || end <= p.from:
		return out
	case inside || p.boundary == Whole:
		return whole
	case p.boundary == Drop:
		return out
	}
	return cut
}

// note takes an event into account on the first look.
func (p *plan) note(e *trace.Event) {
	switch e.Phase {
	case 'M':
	case 'B', 'E', 'b', 'e':
		p.pairs.note(p, e)
	case 's', 't', 'f':
		p.flows.note(p, e)
	case 'C':
		p.counters.note(p, e)
		if p.judge(e) != out {
			p.use(e)
		}
	default:
		if p.judge(e) != out {
			p.use(e)
		}
	}
}

// lookAgain gathers the text of moved events and the slices under arrows.
func (p *plan) lookAgain(e *trace.Event) {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		p.pairs.collect(p, e)
	case 'X':
		if p.judge(e) != out {
			p.flows.cover(p.tracks.Of(e), e.TS, e.End())
		}
	}
}

// use notes that the track and process of e have events in the output.
func (p *plan) use(e *trace.Event) { p.useTrack(p.tracks.Of(e)) }

func (p *plan) useTrack(track int) {
	for len(p.usedT) < len(p.tracks.All) {
		p.usedT = append(p.usedT, false)
	}
	for len(p.usedP) < len(p.tracks.Processes) {
		p.usedP = append(p.usedP, false)
	}
	p.usedT[track] = true
	p.usedP[p.tracks.All[track].Process] = true
}

func (p *plan) isUsed(e *trace.Event) bool {
	track := p.tracks.Of(e)
	if pipeline.IsThreadName(e) {
		return track < len(p.usedT) && p.usedT[track]
	}
	process := p.tracks.All[track].Process
	return len(e.Pid()) == 0 || process < len(p.usedP) && p.usedP[process]
}

// emit writes what the plan keeps.
func (p *plan) emit(ctx context.Context, s *trace.Source, w *trace.Writer) error {
	r, err := s.ReadBlocks(p.blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	return pipeline.Run(ctx, r, w, &slicer{plan: p})
}

// slicer is the stage that writes a planned range.
type slicer struct {
	*plan
	begun bool
	pair  int
	flow  int
}

func (s *slicer) Text(t []byte, w *trace.Writer) error {
	if err := w.Text(t); err != nil || s.begun || !pipeline.OpensEvents(t) {
		return err
	}
	s.begun = true
	for _, obj := range s.counters.carried(s.plan) {
		if err := w.Object(obj); err != nil {
			return err
		}
	}
	return nil
}

func (s *slicer) Event(e *trace.Event, w *trace.Writer) error {
	switch e.Phase {
	case 'M':
		if s.isUsed(e) {
			return w.Event(e)
		}
		return nil
	case 'B', 'E', 'b', 'e':
		n := s.pair
		s.pair++
		return s.pairs.write(n, e, w)
	case 's', 't', 'f':
		if s.inRange(e) {
			s.flow++
			if s.flows.keep(s.flow - 1) {
				return w.Event(e)
			}
		}
		return nil
	}
	switch s.judge(e) {
	case whole:
		return w.Event(e)
	case cut:
		w.SetLead(e)
		return w.Object(s.clip(e))
	}
	return nil
}

func (s *slicer) End(w *trace.Writer) error {
	for _, obj := range s.pairs.made {
		if err := w.Object(obj); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) inRange(e *trace.Event) bool {
	return e.Has&trace.HasTS != 0 && e.TS >= p.from && e.TS < p.to
}

// clip cuts a slice to the range, and notes what it was.
func (p *plan) clip(e *trace.Event) []byte {
	start, end := max(e.TS, p.from), min(e.End(), p.to)
	dur := end - start
	edit := trace.Edit{Dur: &dur, Args: []trace.Arg{
		{Key: "tracekit.ts", Value: e.TSText()}, {Key: "tracekit.dur", Value: e.DurText()},
	}}
	if e.TS < p.from {
		edit.TS = &start
	}
	return edit.Apply(e)
}
