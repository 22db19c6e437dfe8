package downsample

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tracekit/internal/progress"
)

// BudgetError says that a budget is too small for what has to stay.
type BudgetError struct {
	Events, Bytes int64 // that the smallest output takes
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the budget is too small: names, steps and what a viewer needs take %d events, %s (%d bytes)",
		e.Events, progress.Bytes(e.Bytes), e.Bytes)
}

// slack is what a Writer may add to the text of a document, in bytes.
const slack = 32

// filled tells how much of the budget c takes: 1 is all of it.
func (o *Options) filled(c cost) float64 {
	f := 0.0
	if o.MaxEvents > 0 {
		f = float64(c.events) / float64(o.MaxEvents)
	}
	if o.TargetSize > 0 {
		f = max(f, float64(c.bytes+slack)/float64(o.TargetSize))
	}
	return f
}

// unit is what shares are counted in: bytes or events.
func (o *Options) unit(c cost) float64 {
	if o.TargetSize > 0 {
		return float64(c.bytes)
	}
	return float64(c.events)
}

// How much of a budget is aimed at, and what is enough.
const (
	aim   = 0.955
	least = 0.90
)

// mostTries is how often records are gone through to fill a budget.
const mostTries = 12

// fit decides so that a budget is kept, if there is one. Slices that are too many for
// it are merged; they go if it is too small for that, and merging was not asked for.
func (p *plan) fit(ctx context.Context) (*decision, error) {
	var at thresholds
	if p.o.Merge != nil {
		at.merge = shorterThan(int64(*p.o.Merge))
	}
	if !p.o.budget() {
		return p.decide(ctx, at)
	}
	d, err := p.search(ctx, at)
	if errors.As(err, new(*BudgetError)) && p.o.Merge == nil {
		at.drops = true
		d, err = p.search(ctx, at)
	}
	return d, err
}

// search finds the thresholds that fill the budget, none lower than those of at. All
// lines have the same share: those that need less stay whole, the others are thinned
// down to it. One pass grades what a share would leave; what is decided by that is
// taken if it fits, else the share is corrected.
func (p *plan) search(ctx context.Context, at thresholds) (best *decision, err error) {
	g, err := p.grade(ctx, at.drops)
	if err != nil {
		return nil, err
	}
	b := newBracket(p.o, g)
	for !b.end {
		next := at.with(g.lines, fairShare(g.lines, b.room))
		d, err := p.decide(ctx, next)
		if err != nil {
			best.close()
			return nil, err
		}
		total := d.total()
		if b.narrow(p.o.filled(total), len(next.lines) == 0) {
			best, d = d, best
		}
		d.close()
		if b.void {
			return nil, &BudgetError{total.events, total.bytes}
		}
	}
	return best, nil
}

// bracket is the rooms, in units, between which the best one lies.
type bracket struct {
	lo, hi float64
	room   float64 // to try
	base   float64 // how much of the budget is filled by what stays in any case
	best   float64 // and by the best so far
	some   bool    // there is a best one
	tries  int
	end    bool
	void   bool // not even what has to stay fits
}

func newBracket(o *Options, g *grading) *bracket {
	b := &bracket{base: o.filled(g.fixed)}
	for _, line := range slices.Sorted(maps.Keys(g.lines)) { // a sum of fractions depends on their order
		b.hi += g.lines[line].total
	}
	b.room = max(0, min(b.hi, o.goal()-o.unit(g.fixed)))
	return b
}

// narrow notes how much of the budget the room has filled, and whether that is all
// there is. It reports whether it is the best so far, and sets the room to try next.
func (b *bracket) narrow(filled float64, all bool) (better bool) {
	b.tries++
	fits := filled <= 1
	if fits {
		b.lo = max(b.lo, b.room)
	} else {
		b.hi = min(b.hi, b.room)
	}
	if better = fits && (!b.some || filled > b.best); better {
		b.best, b.some = filled, true
	}
	b.void = !fits && b.room == 0
	b.end = b.best >= least || fits && all || b.hi-b.lo <= b.hi*1e-9 || b.tries >= mostTries
	guess := b.room * (aim - b.base) / max(filled-b.base, 1e-9)
	switch {
	case b.end && !b.some: // nothing fits yet: as little as there can be
		b.room, b.end = 0, false
	case b.tries%3 == 0 || !(guess > b.lo && guess < b.hi):
		b.room = b.lo + (b.hi-b.lo)/2
	default:
		b.room = guess
	}
	return better
}

// goal is what is aimed at, in units.
func (o *Options) goal() float64 {
	if o.TargetSize > 0 {
		return aim*float64(o.TargetSize) - slack
	}
	return aim * float64(o.MaxEvents)
}

// fairShare is the share at which all lines together take so much.
func fairShare(lines map[uint64]*histogram, room float64) float64 {
	all := slices.SortedFunc(maps.Values(lines), func(a, b *histogram) int {
		return cmp.Or(cmp.Compare(a.mean(), b.mean()), cmp.Compare(a.lines, b.lines))
	})
	left := 0
	for _, h := range all {
		left += h.lines
	}
	for _, h := range all {
		if h.mean()*float64(left) >= room {
			return max(room/float64(left), 0)
		}
		room -= h.total
		left -= h.lines
	}
	return room
}

func (h *histogram) mean() float64 { return h.total / float64(h.lines) }

// with are the thresholds that give each line a share, none below those of t.
func (t thresholds) with(lines map[uint64]*histogram, share float64) thresholds {
	next := thresholds{merge: t.merge, drops: t.drops, lines: map[uint64]grain{}, events: map[uint64]int64{}, graded: lines}
	for line, h := range lines {
		if g := h.threshold(share); g > t.of(line) {
			next.lines[line], next.events[line] = g, h.events
		}
	}
	return next
}
