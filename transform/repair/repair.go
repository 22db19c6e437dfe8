// Package repair makes a trace that loads of one that does not, or not whole.
//
// It reads the input twice. The first time it mends the text, event by event,
// and keeps of each event that nests or belongs to a flow what package check
// keeps of it, in a temporary file if there is much; from that it makes a plan
// of what has to move or to go. The second time it writes. The plan grows with
// what there is to mend and with the begins of pairs. A trace in which there is
// nothing to mend is copied byte for byte.
package repair

import (
	"context"
	"errors"
	"io"

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

	block int // bytes read at once, for tests
}

// Report tells what was done.
type Report struct {
	EventsIn, EventsOut int64
	BytesIn, BytesOut   int64 // of text
	Counts              []Count
	Unchanged           bool // there was nothing to mend
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
	judge := check.NewJudge(o.Temp)
	defer judge.Close()
	p := newPlan()
	s := &survey{plan: p, judge: judge, quiet: reader{off: off, count: tally{}, final: true, trust: true}}
	first := newHealer(off, judge, s, o.block)
	bytesIn, err := read(ctx, first, open)
	if err != nil {
		return Report{}, err
	}
	p.extent = judge.Extent()
	p.far = p.extent.Outside > 0 && !off[Times]
	if err := (&planner{plan: p, judge: judge, off: off, ctx: ctx}).make(o.Flows); err != nil {
		return Report{}, err
	}
	if p.far {
		p.count[Times] += p.extent.Outside
	}
	if !off[VLLM] && p.settle() {
		p.count[VLLM]++
	}
	for k, n := range first.count {
		p.count[k] += n
	}
	r := Report{EventsIn: s.in, EventsOut: s.in, BytesIn: bytesIn, BytesOut: bytesIn, Counts: p.count.counts()}
	r.Unchanged = len(r.Counts) == 0
	switch {
	case o.DryRun:
		return r, nil
	case r.Unchanged:
		return r, copyText(open, w)
	}
	err = write(ctx, open, w, p, off, o, &r)
	return r, err
}

// write is the second reading.
func write(ctx context.Context, open func() (io.ReadCloser, error), w io.Writer, p *plan, off map[Kind]bool, o Options, r *Report) error {
	judge := check.NewJudge(o.Temp)
	defer judge.Close()
	e := &emitter{plan: p, judge: judge, quiet: reader{off: off, count: tally{}, final: true, trust: true}, w: &bulk{w: w},
		rejects: &rejects{open: o.Rejects, judge: judge}}
	h := newHealer(off, judge, e, o.block)
	if _, err := read(ctx, h, open); err != nil {
		return err
	}
	if err := e.finish(h.tail, h.bare); err != nil {
		return err
	}
	r.EventsOut, r.BytesOut = e.out, e.w.size
	return e.rejects.close()
}

// read sends the whole text through h and returns its length.
func read(ctx context.Context, h *healer, open func() (io.ReadCloser, error)) (int64, error) {
	text, err := open()
	if err != nil {
		return 0, err
	}
	defer text.Close()
	in := &metered{r: text}
	h.in = in
	err = h.run(ctx)
	return in.n, err
}

type metered struct {
	r io.Reader
	n int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	return n, err
}

func copyText(open func() (io.ReadCloser, error), w io.Writer) error {
	text, err := open()
	if err != nil {
		return err
	}
	defer text.Close()
	_, err = io.Copy(w, text)
	if errors.Is(err, trace.ErrDecode) {
		return nil // counted before
	}
	return err
}
