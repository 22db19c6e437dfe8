package compare

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"tracekit/trace"
	"tracekit/transform/report"
)

// steady is what was measured of a run of n steps whose kernels take times of a kind of series each.
func steady(rng *rand.Rand, kind string, n int, choice func(i int) bool) *Input {
	const kernels = 6
	var parts [kernels][]float64
	for k := range parts {
		parts[k] = series(rng, kind, n)
	}
	gaps := series(rng, kind, n)
	r := &report.Report{Markers: "steps"}
	at := trace.Time(0)
	var chosen []int
	for i := range n {
		took := trace.Time(0)
		for k := range parts {
			took += trace.Time(1000 * parts[k][i])
		}
		if choice(i) {
			chosen = append(chosen, i)
			r.Steps = append(r.Steps, report.Step{Index: i, Phase: "decode", Bucket: []string{"bs8", "bs16"}[i/7%2], Start: at, Duration: took})
			r.Gaps = append(r.Gaps, report.Gap{After: i, Start: at + took, Duration: trace.Time(20 * gaps[i])})
		}
		at += took + trace.Time(20*gaps[i])
	}
	in := &Input{Name: kind, Report: r}
	in.fromReport(Selection{})
	a := &report.Attribution{}
	for k := range kernels {
		a.Moments = append(a.Moments, report.Moments{Kind: report.KernelTime, Name: fmt.Sprint("kernel ", k), Operator: fmt.Sprint("operator ", k/2), Cells: map[int32]trace.Time{}})
		a.Work = append(a.Work, report.Work{Kind: report.KernelTime, Name: fmt.Sprint("kernel ", k), Cells: map[int32]report.Spent{}})
	}
	idle := report.Moments{Kind: report.UnknownTime, Cells: map[int32]trace.Time{}}
	for number, kind := range in.kinds {
		for j, step := range kind.of {
			cell := cellOf(number, blockOf(j, len(kind.of)), 0)
			for k := range kernels {
				d := trace.Time(1000 * parts[k][chosen[step]])
				a.Moments[k].Cells[cell] += d
				s := a.Work[k].Cells[cell]
				a.Work[k].Cells[cell] = report.Spent{Count: s.Count + 1, Total: s.Total + d}
			}
			idle.Cells[cell+1] += r.Gaps[step].Duration
		}
	}
	a.Moments = append(a.Moments, idle)
	in.Report.Attribution = a
	return in
}

// In two runs of the same program, and in two halves of one run, nothing at all is called significant but
// in fewer than one of twenty comparisons: no median, no mean, no kernel and no gap.
func TestSteadyRunsAreCalledTheSame(t *testing.T) {
	seeds := 200
	if testing.Short() {
		seeds = 40
	}
	for _, kind := range []string{"independent", "skewed", "autocorrelated", "trending"} {
		for _, how := range []string{"two runs", "two halves", "three runs a side"} {
			t.Run(kind+" "+how, func(t *testing.T) {
				found := 0
				for seed := range uint64(seeds) {
					rng := func(i uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, i)) }
					all := func(int) bool { return true }
					var before, after []Run
					switch how {
					case "two runs":
						before, after = one(steady(rng(1), kind, 120, all)), one(steady(rng(2), kind, 120, all))
					case "two halves":
						before = one(steady(rng(1), kind, 240, func(i int) bool { return i < 120 }))
						after = one(steady(rng(1), kind, 240, func(i int) bool { return i >= 120 }))
					default:
						for i := range uint64(3) {
							before = append(before, one(steady(rng(2*i), kind, 60, all))...)
							after = append(after, one(steady(rng(2*i+1), kind, 60, all))...)
						}
					}
					r := Compare(before, after)
					if seed == 0 {
						judgeSums(t, r)
					}
					if alarms(r) > 0 {
						found++
					}
				}
				t.Logf("%d of %d", found, seeds)
				if found >= max(seeds*5/100, 3) {
					t.Errorf("%d of %d comparisons call something significant", found, seeds)
				}
			})
		}
	}
}
