package downsample

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"tracekit/internal/budget"
)

// estimate is about what is left at resolutions that lie a factor of two apart. It comes
// from one pass over the records, in which each of them is tried.
type estimate struct {
	fixed    cost   // what is kept at every resolution
	instants cost   // of that, instants and what else has a time and nests in nothing
	left     []cost // what is left besides, by the number of the resolution
	x        []float64
}

// firstBits is the shortest resolution that is tried, above none at all: 2^6 ns.
const firstBits = 6

// tried is the resolution of a number, in ns; 0 is none, at which nothing is merged.
func tried(n int) int64 {
	if n == 0 {
		return 0
	}
	return 1 << (n - 1 + firstBits)
}

// longest is the number of the coarsest tried resolution that keeps what lasts dur ns.
func longest(dur int64) int { return max(0, bits.Len64(uint64(dur))-firstBits) }

// total is what is left at the resolution of a number.
func (e *estimate) total(n int) cost {
	c := e.left[n]
	c.add(e.fixed)
	return c
}

// coarsest is what is left at the coarsest resolution that is tried.
func (e *estimate) coarsest() cost { return e.total(len(e.left) - 1) }

// at is what is left where the logarithm of the grain is x.
func (e *estimate) at(x float64) cost {
	n, _ := slices.BinarySearch(e.x, x)
	switch {
	case n == 0:
		return e.total(0)
	case n == len(e.x):
		return e.total(n - 1)
	}
	a, b, part := e.total(n-1), e.total(n), (x-e.x[n-1])/(e.x[n]-e.x[n-1])
	between := func(a, b int64) int64 {
		return int64(math.Exp2(math.Log2(float64(a)+1)*(1-part)+math.Log2(float64(b)+1)*part) - 1)
	}
	return cost{between(a.events, b.events), between(a.bytes, b.bytes)}
}

// where is the smallest x at which no more of the budget is filled than a share.
func (e *estimate) where(o *Options, share float64) float64 {
	lo, hi := e.x[0], e.x[len(e.x)-1]
	if o.filled(e.at(lo)) <= share {
		return lo
	}
	for hi-lo > 1e-9 {
		if mid := lo + (hi-lo)/2; o.filled(e.at(mid)) <= share {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// estimator goes through the records and keeps, for each resolution, what the decision
// keeps: the run at each depth.
type estimator struct {
	*plan
	estimate
	keeps keeps
	nest  nest
	line  uint64
	used  []bool    // tracks
	long  []cost    // what is kept by its length, by the coarsest resolution that does
	runs  [][]trial // by depth, of each resolution
	open  []int     // down to which depth runs are open, by resolution
	last  []int64   // when the latest one of what is thinned began
	next  cost      // of flows that wait for the next slice
}

// trial is a run at one resolution.
type trial struct {
	start, end int64
	size       uint32 // of its first slice, while it is alone; 0 afterwards
	names      uint64 // of those in it, by hash
	favoured   bool
}

const never = math.MinInt64

// addMemory adds what e takes while it tries.
func (e *estimator) addMemory(s *budget.Sum) {
	const one = 40
	s.Add("open slices", e.nest.memory()+one*len(e.open)*len(e.runs))
}

// estimate tries resolutions.
func (p *plan) estimate(ctx context.Context, k keeps) (*estimate, error) {
	span := int64(p.survey.Last - p.survey.Zero)
	n := bits.Len64(uint64(max(span, 1))) - firstBits + 3
	n = min(max(n, 2), 63-markBits-firstBits+1)
	e := &estimator{plan: p, keeps: k, line: noLine, used: slices.Clone(p.kept),
		long: make([]cost, n), open: make([]int, n), last: make([]int64, n)}
	e.left = make([]cost, n)
	for i := range n {
		e.x = append(e.x, log(shorterThan(tried(i))))
	}
	budget.Register(ctx, e.addMemory)
	if err := p.each(ctx, e.record); err != nil {
		return nil, err
	}
	e.runs, e.nest = nil, nest{} // what is returned keeps all of e
	e.fixed.add(p.names.of(&p.tracks, e.used))
	e.fixed.bytes += p.text
	var sum cost
	for i := n - 1; i >= 0; i-- {
		sum.add(e.long[i])
		e.left[i].add(sum)
	}
	return &e.estimate, nil
}

func (e *estimator) record(r *record) error {
	if r.Line != e.line {
		e.nest.finish()
		e.line, e.next = r.Line, cost{}
		for i := range e.open {
			e.open[i], e.last[i] = -1, never
		}
	}
	switch {
	case r.Class == slice:
		e.slice(r)
	case r.Class == nextEnd:
		if f := e.nest.begun(r.Start); f != nil {
			e.kept(f.grain, r.cost())
		} else {
			e.next.add(r.cost())
		}
	case r.Class == enclosed:
		if f := e.nest.at(r.Start); f != nil {
			e.kept(f.grain, r.cost())
		}
	case !e.dropsMoment(r):
		e.used[r.Track] = true
		g := e.grain(r, e.keeps)
		e.kept(g, r.cost())
		switch {
		case g == forever && r.Class == moment:
			e.instants.add(r.cost())
		case g != forever && r.Class != sample:
			e.thin(r, g)
		}
	}
	return nil
}

// kept counts what is kept down to a grain.
func (e *estimator) kept(g grain, c cost) {
	if g == forever {
		e.fixed.add(c)
		return
	}
	e.long[min(longest(g.duration()), len(e.long)-1)].add(c)
}

// thin counts what is kept of what is too short: one in each stretch of a resolution.
func (e *estimator) thin(r *record, g grain) {
	for i := longest(g.duration()) + 1; i < len(e.last); i++ {
		if e.last[i] == never || r.Start-e.last[i] >= tried(i) {
			e.last[i] = r.Start
			e.left[i].add(r.cost())
		}
	}
}

// What a merged slice takes beside its texts, and a name in its args.
const (
	mergedBytes = 230
	namedBytes  = 30
)

func (e *estimator) slice(r *record) {
	f, across := e.nest.enter(r)
	if e.excluded(r, e.nest.depth) {
		e.next = cost{}
		if across == nil {
			e.nest.push(frame{record: *r, outcome: dropped})
		}
		return
	}
	own := e.frame(f, r, e.keeps)
	e.used[r.Track] = true
	e.kept(own.grain, r.cost())
	if across == nil {
		e.kept(own.grain, e.next)
		e.next = cost{}
	}
	depth := e.nest.depth
	for len(e.runs) <= depth {
		e.runs = append(e.runs, make([]trial, len(e.open)))
	}
	first := 0 // of the resolutions at which it is short
	if own.grain == forever {
		first = len(e.open)
	} else {
		first = min(longest(own.grain.duration())+1, len(e.open))
	}
	for i := range first {
		e.open[i] = min(e.open[i], depth-1)
	}
	for i := first; i < len(e.open); i++ {
		e.join(i, depth, r)
	}
	if across == nil {
		e.nest.push(own)
	}
}

// join puts a short slice to the run at its depth, or begins one.
func (e *estimator) join(i, depth int, r *record) {
	t, d := &e.runs[depth][i], tried(i)
	if r.Favoured {
		d /= favour
		if r.dur() >= d {
			e.left[i].add(r.cost())
			e.open[i] = min(e.open[i], depth-1)
			return
		}
	}
	name := uint64(1) << (r.Name * 0x9e3779b1 >> 26)
	if e.open[i] < depth || t.favoured != r.Favoured || r.Start-t.end > d || r.End-t.start > d {
		*t = trial{r.Start, r.End, r.Size, name, r.Favoured}
		e.left[i].add(r.cost())
		e.open[i] = depth
		return
	}
	text := int64(len(e.texts.all[r.Name]))
	if t.size > 0 {
		made := mergedBytes + text + int64(len(e.texts.all[r.Cat]))
		e.left[i].add(cost{1 - r.events(), made - int64(t.size)})
		t.size = 0
	}
	if t.names&name == 0 && bits.OnesCount64(t.names) < listed {
		t.names |= name
		e.left[i].bytes += text + namedBytes
	}
	t.end = max(t.end, r.End)
	e.open[i] = max(e.open[i], depth)
}
