package overview

import "tracekit/trace"

// maxBins is how many bins of time there are at most while a trace is read. A
// page gets half of that or less.
const (
	maxBins  = 4096
	pageBins = maxBins / 2
	binStart = trace.Time(64)
)

// scale lays bins of equal width over time. The n-th of all bins begins at n ×
// width; those that are kept are the maxBins from first on. It widens as times
// come up that it does not hold, and so takes the same memory for every trace.
type scale struct {
	width  trace.Time // of a bin, in ns; 0 before the first time
	first  int64
	series []widener
}

// widener is told that every two bins become one: bin i goes to to(i).
type widener interface{ widen(to func(i int) int) }

func (s *scale) index(t trace.Time) int { return int(s.number(t) - s.first) }

// number is that of the bin, of all bins, that t lies in.
func (s *scale) number(t trace.Time) int64 { return floorDiv(int64(t), int64(s.width)) }

// start is where bin i begins.
func (s *scale) start(i int) trace.Time { return trace.Time(s.first+int64(i)) * s.width }

// reach makes sure that there is a bin for t.
func (s *scale) reach(t trace.Time) {
	if s.width == 0 {
		s.width = binStart
		s.first = s.number(t)
	}
	for {
		n := s.number(t) - s.first
		switch {
		case n < 0:
			s.widen(maxBins / 2) // what there is becomes the later half
		case n >= maxBins:
			s.widen(0)
		default:
			return
		}
	}
}

// widen makes one bin of every two, and leaves shift of them free before.
func (s *scale) widen(shift int64) {
	old := s.first
	s.width *= 2
	s.first = floorDiv(old, 2) - shift
	if floorDiv(old+maxBins-1, 2)-s.first == maxBins {
		s.first++ // an odd start needs a bin more
	}
	for _, w := range s.series {
		w.widen(func(i int) int { return int(floorDiv(old+int64(i), 2) - s.first) })
	}
}

func floorDiv(t, by int64) int64 {
	n := t / by
	if t%by < 0 {
		n--
	}
	return n
}

// sums are numbers by bin that add up.
type sums [maxBins]int64

func (s *sums) widen(to func(i int) int) {
	var merged sums
	for i, n := range s {
		if n != 0 {
			merged[to(i)] += n
		}
	}
	*s = merged
}
