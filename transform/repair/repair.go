// Package repair makes a trace that loads of one that does not, or not whole. [Run] is its only
// entry. What Perfetto accepts is for package check, which it asks.
//
// It reads the input twice. The first time it repairs the text, event by event,
// and keeps of each event that nests or belongs to a flow what package check
// keeps of it, in a temporary file if there is much; from that it makes a plan
// of what has to be moved or dropped. The second time it writes: stretches of text of which
// nothing was repaired and nothing is planned are copied. The plan grows with
// what there is to repair and with the begins of pairs. A trace in which there is
// nothing to repair is copied byte for byte.
package repair

import (
	"cmp"
	"context"
	"errors"
	"io"

	"tracekit/internal/ahead"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/check"
)

// Options choose what is repaired.
type Options struct {
	Off    []Kind // kinds that are turned off
	Flows  bool   // leave dangling flow events out
	DryRun bool   // only count, write nothing

	// Rejects is called for where to write events that are set aside, once
	// there is one. Without it they are only counted.
	Rejects func() (io.Writer, error)
	// Temp is called for a temporary file.
	Temp func() (*spill.File, error)

	block int   // bytes read at once, for tests
	every int64 // bytes between places from which text can be copied, for tests; negative: none is
}

// Report says what was done.
type Report struct {
	EventsIn, EventsOut int64
	BytesIn, BytesOut   int64 // of text
	Counts              []Count
	Unchanged           bool // there was nothing to repair
}

// Loses reports whether something of the input was left out.
func (r *Report) Loses() bool {
	for _, c := range r.Counts {
		if c.Loses {
			return true
		}
	}
	return false
}

// Run repairs the trace whose text open returns, the same each time, and writes
// it to w.
func Run(ctx context.Context, open func() (io.ReadCloser, error), w io.Writer, o Options) (Report, error) {
	off := map[Kind]bool{}
	for _, k := range o.Off {
		off[k] = true
	}
	first := &reading{off: off, o: o, open: open}
	l, err := first.best(ctx)
	if err != nil {
		return Report{}, err
	}
	defer l.judge.Close()
	r := Report{EventsIn: l.survey.in, EventsOut: l.survey.in, BytesIn: l.size, BytesOut: l.size, Counts: l.plan.count.counts()}
	r.Unchanged = len(r.Counts) == 0
	switch {
	case o.DryRun:
		return r, nil
	case r.Unchanged:
		return r, copyText(open, w)
	}
	err = first.write(ctx, l, w, &r)
	return r, err
}

// reading is what all readings of an input have in common.
type reading struct {
	off   map[Kind]bool
	o     Options
	open  func() (io.ReadCloser, error)
	nanos bool // all times are in nanoseconds
}

func (r *reading) quiet() reader {
	return reader{off: r.off, count: tally{}, final: true, trust: true}
}

// learned is what the first reading leaves.
type learned struct {
	judge    *check.Judge
	plan     *plan
	rewriter *rewriter
	survey   *survey
	size     int64 // of the text
}

// best reads the text, and makes a plan of what to do. If it turns out that all times have
// to be moved, or are in another unit, it does so once more with that.
func (r *reading) best(ctx context.Context) (*learned, error) {
	l, err := r.learn(ctx, 0)
	if err == nil && l.inNanos() && !r.off[Units] && !r.off[Times] {
		r.nanos = true
		l.judge.Close()
		l, err = r.learn(ctx, 0)
	}
	if err != nil {
		return nil, err
	}
	offset := int64(0)
	if !r.off[Shift] && !r.off[Times] {
		offset = l.rewriter.before.shift(&l.plan.extent)
	}
	if offset == 0 && !r.off[Rebase] && l.judge.Coarse() > 0 && l.plan.count[Overlaps]+l.plan.count[BadFlows] > 0 {
		offset = rebased(&l.plan.extent)
	}
	if offset == 0 {
		return l, nil
	}
	moved, err := r.learn(ctx, offset)
	if err == nil && offset < 0 && moved.plan.count[Overlaps] >= l.plan.count[Overlaps] && moved.plan.count[BadFlows] >= l.plan.count[BadFlows] {
		moved.judge.Close()
		return l, nil // rounding was not what was wrong
	}
	l.judge.Close()
	return moved, err
}

// learn is the first reading, with some microseconds added to all times.
func (r *reading) learn(ctx context.Context, offset int64) (l *learned, err error) {
	judge, p := check.NewJudge(r.o.Temp), newPlan()
	defer func() {
		if err != nil {
			judge.Close()
		}
	}()
	s := &survey{plan: p, judge: judge, quiet: r.quiet()}
	l = &learned{judge: judge, plan: p, survey: s, rewriter: newRewriter(r.off, judge, s, r.o.block)}
	l.rewriter.offset, l.rewriter.nanos = offset, r.nanos
	if r.o.every >= 0 {
		l.rewriter.clean = &clean{every: cmp.Or(r.o.every, markEvery)}
		budget.Register(ctx, l.rewriter.clean.addMemory)
	}
	budget.Register(ctx, judge.AddMemory)
	budget.Register(ctx, p.addMemory)
	if l.size, err = read(ctx, l.rewriter, r.open); err != nil {
		return nil, err
	}
	p.extent = judge.Extent()
	p.far = p.extent.Outside > 0 && !r.off[Times]
	pl := &planner{plan: p, judge: judge, off: r.off, ctx: ctx}
	budget.Register(ctx, pl.addMemory)
	if err := pl.make(r.o.Flows); err != nil {
		return nil, err
	}
	if p.far {
		p.count[Times] += p.extent.Outside
	}
	if !r.off[VLLM] && p.decideMoves() {
		p.count[VLLM]++
	}
	for k, n := range l.rewriter.count {
		p.count[k] += n
	}
	return l, nil
}

// write is the last reading.
func (r *reading) write(ctx context.Context, l *learned, w io.Writer, rep *Report) error {
	judge := check.NewJudge(r.o.Temp)
	defer judge.Close()
	e := &emitter{plan: l.plan, judge: judge, quiet: r.quiet(), w: &bulk{w: w},
		rejects: &rejects{open: r.o.Rejects, judge: judge}}
	budget.Register(ctx, e.addMemory)
	h := newRewriter(r.off, judge, e, r.o.block)
	h.nanos, h.copies = r.nanos, e
	if c := l.rewriter.clean; c != nil && c.touchAll(l.plan) {
		h.clean = c
	}
	if h.offset = l.rewriter.offset; h.offset != 0 {
		h.base = baseAfter(l.rewriter.baseWas, h.offset)
		if l.rewriter.baseWas == nil {
			e.base = h.base
		}
	}
	if _, err := read(ctx, h, r.open); err != nil {
		return err
	}
	if err := e.finish(h.tail, h.bare); err != nil {
		return err
	}
	rep.EventsOut, rep.BytesOut = e.out, e.w.size
	return e.rejects.close()
}

// read sends the whole text through h and returns its length.
func read(ctx context.Context, h *rewriter, open func() (io.ReadCloser, error)) (int64, error) {
	text, err := open()
	if err != nil {
		return 0, err
	}
	defer text.Close()
	h.in = ahead.New(text, h.block)
	defer h.in.Close()
	h.check = func() error { return budget.Look(ctx) }
	budget.Register(ctx, func(sum *budget.Sum) { sum.Add("members of a broken event", h.memberBytes) })
	err = h.run(ctx)
	return h.read, err
}

func copyText(open func() (io.ReadCloser, error), w io.Writer) error {
	text, err := open()
	if err != nil {
		return err
	}
	defer text.Close()
	before := ahead.New(text, readSize)
	defer before.Close()
	for {
		data, end := before.Next()
		if _, err := w.Write(data); err != nil {
			return err
		}
		switch {
		case end == nil:
		case end == io.EOF, errors.Is(end, trace.ErrDecode): // which was counted before
			return nil
		default:
			return end
		}
	}
}
