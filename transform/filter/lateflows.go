package filter

import (
	"context"
	"io"
	"strings"

	"tracekit/internal/bitset"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/pipeline"
)

// lateFlows are the flow events that have to wait until it is known which of them
// stay. The text of a flow is held if it starts on a slice that is kept and was
// met before, and that of an end on such a slice, whose start may be yet to come;
// most that are kept do. As long as no flow starts on a track with slices that are kept,
// hardly any will, and none is even noted, unless slices of other tracks are asked
// for. Should what is not there be needed after all, the flow events are read again.
type lateFlows struct {
	blocks  []int // of the survey, with flow events that had to wait
	read    pipeline.Reading
	wanted  bool
	skipped skippedFlows
	total   int             // how many had to wait
	noted   int             // of them, those that were not missed
	held    bitset.Set      // of these, those whose text is held
	starts  map[uint64]bool // of flows whose start is held
	text    *spill.Log
	buf     []byte
}

// skippedFlows are flow events that were not noted: all before the first that is.
type skippedFlows struct {
	count        int
	starts, ends bitset.Set // tracks that flows start on, and others that they touch
}

// wait takes a flow event that may be kept.
func (a *lateFlows) wait(p *keep.Plan, e *trace.Event) error {
	track := p.Tracks.Of(e)
	a.total++
	if a.wanted = a.wanted || e.Phase == 's' && p.Covers.HasKept(track); !a.wanted {
		a.skipped.count++
		if e.Phase == 's' {
			a.skipped.starts.Add(track)
		} else {
			a.skipped.ends.Add(track)
		}
		return nil
	}
	p.Flows.NoteFlow(track, e, false)
	a.noted++
	chain := p.Flows.Events[len(p.Flows.Events)-1].Chain
	covered := p.Covers.At(track, e.TS)
	if e.Phase == 's' && covered {
		a.starts[chain] = true
	}
	if !a.starts[chain] && (e.Phase != 'f' || !covered) {
		return nil
	}
	a.held.Add(a.noted - 1)
	return a.hold(e)
}

func (a *lateFlows) hold(e *trace.Event) error {
	a.buf = append(append(append(a.buf[:0], e.Lead()...), e.Raw()...), ',')
	_, err := a.text.Write(a.buf)
	return err
}

// reread notes what was missed, if some of it may be kept, before what was noted
// since.
func (a *lateFlows) reread(ctx context.Context, p *keep.Plan) error {
	m := &a.skipped
	starts, ends := m.starts.AnyThat(p.HasSlices), m.ends.AnyThat(p.HasSlices)
	if !starts && !ends || !starts && !p.Flows.AnyOn('s', p.HasSlices) || !ends && !p.Flows.AnyOn('f', p.HasSlices) {
		m.count = 0
		return nil
	}
	r, err := a.read()
	if err != nil {
		return err
	}
	later := p.Flows.Events
	p.Flows.Events = nil
	err = eachFlow(ctx, r, func(e *trace.Event) error {
		if len(p.Flows.Events) < m.count {
			p.Flows.NoteFlow(p.Tracks.Of(e), e, false)
		}
		return nil
	})
	p.Flows.Events = append(p.Flows.Events, later...)
	return err
}

// eachKept gives those to f that are kept.
func (a *lateFlows) eachKept(ctx context.Context, keep func(n int) bool, f func(e *trace.Event) error) error {
	waited, texts := a.skipped.count+a.noted, 0
	again := false
	for n := range waited {
		held := n >= a.skipped.count && a.held.Has(n-a.skipped.count)
		if held {
			texts++
		}
		again = again || keep(n) && !held
	}
	if again {
		r, err := a.read()
		if err != nil {
			return err
		}
		// What was missed and is not needed was taken out of the count.
		n := waited - a.total
		if err := eachFlow(ctx, r, func(e *trace.Event) error {
			if n++; n > 0 && keep(n-1) {
				return f(e)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return a.eachEvent(ctx, func(i, n int, e *trace.Event) error {
		if i >= texts || !again && keep(n) { // those behind were decided when they were held
			return f(e)
		}
		return nil
	})
}

// eachEvent calls f for all events whose text is held, with their number among these, and their
// ordinal if they had to wait.
func (a *lateFlows) eachEvent(ctx context.Context, f func(i, n int, e *trace.Event) error) error {
	events, err := a.text.Read()
	if err != nil {
		return err
	}
	src, err := trace.NewSource(io.MultiReader(strings.NewReader("["), events, strings.NewReader("]")), -1, trace.SourceOptions{Inner: true})
	if err != nil {
		return err
	}
	r, err := src.Read()
	if err != nil {
		return err
	}
	i, n := 0, 0
	return eachFlow(ctx, r, func(e *trace.Event) error {
		for n < a.noted && !a.held.Has(n) {
			n++
		}
		i, n = i+1, n+1
		return f(i-1, a.skipped.count+n-1, e)
	})
}

// eachFlow calls f for the flow events of r that have a time.
func eachFlow(ctx context.Context, r trace.Stream, f func(e *trace.Event) error) error {
	defer r.Close()
	return trace.EachPart(ctx, r, func(p *trace.Part) error {
		for i := range p.Events {
			e := &p.Events[i]
			if !e.IsFlow() || e.Has&trace.HasTS == 0 {
				continue
			}
			if err := f(e); err != nil {
				return err
			}
		}
		return nil
	})
}
