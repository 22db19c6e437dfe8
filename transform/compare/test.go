package compare

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// blocks is into how many stretches, in order of time, the steps of one kind are divided. Steps
// that follow each other are similar, so that a stretch of them counts as one observation.
const blocks = 10

// blockOf is the block of the i-th of n steps. Few steps make few blocks, so that each has some
// steps which average out.
func blockOf(i, n int) int {
	return i * min(max(n/5, 3), n, blocks) / n
}

// alpha is how often a difference may be called significant where there is none.
const alpha = 0.05

// sample is what was measured of one kind of steps on one side: values in order of time, by
// block. An empty block has no steps.
type sample [blocks][]float64

// estimate is a number on one side with what is known of its error.
type estimate struct {
	value    float64
	variance float64 // of the value
	freedom  float64 // degrees of freedom of the variance; 0 if it is not known
	drift    float64 // from the first to the last block, along a straight line
}

// estimateOf estimates a value from those of blocks in order of time, and their error around it
// by how much the blocks differ. Blocks that are like the ones before say less than as many that
// are independent. Fewer than three tell no error.
func estimateOf(value float64, all []float64) estimate {
	e := estimate{value: value}
	n := float64(len(all))
	if len(all) < 3 {
		return e
	}
	middle := stats.Mean(all)
	var squares, next, slope, spread float64
	for i, x := range all {
		squares += (x - middle) * (x - middle)
		at := float64(i) - (n-1)/2
		slope += at * x
		spread += at * at
		if i > 0 {
			next += (x - middle) * (all[i-1] - middle)
		}
	}
	e.drift = slope / spread * (n - 1)
	e.variance = squares / (n - 1) / n
	e.freedom = n - 1
	if squares > 0 {
		// Of so few, the correlation comes out too low by about 1/n, and with an error of 1/√n.
		r := min(max(next/squares+3/n, 0), 0.9)
		e.variance *= (1 + r) / (1 - r)
	}
	return e
}

// sum adds estimates of parts that were measured apart, each times its weight. The error of a
// part that tells none is taken from those that do.
func sum(parts []estimate, weights []float64) estimate {
	var e estimate
	var known, missing, squares float64
	for i, p := range parts {
		w := weights[i]
		e.value += w * p.value
		e.drift += w * p.drift
		if p.freedom == 0 {
			missing += w * w
			continue
		}
		known += w * w
		e.variance += w * w * p.variance
		squares += math.Pow(w*w*p.variance, 2) / p.freedom
		e.freedom = max(e.freedom, p.freedom)
	}
	if known == 0 {
		return estimate{value: e.value}
	}
	if squares > 0 {
		e.freedom = e.variance * e.variance / squares // Welch and Satterthwaite
	}
	e.variance *= 1 + missing/known
	return e
}

// difference tests whether two values differ by more than their errors and the drift within
// each side explain: a run that gets slower as it goes proves no difference that small. It is nil
// if nothing is known of the errors.
func difference(a, b estimate) *float64 {
	if a.freedom == 0 || b.freedom == 0 {
		return nil
	}
	d := math.Abs(b.value-a.value) - (math.Abs(a.drift)+math.Abs(b.drift))/2
	p := 1.0
	variance := a.variance + b.variance
	switch {
	case d <= 0:
	case variance == 0:
		p = 0
	default:
		freedom := variance * variance / (a.variance*a.variance/a.freedom + b.variance*b.variance/b.freedom)
		p = 2 * (1 - stats.TDist{V: freedom}.CDF(d/math.Sqrt(variance)))
	}
	return &p
}

// betweenRuns tests whether two sets of runs differ, each run being one observation. It is nil
// if a side has but one, or if no run of either differs from the others: then they say nothing of noise.
func betweenRuns(a, b []float64) *float64 {
	if len(a) < 2 || len(b) < 2 {
		return nil
	}
	if spread(a) == 0 && spread(b) == 0 {
		return nil
	}
	sample := func(x []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(x), &benchmath.DefaultThresholds)
	}
	p := benchmath.AssumeNormal.Compare(sample(a), sample(b)).P
	return &p
}

func spread(x []float64) float64 { return slices.Max(x) - slices.Min(x) }

// draws is how often blocks are drawn again.
const draws = 400

// median estimates the median of a sample, and its error by that of samples made of blocks that
// are drawn from it, each as often as chance has it.
func (s *sample) median() estimate {
	type valued struct {
		x     float64
		block int
	}
	var all []valued
	var centers []float64 // of blocks
	for i, block := range s {
		for _, x := range block {
			all = append(all, valued{x, i})
		}
		if len(block) > 0 {
			centers = append(centers, medianOf(block))
		}
	}
	slices.SortFunc(all, func(a, b valued) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return a.block - b.block
	})
	var filled []int
	for i := range s {
		if len(s[i]) > 0 {
			filled = append(filled, i)
		}
	}
	times := [blocks]int{}
	weighted := func() float64 {
		total := 0
		for i, n := range times {
			total += n * len(s[i])
		}
		at := 0
		for i := range all {
			if at += times[all[i].block]; 2*at > total {
				return all[i].x
			} else if 2*at == total {
				for j := i + 1; j < len(all); j++ {
					if times[all[j].block] > 0 {
						return (all[i].x + all[j].x) / 2
					}
				}
			}
		}
		return math.NaN()
	}
	for _, i := range filled {
		times[i] = 1
	}
	e := estimateOf(weighted(), centers)
	if e.freedom == 0 {
		return e
	}
	rng := rand.New(rand.NewPCG(uint64(len(all)), blocks))
	var mean, squares float64
	for k := range draws {
		clear(times[:])
		for range filled {
			times[filled[rng.IntN(len(filled))]]++
		}
		x := weighted()
		d := x - mean
		mean += d / float64(k+1)
		squares += d * (x - mean)
	}
	// Drawing makes blocks look more similar than they are by 1 in n.
	n := float64(len(filled))
	drawn := squares / (draws - 1) * n / (n - 1)
	e.variance = max(e.variance, drawn)
	return e
}

func medianOf(x []float64) float64 {
	return stats.Sample{Xs: slices.Sorted(slices.Values(x)), Sorted: true}.Quantile(0.5)
}

// interval is where the value lies, with a confidence of 95 %; nil if its error is not known.
func (e *estimate) interval() *[2]float64 {
	if e.freedom == 0 {
		return nil
	}
	half := stats.InvCDF(stats.TDist{V: e.freedom})(1-alpha/2) * math.Sqrt(e.variance)
	return &[2]float64{e.value - half, e.value + half}
}

// adjust replaces p-values by those of Benjamini and Hochberg, below which no more than that
// share of all that is called significant is so by chance. Those that are nil stay so.
func adjust(all []*float64) []*float64 {
	var order []int
	for i, p := range all {
		if p != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case *all[a] < *all[b]:
			return -1
		case *all[a] > *all[b]:
			return 1
		}
		return 0
	})
	adjusted := make([]*float64, len(all))
	least := 1.0
	for k := len(order) - 1; k >= 0; k-- {
		least = min(least, *all[order[k]]*float64(len(order))/float64(k+1))
		q := least
		adjusted[order[k]] = &q
	}
	return adjusted
}
