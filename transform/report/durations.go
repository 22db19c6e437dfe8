package report

import (
	"slices"

	"tracekit/trace"
)

// SumUp measures durations, which it sorts. All are 0 if there are none.
func SumUp(all []trace.Time) Durations {
	d := Durations{Count: len(all)}
	if len(all) == 0 {
		return d
	}
	slices.Sort(all)
	for _, t := range all {
		d.Total = d.Total.Add(t)
	}
	d.Mean = mean(d.Total, int64(d.Count))
	d.P50, d.P90, d.P99 = quantile(all, 50), quantile(all, 90), quantile(all, 99)
	d.Max = all[len(all)-1]
	return d
}

// quantile is the smallest of the sorted values that is not under percent of
// them.
func quantile(sorted []trace.Time, percent int) trace.Time {
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// mean divides, to the nearest ns.
func mean(total trace.Time, n int64) trace.Time {
	if n == 0 {
		return 0
	}
	return (total + trace.Time(n)/2) / trace.Time(n)
}

// shareOf is part ÷ whole, 0 if there is no whole.
func shareOf(part, whole trace.Time) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
