package downsample

import (
	"context"
	"math/bits"
	"slices"
)

// grading tells for each line what a threshold would leave of it.
type grading struct {
	*plan
	drops   bool
	nest    nest
	repeats repeats
	lines   map[uint64]*histogram
	at      *histogram // of the line at hand
	few     *histogram // of small lines
	line    uint64
	next    cost   // of arrows that wait for the next slice
	used    []bool // tracks
	fixed   cost   // of what stays at every threshold
}

// histogram is how much of a line stays down to each grain, in buckets that are
// a few per cent wide.
type histogram struct {
	buckets map[int]*bucket
	order   []int // of buckets, the coarsest first
	total   float64
	events  int64
	lines   int // that it is of
}

// Where there are many lines, the small ones are graded together.
const (
	fewEvents = 64
	manyLines = 1000
)

func newHistogram() *histogram { return &histogram{buckets: map[int]*bucket{}, lines: 1} }

// take adds what another one counts, and empties it.
func (h *histogram) take(other *histogram) {
	for n, b := range other.buckets {
		if mine := h.buckets[n]; mine != nil {
			mine.low, mine.top = min(mine.low, b.low), max(mine.top, b.top)
			mine.cost += b.cost
		} else {
			h.buckets[n] = b
			h.order = append(h.order, n)
		}
	}
	h.total += other.total
	h.events += other.events
	h.lines++
	clear(other.buckets)
	other.order, other.total, other.events = other.order[:0], 0, 0
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

// threshold is the grain down to which each line takes no more than a share.
func (h *histogram) threshold(share float64) grain {
	share *= float64(h.lines)
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

// grade goes through the records once. With drops, slices go and are not merged.
func (p *plan) grade(ctx context.Context, drops bool) (*grading, error) {
	g := &grading{plan: p, drops: drops, lines: map[uint64]*histogram{}, at: newHistogram(), few: newHistogram(), line: noLine, used: slices.Clone(p.stay)}
	g.few.lines = 0
	g.repeats.last = make([]uint64, len(p.texts.all))
	g.nest.close = func(f *frame) { g.repeats.bar(f.grain) }
	if err := p.records.each(ctx, g.record); err != nil {
		return nil, err
	}
	g.endLine()
	if g.few.lines > 0 {
		g.lines[fewLine] = g.few
	}
	for _, h := range g.lines {
		h.settle()
	}
	g.fixed.add(p.names.of(&p.tracks, g.used))
	g.fixed.bytes += p.text
	return g, nil
}

// endLine puts the histogram of the line at hand where it belongs.
func (g *grading) endLine() {
	switch {
	case g.line == noLine:
	case len(g.lines) >= manyLines && g.at.events < fewEvents:
		g.few.take(g.at)
	default:
		g.lines[g.line], g.at = g.at, newHistogram()
	}
}

func (g *grading) record(r *record) error {
	if r.Line != g.line {
		g.nest.finish()
		g.endLine()
		g.repeats.reset()
		g.next = cost{}
		g.line = r.Line
	}
	switch {
	case r.Class == slice:
		g.slice(r)
	case r.Class == nextEnd:
		if f := g.nest.begun(r.Start); f != nil {
			g.counts(f.grain, r.cost())
		} else {
			g.next.add(r.cost())
		}
	case r.Class == enclosed:
		if f := g.nest.at(r.Start); f != nil {
			g.counts(f.grain, r.cost())
		}
	case !g.momentGoes(r):
		g.stays(r, g.grain(r))
	}
	return nil
}

// stays counts what a record takes as long as the threshold is not above its grain.
func (g *grading) stays(r *record, at grain) {
	g.at.events += r.events()
	g.used[r.Track] = true
	g.counts(at, r.cost())
}

// counts adds what is there down to a grain.
func (g *grading) counts(at grain, c cost) {
	if at == forever {
		g.fixed.add(c)
	} else {
		g.at.add(at, g.o.unit(c))
	}
}

// between adds what is there where the threshold is above from, up to to.
func (g *grading) between(from, to grain, c cost) {
	g.counts(to, c)
	g.counts(from, cost{-c.events, -c.bytes})
}

// What a merged slice takes beside its texts, and a name in its args.
const (
	mergedBytes = 170
	namedBytes  = 20
)

// slice counts a slice. What is merged goes on to count in part, up to the threshold
// from which on it is not the first that becomes one, and its name up to that from
// which on there is one like it before.
func (g *grading) slice(r *record) {
	f, across := g.nest.enter(r)
	own, beside := g.frame(f, r), f.siblings(across == nil)
	if !g.excluded(r, g.nest.depth) {
		g.stays(r, own.grain)
		if across == nil {
			g.counts(own.grain, g.next)
		}
		if !g.drops {
			g.merges(f, beside, r, own.grain)
		}
		beside.follow(r, own.grain)
	}
	if across == nil {
		g.next = cost{}
		g.nest.push(own)
	}
}

func (g *grading) merges(f *frame, w *siblings, r *record, own grain) {
	apart, all := w.apart(r), g.texts.all
	if w.some {
		g.repeats.bar(apart)
	}
	name := int64(len(all[r.Name]))
	if again := g.repeats.since(r.Name); own < again {
		g.between(own, again, cost{bytes: name + namedBytes})
	}
	if first := min(f.grain, apart); own < first {
		t := &g.tracks.All[r.Track]
		made := cost{1, mergedBytes + name + int64(len(all[r.Cat])+len(t.Pid)+len(t.Tid))}
		made.bytes = min(made.bytes, int64(r.Size)) // it may be alone
		g.between(own, first, made)
	}
	g.repeats.bar(own)
}
