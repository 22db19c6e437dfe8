package clocks

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"tracekit/trace"
)

// aligner corrects one clock after the other by those that are corrected already.
type aligner struct {
	clocks *Clocks
	ends   map[Meeting]*ends // by the hosts that are aligned
	origin trace.Time        // that times count from
	room   []point
}

// ends are when those that are aligned left a collective.
type ends struct {
	shape uint64
	at    []float64 // on the common clock, in ns after origin
}

func (a *aligner) align() {
	left := slices.Clone(a.clocks.Hosts)
	for _, h := range left {
		h.Why = fmt.Sprintf("fewer than %d matches", LeastMatches)
	}
	// The first is the one that has seen most.
	first := slices.MaxFunc(left, func(x, y *Host) int { return cmp.Compare(a.samples(x), a.samples(y)) })
	a.clocks.Reference = first.Name
	a.origin = a.first()
	first.Corrected, first.Why = true, ""
	a.join(first, line{})
	left = slices.DeleteFunc(left, func(h *Host) bool { return h == first })
	for some := true; some; {
		some = false
		left = slices.DeleteFunc(left, func(h *Host) bool {
			points := a.points(h)
			if h.Matches = len(points); len(points) < LeastMatches {
				return false // another may have more to do with it
			}
			a.correct(h, points)
			some = true
			return true
		})
	}
}

// correct fits a host's clock to those that are aligned, and joins it to them.
func (a *aligner) correct(h *Host, points []point) {
	l, residuals := fit(points)
	n := len(residuals)
	h.Residuals = &Residuals{int64(residuals[n/2]), int64(residuals[n*9/10]), int64(residuals[n-1])}
	h.Offset, h.DriftPPM, h.At = int64(math.Round(l.offset)), l.drift*1e6, int64(a.origin)+int64(l.pivot)
	if a.clocks.By == BySteps && math.Abs(l.offset) < 3*deviation(residuals) {
		h.Why = "steps differ by more than that from rank to rank"
		a.join(h, line{})
		return
	}
	h.Corrected, h.Why = true, ""
	a.join(h, l)
}

func (a *aligner) samples(h *Host) (n int) {
	for _, f := range h.traces {
		n += len(f.Samples)
	}
	return n
}

// first is the time of the first sample: float64 has no room for what counts from 1970.
func (a *aligner) first() trace.Time {
	first := trace.MaxTime
	for _, h := range a.clocks.Hosts {
		for _, f := range h.traces {
			for _, s := range f.Samples {
				first = min(first, f.Clock.At(s.End))
			}
		}
	}
	return first
}

// time is when a sample of a file was, in ns after origin.
func (a *aligner) time(f *Trace, s *Sample) float64 { return float64(f.Clock.At(s.End) - a.origin) }

// join adds the ends of a host to those that are aligned.
func (a *aligner) join(h *Host, l line) {
	for _, f := range h.traces {
		lags, started := a.lags(f), a.started()
		for i := range f.Samples {
			s := &f.Samples[i]
			lag, known := lags[s.Group]
			if !known && s.Shape != 0 && started[s.Group] {
				continue // nobody knows which of the others it is
			}
			m := s.behind(lag)
			e := a.ends[m]
			if e == nil {
				e = &ends{shape: s.Shape}
				a.ends[m] = e
			}
			at := a.time(f, s)
			at += l.at(at)
			place, _ := slices.BinarySearch(e.at, at)
			e.at = slices.Insert(e.at, place, at)
		}
	}
}

// started are the groups of which something is aligned.
func (a *aligner) started() map[uint64]bool {
	groups := map[uint64]bool{}
	for m := range a.ends {
		groups[m.Group] = true
	}
	return groups
}

// points are the differences of a host's clock to those that are aligned.
func (a *aligner) points(h *Host) (points []point) {
	for _, f := range h.traces {
		lags := a.lags(f)
		for i := range f.Samples {
			s := &f.Samples[i]
			if lag, known := lags[s.Group]; known || s.Shape == 0 {
				points = a.match(f, s, lag, points)
			}
		}
	}
	return points
}

// match appends the difference of a file's clock at a sample, if that is of a collective that
// others have left, too.
func (a *aligner) match(f *Trace, s *Sample, lag int64, points []point) []point {
	e := a.ends[s.behind(lag)]
	if e == nil || e.shape != s.Shape {
		return points
	}
	at, n := a.time(f, s), len(e.at)
	return append(points, point{at, (e.at[(n-1)/2]+e.at[n/2])/2 - at})
}

// behind is the meeting so many numbers later.
func (s *Sample) behind(lag int64) Meeting {
	return Meeting{s.Group, s.Number + uint64(lag)}
}

// lags tell, by group, how far the numbers of a file are behind those of the others, where
// order gave them: its profiler may have begun earlier or later.
func (a *aligner) lags(f *Trace) map[uint64]int64 {
	byGroup := map[uint64][]*Sample{}
	for i := range f.Samples {
		if s := &f.Samples[i]; s.Shape != 0 {
			byGroup[s.Group] = append(byGroup[s.Group], s)
		}
	}
	lags := map[uint64]int64{}
	for group, samples := range byGroup {
		if lag, known := a.lag(f, group, samples); known {
			lags[group] = lag
		}
	}
	return lags
}

// candidate is a lag, and how well it explains what ranks have seen.
type candidate struct {
	lag      int64
	scatter  float64 // mean of the logarithms of the residuals: of few that are large, the size hardly matters
	distance float64 // of the clocks, in ns
}

// lag finds the lag by which the differences of the clocks scatter least. Where several do so,
// since all collectives take the same time, it is the one by which the clocks differ least.
func (a *aligner) lag(f *Trace, group uint64, samples []*Sample) (lag int64, known bool) {
	const (
		near        = 32  // numbers around what the clocks say, and around 0
		most        = 128 // samples that are looked at
		sameScatter = 0.1 // scatter
	)
	some := samples
	if len(some) > most {
		some = some[(len(some)-most)/2:][:most] // one stretch, most likely
	}
	var all []candidate
	best := candidate{scatter: math.Inf(1)}
	said := a.lagByClock(f, group, samples[len(samples)/2])
	for i := range int64(2 * (2*near + 1)) {
		lag := i - near
		if i > 2*near {
			lag = said + i - 3*near - 1
		}
		if c, some := a.try(f, lag, some); some {
			all = append(all, c)
			if c.scatter < best.scatter {
				best = c
			}
		}
	}
	nearest := best
	for _, c := range all {
		if c.scatter <= best.scatter+sameScatter && c.distance < nearest.distance {
			nearest = c
		}
	}
	return nearest.lag, len(all) > 0
}

// try tells how well a lag explains samples of a group. It reports false if too few others have
// seen them, or the clocks would be further apart than any are.
func (a *aligner) try(f *Trace, lag int64, samples []*Sample) (c candidate, some bool) {
	points := a.room[:0]
	met := 0
	for _, s := range samples {
		if a.ends[s.behind(lag)] != nil {
			met++
		}
		points = a.match(f, s, lag, points)
	}
	a.room = points
	if len(points) < LeastMatches || 2*len(points) < met {
		return c, false
	}
	differences := make([]float64, len(points))
	for i, p := range points {
		differences[i] = p.difference
	}
	middle := median(differences)
	if math.Abs(middle) > mostByOrder && f.States() {
		return c, false
	}
	const unlike = 1e6 // ns: what it counts that a collective was another
	sum := float64(met-len(points)) * math.Log1p(unlike/1000)
	for _, d := range differences {
		sum += math.Log1p(math.Abs(d-middle) / 1000)
	}
	return candidate{lag, sum / float64(met), math.Abs(middle)}, true
}

// mostByOrder is how far apart, in ns, clocks may be that state the time of day, for order to
// tell which collectives are the same.
const mostByOrder = 10e9

// lagByClock is the lag of the collective that the others left when a sample was.
func (a *aligner) lagByClock(f *Trace, group uint64, s *Sample) (lag int64) {
	at, nearest := a.time(f, s), math.Inf(1)
	for m, e := range a.ends {
		if d := math.Abs(e.at[0] - at); m.Group == group && e.shape == s.Shape && (d < nearest || d == nearest && int64(m.Number-s.Number) < lag) {
			nearest, lag = d, int64(m.Number-s.Number)
		}
	}
	return lag
}

// Lags returns for each trace, by group, how far the numbers that order gave its collectives are behind
// those of the others, once their clocks are aligned. Of groups that a trace is the first to have it is
// 0, and what is not known is left out.
func Lags(traces []*Trace) []map[uint64]int64 {
	all := make([]map[uint64]int64, len(traces))
	h := &Host{traces: traces}
	a := aligner{clocks: &Clocks{By: ByCollectives, Hosts: []*Host{h}}, ends: map[Meeting]*ends{}}
	a.origin = a.first()
	order := make([]int, len(traces))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(len(traces[y].Samples), len(traces[x].Samples)) })
	for _, i := range order {
		t := traces[i]
		all[i] = a.lags(t)
		started := a.started()
		for k := range t.Samples {
			if s := &t.Samples[k]; s.Shape != 0 && !started[s.Group] {
				all[i][s.Group] = 0
			}
		}
		a.join(&Host{traces: []*Trace{t}}, line{})
	}
	return all
}
