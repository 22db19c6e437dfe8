package info

import (
	"cmp"
	"slices"
	"time"

	"tracekit/trace"
)

type span struct{ start, end trace.Time }

// coverage is the time that slices cover. It holds the latest stretches of time
// that are covered, and is exact as long as no slice reaches back before those:
// of one that does, what lies there does not count.
type coverage struct {
	sum    trace.Time // of what is no longer held
	floor  trace.Time // where that ends
	recent []span     // apart from each other, in order

	// without is what is covered without slices so long, or so early, that only the end of the
	// trace reports whether they can be; nil if there are none. Longest is the longest of them, and
	// zeros that some begin at exactly 0.
	without *coverage
	longest trace.Time
	zeros   bool
}

// mayBeImpossible is from where on a duration is doubted, in ns: what is shorter is never
// impossible for its length.
const mayBeImpossible = trace.Time(24 * time.Hour)

func newCoverage() coverage { return coverage{floor: trace.MinTime} }

// A coverage holds up to twice mostHeld stretches. Where there are many
// coverages, each holds less, so that it is about allHeld for all of them.
const (
	mostHeld  = 4096
	leastHeld = 32
	allHeld   = 1 << 20
)

func spansPerCoverage(coverages int) int { return min(max(allHeld/coverages, leastHeld), mostHeld) }

// add covers a stretch of time; held says how many are held.
func (c *coverage) add(start, end trace.Time, held int) {
	switch {
	case end-start >= mayBeImpossible || start == 0:
		if c.without == nil {
			same := *c
			same.recent = slices.Clone(c.recent)
			c.without = &same
		}
		if c.zeros = c.zeros || start == 0; end-start >= mayBeImpossible {
			c.longest = max(c.longest, end-start)
		}
	case c.without != nil:
		c.without.add(start, end, held)
	}
	start = max(start, c.floor)
	if end <= start {
		return
	}
	n := len(c.recent)
	switch {
	case n == 0 || start > c.recent[n-1].end:
		c.recent = append(c.recent, span{start, end})
		c.shed(held)
	case start >= c.recent[n-1].start:
		c.recent[n-1].end = max(c.recent[n-1].end, end)
	default:
		c.insert(start, end, held)
	}
}

// insert is add for what begins before the latest stretch.
func (c *coverage) insert(start, end trace.Time, held int) {
	first, _ := slices.BinarySearchFunc(c.recent, start, func(s span, t trace.Time) int { return cmp.Compare(s.end, t) })
	behind, _ := slices.BinarySearchFunc(c.recent, end.Add(1), func(s span, t trace.Time) int { return cmp.Compare(s.start, t) })
	if first == behind { // it meets none
		c.recent = slices.Insert(c.recent, first, span{start, end})
		c.shed(held)
		return
	}
	c.recent[first] = span{min(start, c.recent[first].start), max(end, c.recent[behind-1].end)}
	c.recent = slices.Delete(c.recent, first+1, behind)
}

// shed lets go of all but the latest.
func (c *coverage) shed(held int) {
	if len(c.recent) < 2*held {
		return
	}
	old := c.recent[:len(c.recent)-held]
	for _, s := range old {
		c.sum += s.end - s.start
	}
	c.floor = old[len(old)-1].end
	c.recent = append(c.recent[:0], c.recent[len(old):]...)
}

// length is the time covered, in ns, without slices of a length, or from a time, that the trace
// can't hold.
func (c *coverage) length(x *trace.Extent) trace.Time {
	if c.without != nil && (c.longest > x.Longest || c.zeros && x.Zero > 0) {
		c = c.without
	}
	sum := c.sum
	for _, s := range c.recent {
		sum += s.end - s.start
	}
	return sum
}
