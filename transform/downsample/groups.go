package downsample

import (
	"context"
	"math/bits"
	"slices"
)

// grading tells for each line what a threshold would leave of it.
type grading struct {
	*plan
	nest  nest
	lines map[uint64]*histogram
	at    *histogram
	line  uint64
}

// histogram is how much of a line stays down to each grain, in buckets that are
// a few per cent wide.
type histogram struct {
	buckets map[int]*bucket
	order   []int // of buckets, the coarsest first
	total   float64
	events  int64
}

// bucket is what grains of nearly the same size take.
type bucket struct {
	cost     float64
	low, top grain
}

// bucketOf numbers the buckets: 32 for each doubling.
func bucketOf(g grain) int {
	const fine = 5
	n := bits.Len64(uint64(g))
	if n <= fine+1 {
		return int(g)
	}
	return n<<fine | int(g>>(n-fine-1))&(1<<fine-1)
}

func (h *histogram) add(g grain, c float64) {
	n := bucketOf(g)
	b := h.buckets[n]
	if b == nil {
		b = &bucket{low: g, top: g}
		h.buckets[n] = b
		h.order = append(h.order, n)
	}
	b.low, b.top = min(b.low, g), max(b.top, g)
	b.cost += c
	h.total += c
}

func (h *histogram) settle() {
	slices.SortFunc(h.order, func(a, b int) int { return b - a })
}

// threshold is the grain down to which the line takes no more than its share.
func (h *histogram) threshold(share float64) grain {
	if h.total <= share {
		return 0
	}
	sum := 0.0
	for _, n := range h.order {
		b := h.buckets[n]
		if sum+b.cost <= share {
			sum += b.cost
			continue
		}
		part := max(0, min(1, (share-sum)/b.cost))
		return b.top + 1 - grain(part*float64(b.top-b.low+1))
	}
	return 0
}

// grade goes through the records once.
func (p *plan) grade(ctx context.Context) (map[uint64]*histogram, error) {
	g := &grading{plan: p, lines: map[uint64]*histogram{}, line: noLine}
	if err := p.records.each(ctx, g.record); err != nil {
		return nil, err
	}
	for _, h := range g.lines {
		h.settle()
	}
	return g.lines, nil
}

func (g *grading) record(r *record) error {
	if r.Line != g.line {
		g.nest.finish()
		g.line = r.Line
		g.at = &histogram{buckets: map[int]*bucket{}}
		g.lines[r.Line] = g.at
	}
	switch {
	case r.Class.isFlow():
	case r.Class == slice:
		g.slice(r)
	case g.momentGoes(r):
	default:
		g.stays(r, g.grain(r))
	}
	return nil
}

// stays counts what a record takes as long as the threshold is not above its grain.
func (g *grading) stays(r *record, at grain) {
	g.at.events += r.events()
	if at != forever {
		g.at.add(at, g.o.unit(cost{r.events(), int64(r.Size)}))
	}
}

// mergedBytes is about what a merged slice takes.
const mergedBytes = 260

// slice counts a slice. With --merge it goes on to count as the first of those that
// become one, up to the threshold from which on it is not the first.
func (g *grading) slice(r *record) {
	f := g.nest.enter(r)
	own := g.frame(f, r)
	out := g.excluded(r, len(g.nest.stack))
	if !out {
		g.stays(r, own.grain)
		if first := min(f.grain, f.apart(r)); g.o.Merge != nil && own.grain < first {
			whole := g.o.unit(cost{r.events(), int64(r.Size)})
			part := min(whole, g.o.unit(cost{1, mergedBytes}))
			g.at.add(own.grain, -part)
			if first != forever {
				g.at.add(first, part)
			}
		}
		f.follow(r, own.grain)
	}
	g.nest.push(own)
}
