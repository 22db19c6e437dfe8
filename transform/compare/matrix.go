package compare

import "math"

// comparison is two sides while they are compared.
type comparison struct {
	runs   []*run // those of before, then those of after
	before int    // how many are before
	keys   []kindKey
	number map[kindKey]int
	counts matrix       // of steps
	share  [2][]float64 // of each kind in the steps of a side
	weight []float64    // of each kind that both sides have; 0 for others
	total  [2]float64   // steps

	// onlySums says that of what steps spend time on some input has but a sum: how much it differs from
	// step to step is not known.
	onlySums bool
}

// run is one run of what is compared: a trace, or those of all ranks.
type run struct {
	name   string
	inputs []*Input
}

// matrix holds numbers by run, by kind of steps and block. Ranks of a run are added up block by
// block: they run side by side and are no observations of their own.
type matrix [][]float64

func (c *comparison) newMatrix() matrix {
	m := make(matrix, len(c.runs))
	for i := range m {
		m[i] = make([]float64, len(c.keys)*blocks)
	}
	return m
}

// newComparison sorts out which kinds of steps both sides have.
func newComparison(before, after []*run) *comparison {
	c := &comparison{runs: append(before[:len(before):len(before)], after...), before: len(before), number: map[kindKey]int{}}
	for _, r := range c.runs {
		for _, in := range r.inputs {
			for _, k := range in.kinds {
				if _, ok := c.number[k.kindKey]; !ok {
					c.number[k.kindKey] = len(c.keys)
					c.keys = append(c.keys, k.kindKey)
				}
			}
		}
	}
	c.counts = c.newMatrix()
	c.eachBlock(func(run int, in *Input, k *kind, block, at int) {
		c.counts[run][at] += float64(len(k.steps[block]))
	})
	c.share[0], c.share[1] = make([]float64, len(c.keys)), make([]float64, len(c.keys))
	for i := range c.runs {
		for at, n := range c.counts[i] {
			c.share[c.side(i)][at/blocks] += n
			c.total[c.side(i)] += n
		}
	}
	c.weight = make([]float64, len(c.keys))
	for k := range c.keys {
		for side := range c.share {
			c.share[side][k] /= max(c.total[side], 1)
		}
		if c.share[0][k] > 0 && c.share[1][k] > 0 {
			c.weight[k] = (c.share[0][k] + c.share[1][k]) / 2
		}
	}
	return c
}

func (c *comparison) side(run int) int {
	if run < c.before {
		return 0
	}
	return 1
}

// eachBlock calls f for all blocks of all kinds of all inputs.
func (c *comparison) eachBlock(f func(run int, in *Input, k *kind, block, at int)) {
	for i, r := range c.runs {
		for _, in := range r.inputs {
			for _, k := range in.kinds {
				for block := range blocks {
					f(i, in, k, block, c.number[k.kindKey]*blocks+block)
				}
			}
		}
	}
}

// fill returns a matrix of what f says of each block of each kind.
func (c *comparison) fill(f func(k *kind, block int) float64) matrix {
	m := c.newMatrix()
	c.eachBlock(func(run int, in *Input, k *kind, block, at int) { m[run][at] += f(k, block) })
	return m
}

// meanOf is what a step of a kind has on average, on a side or, if run is not negative, in a run.
func (c *comparison) meanOf(m matrix, side, run, key int) (value, steps float64) {
	var sum float64
	for i := range c.runs {
		if c.side(i) != side || run >= 0 && i != run {
			continue
		}
		for b := range blocks {
			sum += m[i][key*blocks+b]
			steps += c.counts[i][key*blocks+b]
		}
	}
	return sum / max(steps, 1), steps
}

// estimate is what a step has on average on a side, if it had the kinds of steps that both
// sides have, as often as they have them on average.
func (c *comparison) estimate(m matrix, side int) estimate {
	var parts []estimate
	var weights []float64
	for key, w := range c.weight {
		if w == 0 {
			continue
		}
		value, _ := c.meanOf(m, side, -1, key)
		var means []float64
		for b := range blocks {
			var sum, steps float64
			for i := range c.runs {
				if c.side(i) == side {
					sum += m[i][key*blocks+b]
					steps += c.counts[i][key*blocks+b]
				}
			}
			if steps > 0 {
				means = append(means, sum/steps)
			}
		}
		parts, weights = append(parts, estimateOf(value, means)), append(weights, w)
	}
	return sum(parts, weights)
}

// byRun is what estimate says, run by run.
func (c *comparison) byRun(m matrix, side int) (values []float64) {
	for i := range c.runs {
		if c.side(i) != side {
			continue
		}
		var x float64
		for key, w := range c.weight {
			if w == 0 {
				continue
			}
			value, steps := c.meanOf(m, side, i, key)
			if steps == 0 {
				value, _ = c.meanOf(m, side, -1, key)
			}
			x += w * value
		}
		values = append(values, x)
	}
	return values
}

// change compares like with like.
func (c *comparison) change(m matrix) Change {
	a, b := c.estimate(m, 0), c.estimate(m, 1)
	d := Change{Before: a.value, After: b.value, Change: b.value - a.value}
	if d.P = betweenRuns(c.byRun(m, 0), c.byRun(m, 1)); d.P == nil && !c.onlySums {
		d.P = difference(a, b)
	}
	return d.judge()
}

// judge judges a change that stands alone.
func (d Change) judge() Change {
	if d.Before != 0 {
		percent := 100 * d.Change / d.Before
		d.Percent = &percent
	}
	d.Significant = d.P != nil && *d.P < alpha && d.Change != 0
	return d
}

// mix is what the shift between kinds of steps adds, each kind of steps taken to last as long as
// it does on average on both sides, or on that which has it.
func (c *comparison) mix(spans matrix) ([]Mix, Change) {
	cost := make([]float64, len(c.keys))
	var all []Mix
	var total float64
	for k, key := range c.keys {
		a, _ := c.meanOf(spans, 0, -1, k)
		b, _ := c.meanOf(spans, 1, -1, k)
		switch {
		case c.weight[k] > 0:
			cost[k] = (a + b) / 2
		default:
			cost[k] = a + b // one of them has none
		}
		d := (c.share[1][k] - c.share[0][k]) * cost[k]
		total += d
		all = append(all, Mix{Phase: key.Phase, Bucket: key.Bucket, Before: c.share[0][k], After: c.share[1][k], Change: d})
	}
	// The test asks whether steps in order of time are of dearer kinds on one side.
	var sides [2]estimate
	var runs [2][]float64
	for side := range sides {
		var sums, counts [blocks]float64
		for i, r := range c.runs {
			if c.side(i) != side {
				continue
			}
			var sum, n float64
			for _, in := range r.inputs {
				for j, k := range in.order {
					x := cost[c.number[in.kinds[k].kindKey]]
					b := blockOf(j, len(in.order))
					sums[b], counts[b] = sums[b]+x, counts[b]+1
					sum, n = sum+x, n+1
				}
			}
			runs[side] = append(runs[side], sum/max(n, 1))
		}
		var means []float64
		var sum float64
		for b := range blocks {
			if counts[b] > 0 {
				means = append(means, sums[b]/counts[b])
				sum += sums[b]
			}
		}
		sides[side] = estimateOf(sum/max(c.total[side], 1), means)
	}
	d := Change{Before: sides[0].value, After: sides[1].value, Change: total}
	if d.P = betweenRuns(runs[0], runs[1]); d.P == nil {
		d.P = difference(sides[0], sides[1])
	}
	if math.Abs(total) < 1e-9 {
		d.P = nil
	}
	return all, d.judge()
}
