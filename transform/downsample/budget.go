package downsample

import (
	"context"
	"fmt"
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

// How much of a budget is aimed at, what is enough at once, and what in the end.
const (
	aim    = 0.98
	enough = 0.95
	least  = 0.90
)

// search finds the thresholds that fill the budget, none lower than those of at. All
// lines have the same share: those that need less stay whole, the others are
// thinned down to it. What a share leaves is counted exactly, and the share is
// changed until the budget is filled.
func (p *plan) search(ctx context.Context, at thresholds) (thresholds, error) {
	whole, err := p.decide(ctx, at, nil)
	if err != nil || p.o.filled(whole.total()) <= 1 {
		return at, err
	}
	lines, err := p.grade(ctx)
	if err != nil {
		return at, err
	}
	best := at.with(lines, 0)
	smallest, err := p.decide(ctx, best, nil)
	if err != nil {
		return at, err
	}
	fixed := smallest.total()
	base := p.o.filled(fixed)
	if base > 1 {
		return at, &BudgetError{fixed.events, fixed.bytes}
	}
	b := bracket{full: base}
	for _, h := range lines {
		b.hi = max(b.hi, h.total)
	}
	share := fairShare(lines, p.o.room(fixed))
	for try := 1; try <= 40 && !b.done(try); try++ {
		next := at.with(lines, share)
		d, err := p.decide(ctx, next, nil)
		if err != nil {
			return at, err
		}
		now := p.o.filled(d.total())
		if b.narrow(share, now) {
			best = next
		}
		share = b.next(try, share*(aim-base)/max(now-base, 1e-9))
	}
	return best, nil
}

// bracket is the shares between which the best one lies.
type bracket struct {
	lo, hi float64
	full   float64 // how much of the budget is filled by the best so far
}

// narrow notes that a share fills so much, and reports whether it is the best so
// far.
func (b *bracket) narrow(share, filled float64) bool {
	if filled > 1 {
		b.hi = min(b.hi, share)
		return false
	}
	b.lo = max(b.lo, share)
	if filled <= b.full {
		return false
	}
	b.full = filled
	return true
}

func (b *bracket) done(try int) bool {
	const hurry = 8
	return b.full >= enough || try > hurry && b.full >= least || b.hi-b.lo <= b.hi*1e-12
}

// next is the share to try: the guess if it lies well between the bounds, and
// their middle now and then in any case, so that they close in.
func (b *bracket) next(try int, guess float64) float64 {
	if try%3 == 0 || !(guess > b.lo && guess < b.hi) {
		return b.lo + (b.hi-b.lo)/2
	}
	return guess
}

// room is what the budget leaves for shares, in units.
func (o *Options) room(fixed cost) float64 {
	if o.TargetSize > 0 {
		return aim*float64(o.TargetSize) - float64(fixed.bytes)
	}
	return aim*float64(o.MaxEvents) - float64(fixed.events)
}

// fairShare is the share at which all lines together take so much.
func fairShare(lines map[uint64]*histogram, room float64) float64 {
	var totals []float64
	for _, h := range lines {
		totals = append(totals, h.total)
	}
	slices.Sort(totals)
	for i, t := range totals {
		left := float64(len(totals) - i)
		if t*left >= room {
			return max(room/left, 0)
		}
		room -= t
	}
	return room
}

// with are the thresholds that give each line a share, none below those of t.
func (t thresholds) with(lines map[uint64]*histogram, share float64) thresholds {
	next := thresholds{merge: t.merge, lines: map[uint64]grain{}, events: map[uint64]int64{}}
	for line, h := range lines {
		if g := h.threshold(share); g > t.of(line) {
			next.lines[line], next.events[line] = g, h.events
		}
	}
	return next
}
