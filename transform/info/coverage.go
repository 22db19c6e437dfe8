package info

import (
	"slices"

	"tracekit/trace"
)

type span struct{ start, end trace.Time }

// coverage is the time that slices cover, in the same memory however many there
// are. It is exact as long as a slice reaches back before no more than held
// stretches of time that are covered already, as it does where slices stand in
// the order of their starts; what reaches further back counts from there on.
type coverage struct {
	sum    trace.Time // of what is no longer held
	floor  trace.Time // where that ends
	recent []span     // apart from each other, in order
}

// held is how many stretches a coverage holds.
const held = 32

func (c *coverage) add(start, end trace.Time) {
	if c.recent == nil && c.sum == 0 {
		c.floor = trace.MinTime
	}
	start = max(start, c.floor)
	if end <= start {
		return
	}
	n := len(c.recent)
	if n == 0 || start > c.recent[n-1].end {
		c.recent = append(c.recent, span{start, end})
		c.shed()
		return
	}
	// first is the first stretch that the slice touches, last the one behind the last.
	first := n - 1
	for first > 0 && c.recent[first-1].end >= start {
		first--
	}
	last := n
	for last > first && c.recent[last-1].start > end {
		last--
	}
	if first == last {
		c.recent = slices.Insert(c.recent, first, span{start, end})
		c.shed()
		return
	}
	start, end = min(start, c.recent[first].start), max(end, c.recent[last-1].end)
	c.recent[first] = span{start, end}
	c.recent = slices.Delete(c.recent, first+1, last)
}

// shed lets go of the older half.
func (c *coverage) shed() {
	if len(c.recent) < 2*held {
		return
	}
	for _, s := range c.recent[:held] {
		c.sum += s.end - s.start
		c.floor = s.end
	}
	c.recent = append(c.recent[:0], c.recent[held:]...)
}

// length is the time covered, in ns.
func (c *coverage) length() trace.Time {
	sum := c.sum
	for _, s := range c.recent {
		sum += s.end - s.start
	}
	return sum
}
