package page

import "tracekit/trace"

// maxBins is how many bins of time there are at most while a trace is read for a
// page, which gets half of that or less. Where none is drawn there can be more.
const (
	maxBins  = 4096
	pageBins = maxBins / 2
	fineBins = 16 * maxBins
)

// scale lays bins of equal width, a power of two, over time. The n-th of all bins
// begins at n × width; those that are kept are some from first on. It widens as
// times come up that it does not hold, and so takes the same memory for every trace.
type scale struct {
	bins   int
	shift  uint // of the width; 0 before the first time
	first  int64
	series []widener
}

const startShift = 6

// width is that of a bin, in ns.
func (s *scale) width() trace.Time { return 1 << s.shift }

// widener is told that every two bins become one: bin i goes to to(i).
type widener interface{ widen(to func(i int) int) }

func (s *scale) index(t trace.Time) int { return int(s.number(t) - s.first) }

// number is that of the bin, of all bins, that t lies in.
func (s *scale) number(t trace.Time) int64 { return int64(t) >> s.shift }

// start is where bin i begins, as far as times go.
func (s *scale) start(i int) trace.Time {
	n := s.first + int64(i)
	switch {
	case n > int64(trace.MaxTime)>>s.shift:
		return trace.MaxTime
	case n < int64(trace.MinTime)>>s.shift:
		return trace.MinTime
	}
	return trace.Time(n) << s.shift
}

// reach makes sure that there is a bin for t.
func (s *scale) reach(t trace.Time) {
	if s.shift == 0 {
		s.shift = startShift
		s.first = s.number(t)
	}
	for {
		n := int(s.number(t) - s.first)
		switch {
		case n < 0:
			s.widen(s.bins / 2) // what there is becomes the later half
		case n >= s.bins:
			s.widen(0)
		default:
			return
		}
	}
}

// widen makes one bin of every two, and leaves some free before them.
func (s *scale) widen(free int) {
	old := s.first
	s.shift++
	s.first = old>>1 - int64(free)
	if (old+int64(s.bins)-1)>>1-s.first == int64(s.bins) {
		s.first++ // an odd start needs a bin more
	}
	for _, w := range s.series {
		w.widen(func(i int) int { return int((old+int64(i))>>1 - s.first) })
	}
}

// sums are numbers by bin that add up.
type sums []int64

func (s *sums) widen(to func(i int) int) {
	merged := make(sums, len(*s))
	for i, n := range *s {
		if n != 0 {
			merged[to(i)] += n
		}
	}
	*s = merged
}
