package steps

import (
	"errors"
	"strings"
	"testing"

	"tracekit/internal/tracegen"
	"tracekit/trace"
)

// paced makes a run from steps of these lengths and gaps before them, in ms.
func paced(t *testing.T, steps ...pace) *Run {
	t.Helper()
	r := &Run{}
	at := trace.Time(0)
	for i, p := range steps {
		at += p.gap * 1e6
		s := Step{Load: nothingKnown, Index: i, Number: Unknown, Start: at, End: at + p.took*1e6, Warmup: p.warm}
		s.Requests = p.requests
		if p.compiled {
			s.Compiles = []Compile{{Step: i}}
		}
		at = s.End
		r.Steps = append(r.Steps, s)
	}
	return r
}

type pace struct {
	took, gap      trace.Time
	requests       int32
	warm, compiled bool
}

func TestSteady(t *testing.T) {
	usual := pace{took: 10, gap: 1, requests: 64}
	small := pace{took: 9, gap: 1, requests: 20}
	nearly := pace{took: 10, gap: 1, requests: 60}
	slow := pace{took: 14, gap: 1, requests: 64}
	late := pace{took: 10, gap: 8, requests: 64}
	warm := pace{took: 10, gap: 1, requests: 99, warm: true}
	built := pace{took: 500, gap: 1, requests: 64, compiled: true}
	none := pace{took: 10, gap: 1, requests: Unknown}
	for _, c := range []struct {
		name  string
		steps []pace
		n     int
		first int
		why   string
	}{
		{"the first of equals", []pace{usual, usual, usual}, 2, 0, "steps 0..1: 2 of 2 with full batches (58 requests or more), no recompilation, no gap over 3ms, 10ms a step where 10ms is typical"},
		{"full batches", []pace{small, small, usual, nearly, small}, 2, 2, "2 of 2 with full batches"},
		{"no recompilation", []pace{usual, built, usual, usual}, 2, 2, "no recompilation"},
		{"no warm-up", []pace{warm, warm, small, small}, 2, 2, "2 of 2 with full batches (18 requests or more)"},
		{"no long gap", []pace{usual, late, usual, usual, late}, 3, 1, "no gap over 3ms"},
		{"the usual duration", []pace{slow, slow, usual, usual, usual, usual, slow}, 2, 2, "10ms a step where 10ms is typical"},
		{"the best there is", []pace{built, late, usual}, 3, 0, "3 of 3 with full batches (58 requests or more), 1 with a recompilation, 1 long gap (over 3ms)"},
		{"a long gap that can't be left out", []pace{usual, usual, late, usual, usual}, 4, 0, "1 long gap (over 3ms)"},
		{"no counts of requests", []pace{none, none, built, none, none}, 2, 0, "steps 0..1: no recompilation, no gap over 3ms"},
		{"one step", []pace{warm, slow, usual, usual}, 1, 2, "step 2: "},
	} {
		first, why, err := paced(t, c.steps...).Steady(c.n)
		if err != nil || first != c.first || !strings.Contains(why, c.why) {
			t.Errorf("%s: %d, %q, %v, want %d, …%q…", c.name, first, why, err, c.first, c.why)
		}
	}
}

func TestSteadyOfTooFew(t *testing.T) {
	r := paced(t, pace{took: 1}, pace{took: 1})
	if _, _, err := r.Steady(3); !errors.Is(err, ErrTooFew) || err.Error() != "steady state of 3 steps: too few steps, there are 2" {
		t.Errorf("error %v", err)
	}
	if _, _, err := r.Steady(0); err == nil {
		t.Error("no error for none")
	}
}

// The slid tally is that of each stretch counted anew.
func TestSteadyTallies(t *testing.T) {
	data, truth := generate(t, tracegen.Config{Steps: 300, Layers: 1, Seed: 3})
	r := find(t, data, Options{})
	y := newYardstick(r.Steps)
	const n = 20
	at := y.tally(0, n)
	best := at
	for i := 1; i+n <= len(r.Steps); i++ {
		if at = y.slide(at, i, n); at != y.tally(i, n) {
			t.Fatalf("from %d: %+v, want %+v", i, at, y.tally(i, n))
		}
		if at.better(best, y.typical) {
			best = at
		}
	}
	first, why, err := r.Steady(n)
	if err != nil {
		t.Fatal(err)
	}
	if got := y.tally(first, n); got != best {
		t.Errorf("chosen %+v, best %+v", got, best)
	}
	for i := first; i < first+n; i++ {
		s := truth.Steps[i]
		if s.Warmup || s.Batches[0].Compile != nil {
			t.Errorf("step %d of the warm-up or recompiled in %s", i, why)
		}
	}
	t.Log(why)
}
