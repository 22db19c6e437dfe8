package info

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/report"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
)

type phaseKey struct {
	phase  steps.Phase
	warmup bool
	idle   bool
}

// captureOf tells of the capture, nil if the trace does not.
func captureOf(f *steps.Finder, run *steps.Run) *Capture {
	c := f.Capture()
	if !c.Known {
		return nil
	}
	found := &Capture{Start: c.Start, End: c.End}
	if run != nil && run.Outside.Steps > 0 {
		o := run.Outside
		found.OutsideSteps, found.OfWarmup, found.Compiled = o.Steps, o.Warmup, o.Compiles
		found.First, found.Last, found.outside = o.Start, o.End, o.String()
	}
	return found
}

// stepsOf tells of the steps by phase.
func stepsOf(run *steps.Run) *Steps {
	found := &Steps{Markers: run.String(), Count: len(run.Steps), Phases: []Phase{}}
	durations := map[phaseKey][]trace.Time{}
	phases := map[phaseKey]*Phase{}
	var order []phaseKey // of their first steps
	for i := range run.Steps {
		s := &run.Steps[i]
		key := phaseKey{s.Phase, s.Warmup, s.Idle()}
		found.batched = found.batched || s.Batches != nil
		p := phases[key]
		if p == nil {
			p = &Phase{Phase: s.Phase.String(), Warmup: s.Warmup, Idle: key.idle, First: s.Start, Last: s.End}
			phases[key] = p
			order = append(order, key)
		}
		p.Last = max(p.Last, s.End)
		durations[key] = append(durations[key], s.Duration())
	}
	for _, key := range order {
		p := phases[key]
		p.Durations = report.SumUp(durations[key])
		found.Phases = append(found.Phases, *p)
	}
	slices.SortStableFunc(found.Phases, func(a, b Phase) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First, b.First))
	})
	return found
}

func recompilationsOf(run *steps.Run) (r Recompilations) {
	var durations []trace.Time
	for i, c := range report.Recompilations(run) {
		if i == 0 {
			r.First = c.Start
		}
		r.Last = max(r.Last, c.Start.Add(c.Duration))
		durations = append(durations, c.Duration)
	}
	r.Durations = report.SumUp(durations)
	return r
}

// requestsOf tells of the requests that the trace names, or else of those that
// follow from its steps; nil if there are none.
func requestsOf(named []requests.Request, run *steps.Run) *Requests {
	all := named
	if len(all) == 0 && run != nil {
		all, _ = requests.Infer(run) // an error says that the steps don't tell
	}
	if len(all) == 0 {
		return nil
	}
	found := &Requests{Source: all[0].Source, First: all[0].Start}
	var durations []trace.Time
	for i := range all {
		r := &all[i]
		durations = append(durations, r.End-r.Start)
		found.First, found.Last = min(found.First, r.Start), max(found.Last, r.End)
		if r.Begun {
			found.Begun++
		}
		if r.Unfinished {
			found.Unfinished++
		}
	}
	found.Durations = report.SumUp(durations)
	return found
}
