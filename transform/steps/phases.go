package steps

import "tracekit/trace"

// PhaseRun is a stretch of steps of one phase, First to Last, both included.
// Steps of the warm-up stand apart from others.
type PhaseRun struct {
	Phase       Phase
	Warmup      bool
	First, Last int
	Start, End  trace.Time // window: from its first step to the next run's
}

// Phases joins neighbouring steps of the same phase. The windows follow one
// another as those of steps do.
func (r *Run) Phases() []PhaseRun {
	var runs []PhaseRun
	for i := range r.Steps {
		s := &r.Steps[i]
		if n := len(runs); n > 0 && runs[n-1].Phase == s.Phase && runs[n-1].Warmup == s.Warmup {
			runs[n-1].Last = i
			continue
		}
		runs = append(runs, PhaseRun{Phase: s.Phase, Warmup: s.Warmup, First: i, Last: i})
	}
	for i := range runs {
		runs[i].Start, runs[i].End = r.Windows(runs[i].First, runs[i].Last)
	}
	return runs
}
