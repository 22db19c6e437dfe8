package steps

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracekit/internal/term"
	"tracekit/trace"
)

// ErrTooFew says that a run has fewer steady steps than were asked for.
var ErrTooFew = errors.New("too few steps")

// Steady finds those n steps in a row that stand best for the run, and says
// why these. It looks for the stretch with the fewest faults: steps of the
// warm-up, recompilations, dummies, and long gaps between steps. Of these it takes the
// one with the most full batches, then the one whose mean duration is nearest
// to the median of the steps that are full and without fault, then the first.
//
// Steps of the warm-up, recompilations and dummies, which serve nobody, are not steady: it fails if there are
// fewer than n others. Of these a batch is full if it has nine tenths of the
// requests of the n-th largest, so that n full ones there are. A gap is long if
// it is over three times the median and over a tenth of the median step.
func (r *Run) Steady(n int) (first int, why string, err error) {
	if n < 1 {
		return 0, "", errors.New("steady state: ask for one step or more")
	}
	y := newYardstick(r.Steps, n)
	if n > y.clean {
		return 0, "", fmt.Errorf("steady state of %d steps: %w, there are %d of %d that are neither of the warm-up nor recompiled nor dummies", n, ErrTooFew, y.clean, len(r.Steps))
	}
	at := y.tally(0, n)
	best := at
	for i := 1; i+n <= len(r.Steps); i++ {
		if at = y.slide(at, i, n); at.better(best, y.typical) {
			best, first = at, i
		}
	}
	return first, y.reason(r, best, first, n), nil
}

// yardstick is what steps are measured by.
type yardstick struct {
	steps    []Step
	clean    int        // steps without fault
	fullFrom int32      // requests of a full batch; 0 if no step tells its requests
	longGap  trace.Time // longest gap that is not long
	typical  trace.Time // duration of a step
}

// newYardstick measures steps for a stretch of n.
func newYardstick(steps []Step, n int) *yardstick {
	y := &yardstick{steps: steps}
	var all, gaps []trace.Time
	var requests []int32
	for i := range steps {
		all = append(all, steps[i].Duration())
		if i > 0 {
			gaps = append(gaps, max(0, steps[i].Start-steps[i-1].End))
		}
		if !y.faulty(i) {
			requests = append(requests, steps[i].Requests)
		}
	}
	slices.Sort(requests)
	if y.clean = len(requests); n <= y.clean {
		nth := max(0, requests[y.clean-n])
		y.fullFrom = nth - nth/10
	}
	y.longGap = max(3*median(gaps), median(all)/10)
	var good []trace.Time
	for i := range steps {
		if !y.faulty(i) && y.full(i) {
			good = append(good, steps[i].Duration())
		}
	}
	if y.typical = median(good); len(good) == 0 {
		y.typical = median(all)
	}
	return y
}

func median(t []trace.Time) trace.Time {
	if len(t) == 0 {
		return 0
	}
	slices.Sort(t)
	return t[(len(t)-1)/2]
}

func (y *yardstick) faulty(i int) bool {
	return y.steps[i].Warmup || y.steps[i].Dummy || y.steps[i].Recompiled()
}

func (y *yardstick) full(i int) bool { return y.fullFrom == 0 || y.steps[i].Requests >= y.fullFrom }

// long reports whether the gap before step i is a long one.
func (y *yardstick) long(i int) bool {
	return y.steps[i].Start-y.steps[i-1].End > y.longGap
}

// tally is what a stretch of steps has.
type tally struct {
	warm, dummy, compiled, gaps, full int
	took                              trace.Time // all durations together
	n                                 trace.Time
}

func (y *yardstick) tally(first, n int) tally {
	t := tally{n: trace.Time(n)}
	for i := first; i < first+n; i++ {
		t.step(y, i, 1)
		if i > first && y.long(i) {
			t.gaps++
		}
	}
	return t
}

// slide moves a tally of n steps on by one, to first.
func (y *yardstick) slide(t tally, first, n int) tally {
	t.step(y, first-1, -1)
	t.step(y, first+n-1, 1)
	if n > 1 && y.long(first) {
		t.gaps--
	}
	if n > 1 && y.long(first+n-1) {
		t.gaps++
	}
	return t
}

func (t *tally) step(y *yardstick, i, sign int) {
	s := &y.steps[i]
	if s.Warmup {
		t.warm += sign
	}
	if s.Dummy {
		t.dummy += sign
	}
	if s.Recompiled() {
		t.compiled += sign
	}
	if y.full(i) {
		t.full += sign
	}
	t.took += trace.Time(sign) * s.Duration()
}

func (t tally) faults() int { return t.warm + t.dummy + t.compiled + t.gaps }

func (t tally) better(than tally, typical trace.Time) bool {
	if a, b := t.faults(), than.faults(); a != b {
		return a < b
	}
	if t.full != than.full {
		return t.full > than.full
	}
	return distance(t.took, t.n*typical) < distance(than.took, t.n*typical)
}

func (y *yardstick) reason(r *Run, t tally, first, n int) string {
	name := r.NumberOf
	var b strings.Builder
	if n == 1 {
		fmt.Fprintf(&b, "step %d: ", name(first))
	} else {
		fmt.Fprintf(&b, "steps %d..%d: ", name(first), name(first+n-1))
	}
	if y.fullFrom > 0 {
		fmt.Fprintf(&b, "%d of %d with full batches (%d requests or more), ", t.full, n, y.fullFrom)
	}
	for _, f := range []struct {
		n    int
		none string
		some string
	}{{t.warm, "", "%d of the warm-up, "}, {t.dummy, "", "%d dummies, "}, {t.compiled, "no recompilation, ", "%d with a recompilation, "}} {
		if f.n > 0 {
			fmt.Fprintf(&b, f.some, f.n)
		} else {
			b.WriteString(f.none)
		}
	}
	if t.gaps > 0 {
		fmt.Fprintf(&b, "%s (over %v), ", term.Plural(t.gaps, "long gap"), time.Duration(y.longGap))
	} else {
		fmt.Fprintf(&b, "no gap over %v, ", time.Duration(y.longGap))
	}
	fmt.Fprintf(&b, "%v a step where %v is typical", time.Duration(t.took/t.n), time.Duration(y.typical))
	return b.String()
}

func distance(a, b trace.Time) trace.Time { return max(a-b, b-a) }
