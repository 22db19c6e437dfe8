package clocks

import (
	"math"
	"slices"
)

// point is the difference of two clocks at a time of one, both in ns.
type point struct{ at, difference float64 }

// line is a clock's correction: so many ns at pivot, and more by drift with each ns.
type line struct{ pivot, offset, drift float64 }

func (l line) at(at float64) float64 { return l.offset + l.drift*(at-l.pivot) }

// MostDrift is more than clocks of computers drift: what is said to exceed it is no drift.
const MostDrift = 1e-3

// significant is how many deviations a slope has to be from 0, to be one. What it does to times
// far from all points is worse than what a small one does among them.
const significant = 5

// fit finds the line that most points lie near, whatever the others are: the slope is the
// median of the slopes between medians of stretches (Theil and Sen), the offset the median of
// what is left. A slope that chance explains as well is taken for none. The residuals are
// absolute and in order.
func fit(points []point) (l line, residuals []float64) {
	slices.SortFunc(points, func(a, b point) int { return compare(a.at, b.at) })
	l.pivot = points[len(points)/2].at
	l.drift = slope(points)
	l.offset, residuals = level(points, l)
	if math.Abs(l.drift) > MostDrift || math.Abs(l.drift) < significant*deviation(residuals)/spread(points) {
		l.drift = 0
		l.offset, residuals = level(points, l)
	}
	return l, residuals
}

// slope is the median of the slopes between the medians of stretches of points.
func slope(points []point) float64 {
	const least, most = 10, 64
	n := min(most, len(points)/least)
	var middles []point
	var at, differences []float64
	for i := range n {
		at, differences = at[:0], differences[:0]
		for _, p := range points[i*len(points)/n : (i+1)*len(points)/n] {
			at, differences = append(at, p.at), append(differences, p.difference)
		}
		middles = append(middles, point{median(at), median(differences)})
	}
	var slopes []float64
	for i, a := range middles {
		for _, b := range middles[i+1:] {
			if b.at > a.at {
				slopes = append(slopes, (b.difference-a.difference)/(b.at-a.at))
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

// level is the offset of a line of a slope, and what is left then.
func level(points []point, l line) (offset float64, residuals []float64) {
	l.offset = 0
	for _, p := range points {
		residuals = append(residuals, p.difference-l.at(p.at))
	}
	offset = median(residuals)
	for i := range residuals {
		residuals[i] = math.Abs(residuals[i] - offset)
	}
	slices.Sort(residuals)
	return offset, residuals
}

// deviation is the standard deviation that residuals in order would have if their larger half
// were as the smaller one lets expect.
func deviation(residuals []float64) float64 { return 1.4826 * residuals[len(residuals)/2] }

// spread is the root of the sum of squares of how far the points are from their middle, in
// time: a slope is known to within the deviation by it.
func spread(points []point) float64 {
	mean, sum := 0.0, 0.0
	for _, p := range points {
		mean += p.at / float64(len(points))
	}
	for _, p := range points {
		sum += (p.at - mean) * (p.at - mean)
	}
	return math.Sqrt(sum)
}

// median reorders values.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
