package steps

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/testkit/tracegen"
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
	burst := pace{took: 10, gap: 1, requests: 201}
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
		{"the best there is", []pace{usual, built, late, usual}, 3, 0, "3 of 3 with full batches (58 requests or more), 1 with a recompilation, 1 long gap (over 3ms)"},
		{"a long gap that can't be left out", []pace{usual, usual, late, usual, usual}, 4, 0, "1 long gap (over 3ms)"},
		{"a burst that does not last", []pace{small, burst, usual, nearly, usual, small}, 3, 1, "3 of 3 with full batches (58 requests or more)"},
		{"bursts enough", []pace{usual, usual, burst, burst, usual}, 2, 2, "2 of 2 with full batches (181 requests or more)"},
		{"as many as there are", []pace{usual, small, burst}, 3, 0, "3 of 3 with full batches (18 requests or more)"},
		{"counts of too few", []pace{usual, none, none}, 2, 0, "steps 0..1: no recompilation"},
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
	r := paced(t, pace{took: 1, warm: true}, pace{took: 1}, pace{took: 1, compiled: true}, pace{took: 1})
	for _, n := range []int{3, 4, 5, math.MaxInt} {
		want := fmt.Sprintf("steady state of %d steps: too few steps, there are 2 of 4 that are neither of the warm-up nor recompiled nor dummies", n)
		if _, _, err := r.Steady(n); !errors.Is(err, ErrTooFew) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, _, err := r.Steady(2); err != nil {
		t.Error(err)
	}
	if _, _, err := r.Steady(0); err == nil {
		t.Error("no error for none")
	}
}

// However many steps are asked for, so many full ones there are, or an error says how many
// there could be.
func TestSteadyFailsWhereThereAreTooFewSteps(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	for range 300 {
		var all []pace
		clean := 0
		for range 1 + rng.IntN(12) {
			p := pace{took: 10, gap: 1, requests: rng.Int32N(300), warm: rng.IntN(6) == 0, compiled: rng.IntN(6) == 0}
			if all = append(all, p); !p.warm && !p.compiled {
				clean++
			}
		}
		r := paced(t, all...)
		for n := 1; n <= len(all)+1; n++ {
			_, why, err := r.Steady(n)
			if (err != nil) != (n > clean) {
				t.Fatalf("%d of %d steps, %d without fault: %v", n, len(all), clean, err)
			}
			_, rest, told := strings.Cut(why, "full batches (")
			if err != nil || !told {
				continue
			}
			var least int32
			if _, err := fmt.Sscanf(rest, "%d requests", &least); err != nil {
				t.Fatal(err)
			}
			full := 0
			for _, p := range all {
				if !p.warm && !p.compiled && p.requests >= least {
					full++
				}
			}
			if full < n {
				t.Fatalf("%q asks for batches that %d of %v have", why, full, all)
			}
		}
	}
}

// The slid tally is that of each stretch counted again.
func TestSteadyTallies(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 300, Layers: 1, Seed: 3})
	r := find(t, data, Options{})
	const n = 20
	y := newYardstick(r.Steps, n)
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

// TestDummiesAreNotSteady asserts that steps which serve nobody are never taken for the run's own.
func TestDummiesAreNotSteady(t *testing.T) {
	r := &Run{Steps: make([]Step, 9)}
	for i := range r.Steps {
		s := &r.Steps[i]
		s.Start, s.End = trace.Time(100*i), trace.Time(100*i+90)
		s.Load = nothingKnown
		if s.Requests = 1; i < 3 || i > 5 {
			s.Dummy = true
		}
	}
	first, why, err := r.Steady(3)
	if err != nil || first != 3 || strings.Contains(why, "dummies") {
		t.Errorf("steps from %d, %q, %v; want from 3", first, why, err)
	}
	if _, _, err := r.Steady(4); !errors.Is(err, ErrTooFew) {
		t.Errorf("of three steps that are no dummies four are steady: %v", err)
	}
}
