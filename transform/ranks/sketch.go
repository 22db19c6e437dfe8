package ranks

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"tracekit/trace"
)

// A sketch counts durations in bins of which each is at most 1/128 as wide as what it counts, so
// that a quantile is off by less than 1 %. Counts add up, in whatever order.
const (
	sketchDigits = 2
	longestTime  = int64(3600e9) // ns; longer ones count as such
)

// SketchError is how far off quantiles of sketches are at most, as a share.
const SketchError = 0.01

type sketch struct{ *hdrhistogram.PackedHistogram }

func newSketch() sketch { return sketch{hdrhistogram.NewPacked(1, longestTime, sketchDigits)} }

func (s sketch) add(d trace.Time, n int64) {
	s.RecordValues(min(max(int64(d), 1), longestTime), n) // which all lie in its range
}

// columns are the values of the bins, each as its distance from the one before, and their counts.
func (s sketch) columns() (c columns) {
	last := int64(0)
	s.ForEachBucket(func(value, count int64) bool {
		c.put(value-last, count)
		last = value
		return true
	})
	return c
}

// addColumns adds the counts of columns.
func (s sketch) addColumns(c columns) error {
	n := numbers{rest: c}
	value := int64(0)
	for len(n.rest) > 0 {
		value += n.next()
		count := n.next()
		if n.bad || value < 1 || value > longestTime || count < 1 {
			return errColumns
		}
		s.add(trace.Time(value), count)
	}
	return n.end()
}

// quantile is the value that percent of those counted do not exceed.
func (s sketch) quantile(percent float64) trace.Time {
	return trace.Time(s.ValueAtPercentile(percent))
}
