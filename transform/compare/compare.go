// Package compare finds what changed between two runs of the same work, what the change of a step
// is made of, and whether it is more than noise. [Measure] and [FromReport] make an input,
// [Compare] a result; docs/compare.md has the definitions. Measuring one trace is for report.
package compare

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"tracekit/trace"
	"tracekit/transform/report"
)

// Run names the traces of a run: one, or those of its ranks.
type Run struct {
	Name   string
	Inputs []*Input
}

// Compare compares two sides of one run each or more.
func Compare(before, after []Run) *Result {
	c := newComparison(runsOf(before), runsOf(after))
	r := &Result{Before: c.describe(0), After: c.describe(1), Notes: c.notes()}
	spans := c.fill(func(k *kind, b int) float64 { return k.spans[b] + k.gaps[b] })
	r.Step = c.change(spans)
	r.Mix, r.Shift = c.mix(spans)
	r.Whole = c.whole(spans)
	for _, d := range []*Change{&r.Step, &r.Shift, &r.Whole} {
		d.Share = shareOf(d.Change, r.Whole.Change)
	}
	c.medians(r)
	c.single(r)
	c.recompilations(r)
	c.tables(r)
	r.adjust()
	c.answer(r)
	return r
}

func runsOf(all []Run) (runs []*run) {
	for _, r := range all {
		runs = append(runs, &run{name: r.Name, inputs: r.Inputs})
	}
	return runs
}

// whole is the time of a step and its gap, whatever its kind.
func (c *comparison) whole(spans matrix) Change {
	var sums [2]float64
	for i := range c.runs {
		for _, x := range spans[i] {
			sums[c.side(i)] += x
		}
	}
	d := Change{Before: sums[0] / max(c.total[0], 1), After: sums[1] / max(c.total[1], 1)}
	d.Change = d.After - d.Before
	return d.judge()
}

func shareOf(part, whole float64) *float64 {
	if whole == 0 {
		return nil
	}
	share := part / whole
	if part == 0 {
		share = 0 // and not below it
	}
	return &share
}

// medians compares the steps of phases and of their buckets.
func (c *comparison) medians(r *Result) {
	byPhase := map[string][]int{}
	for k, key := range c.keys {
		byPhase[key.Phase] = append(byPhase[key.Phase], k)
		r.Buckets = append(r.Buckets, c.phase(key.Phase, key.Bucket, []int{k}))
	}
	r.Phases = []Phase{}
	for _, phase := range slices.Sorted(maps.Keys(byPhase)) {
		r.Phases = append(r.Phases, c.phase(phase, "", byPhase[phase]))
	}
	for _, list := range [][]Phase{r.Phases, r.Buckets} {
		slices.SortStableFunc(list, func(a, b Phase) int {
			return cmp.Compare(b.StepsBefore+b.StepsAfter, a.StepsBefore+a.StepsAfter)
		})
	}
}

func (c *comparison) phase(phase, bucket string, keys []int) Phase {
	p := Phase{Phase: phase, Bucket: bucket}
	var sides [2][]estimate
	var weights []float64
	for _, k := range keys {
		p.StepsBefore += int(math.Round(c.share[0][k] * c.total[0]))
		p.StepsAfter += int(math.Round(c.share[1][k] * c.total[1]))
		if c.weight[k] == 0 {
			continue
		}
		weights = append(weights, c.weight[k])
		for side := range sides {
			s := c.sample(k, func(i int) bool { return c.side(i) == side })
			sides[side] = append(sides[side], s.median())
		}
	}
	if len(weights) == 0 {
		return p
	}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	for i := range weights {
		weights[i] /= total
	}
	a, b := sum(sides[0], weights), sum(sides[1], weights)
	d := Change{Before: a.value, After: b.value, Change: b.value - a.value}
	if d.P = betweenRuns(c.mediansByRun(keys, 0, sides[0]), c.mediansByRun(keys, 1, sides[1])); d.P == nil {
		d.P = difference(a, b)
	}
	d = d.judge()
	p.Median, p.BeforeInterval, p.AfterInterval = &d, a.interval(), b.interval()
	return p
}

// sample is the durations of steps of a kind in some of the runs.
func (c *comparison) sample(key int, of func(run int) bool) *sample {
	s := &sample{}
	c.eachBlock(func(run int, in *Input, k *kind, block, at int) {
		if of(run) && at/blocks == key {
			s[block] = append(s[block], k.steps[block]...)
		}
	})
	return s
}

// mediansByRun is the median of each run of a side; of kinds that it does not have, it is that
// of the side.
func (c *comparison) mediansByRun(keys []int, side int, pooled []estimate) (values []float64) {
	for i := range c.runs {
		if c.side(i) != side {
			continue
		}
		var x, total float64
		at := 0
		for _, k := range keys {
			if c.weight[k] == 0 {
				continue
			}
			value := pooled[at].value
			at++
			var all []float64
			for _, block := range c.sample(k, func(run int) bool { return run == i }) {
				all = append(all, block...)
			}
			if len(all) > 0 {
				value = medianOf(all)
			}
			x += c.weight[k] * value
			total += c.weight[k]
		}
		values = append(values, x/total)
	}
	return values
}

// single compares what there is one number of.
func (c *comparison) single(r *Result) {
	hasGaps, hasBusy := false, false
	c.eachBlock(func(_ int, in *Input, k *kind, block, _ int) {
		hasGaps = hasGaps || k.gaps[block] > 0
		hasBusy = hasBusy || k.hasBusy
	})
	add := func(to **Change, has bool, f func(k *kind, block int) float64) {
		if has {
			d := c.change(c.fill(f))
			d.Share = shareOf(d.Change, r.Whole.Change)
			*to = &d
		}
	}
	add(&r.Gaps, hasGaps, func(k *kind, b int) float64 { return k.gaps[b] })
	add(&r.DeviceBusy, hasBusy, func(k *kind, b int) float64 { return k.busy[b] })
	add(&r.DeviceIdle, hasBusy, func(k *kind, b int) float64 { return k.idle[b] })
}

// recompilations counts them in a run on average, those of all ranks together.
func (c *comparison) recompilations(r *Result) {
	type sums struct {
		n    [2]float64
		took [2]float64
	}
	all := map[string]*sums{}
	for i, run := range c.runs {
		side := c.side(i)
		runs := float64(c.before)
		if side == 1 {
			runs = float64(len(c.runs) - c.before)
		}
		for _, in := range run.inputs {
			for _, x := range in.Report.Recompilations {
				s := all[x.Recipe]
				if s == nil {
					s = &sums{}
					all[x.Recipe] = s
				}
				s.n[side] += 1 / runs
				s.took[side] += float64(x.Duration) / runs
			}
		}
	}
	r.Recompilations.Recipes = []Recipe{}
	var perStep [2]float64
	for _, recipe := range slices.Sorted(maps.Keys(all)) {
		s := all[recipe]
		r.Recompilations.Recipes = append(r.Recompilations.Recipes, Recipe{recipe, s.n[0], s.n[1], s.took[0], s.took[1]})
		r.Recompilations.Before += s.n[0]
		r.Recompilations.After += s.n[1]
		r.Recompilations.BeforeTime += s.took[0]
		r.Recompilations.AfterTime += s.took[1]
		for side := range perStep {
			runs := float64([]int{c.before, len(c.runs) - c.before}[side])
			perStep[side] += s.took[side] * runs / max(c.total[side], 1)
		}
	}
	r.Recompilations.ChangeAStep = perStep[1] - perStep[0]
	slices.SortStableFunc(r.Recompilations.Recipes, func(a, b Recipe) int {
		return cmp.Or(cmp.Compare(math.Abs(b.After-b.Before), math.Abs(a.After-a.Before)),
			cmp.Compare(math.Abs(b.AfterTime-b.BeforeTime), math.Abs(a.AfterTime-a.BeforeTime)))
	})
}

// families are into how many the tests of a comparison are divided.
const families = 3

// adjust makes up for a comparison being many tests, in families: the medians of phases, which are few
// and what the answer is about; medians of buckets and means of steps; and all tables. So what is tested of
// the first does not depend on how many kernels there are.
func (r *Result) adjust() {
	var phases, steps, rows []*Change
	for i := range r.Phases {
		phases = append(phases, r.Phases[i].Median)
	}
	for i := range r.Buckets {
		steps = append(steps, r.Buckets[i].Median)
	}
	steps = append(steps, &r.Step, &r.Shift, &r.Whole, r.Gaps, r.DeviceBusy, r.DeviceIdle)
	tables := [][]Row{r.Explained, r.Kernels, r.Operators, r.Python, r.Communication}
	for _, list := range tables {
		for i := range list {
			rows = append(rows, &list[i].Change)
		}
	}
	for i := range r.Attribution {
		rows = append(rows, &r.Attribution[i].Change)
	}
	for _, family := range [][]*Change{phases, steps, rows} {
		adjustAll(family)
	}
	for _, list := range tables {
		slices.SortStableFunc(list, func(a, b Row) int { return byChange(&a.Change, &b.Change) })
	}
	slices.SortStableFunc(r.Attribution, func(a, b Place) int { return byChange(&a.Change, &b.Change) })
}

// adjustAll adjusts the tests of a family.
func adjustAll(all []*Change) {
	var ps []*float64
	var of []*Change
	for _, d := range all {
		if d != nil {
			ps, of = append(ps, d.P), append(of, d)
		}
	}
	for i, q := range adjust(ps) {
		if q != nil {
			*q = min(1, families**q)
		}
		of[i].P = q
		of[i].Significant = q != nil && *q < alpha && of[i].Change != 0
	}
}

// FailsAbove returns the phase whose median got slower by more than so many percent, and by more
// than noise; nil if none did.
func (r *Result) FailsAbove(percent float64) *Phase {
	var worst *Phase
	for i := range r.Phases {
		p := &r.Phases[i]
		if d := p.Median; d != nil && d.Significant && d.Percent != nil && *d.Percent > percent &&
			(worst == nil || *d.Percent > *worst.Median.Percent) {
			worst = p
		}
	}
	return worst
}

// amountOf is what a table says of some work: time on a device or that of its own on the host.
func amountOf(k report.Kind, s report.Spent) trace.Time {
	if k == report.KernelTime || k == report.CommunicationTime {
		return s.Total
	}
	return s.Self
}
