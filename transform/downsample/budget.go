package downsample

import (
	"context"
	"fmt"
	"math"

	"tracekit/internal/term"
)

// BudgetError says that a budget is too small for what has to be kept.
type BudgetError struct {
	Events, Bytes int64 // that the smallest output takes
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the budget is too small: the least that can be left are %d events, %s (%d bytes)",
		e.Events, term.Bytes(e.Bytes), e.Bytes)
}

// slack is what a Writer may add to the text of a document, in bytes.
const slack = 32

// filled returns how much of the budget c takes: 1 is all of it.
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

// How much of a budget is aimed at, how much is enough, how much of it the coarsest
// resolution may take before less is kept whatever its length, and how often records are
// gone through to fill it.
const (
	aim       = 0.98
	least     = 0.95
	protected = 0.5
	mostTries = 32

	namesTries = 8 // to fill what is left of it with names
)

// fit finds the finest resolution that keeps the budget, and decides by it.
func (p *plan) fit(ctx context.Context) (*decision, error) {
	at := resolution{merging: p.o.Resolution != nil, keeps: keepsLong, names: restShare}
	if at.merging {
		at.grain = shorterThan(int64(*p.o.Resolution))
	}
	if !p.o.budget() {
		return p.decide(ctx, at)
	}
	at.merging, at.keeps = true, keepsAll
	for {
		e, err := p.estimate(ctx, at.keeps)
		if err != nil {
			return nil, err
		}
		if at.keeps < keepsLong && p.o.filled(e.at(0)) > 1 && p.o.filled(e.coarsest()) > protected {
			if at.keeps++; at.keeps == keepsMarks && p.o.filled(e.instants) < 1-protected {
				at.keeps++ // they are not what takes the room
			}
			continue
		}
		d, smallest, err := p.search(ctx, at, e)
		switch {
		case err != nil:
			return nil, err
		case d != nil:
			return p.fillNames(ctx, d)
		case at.keeps == keepsLong:
			return nil, &BudgetError{smallest.events, smallest.bytes}
		}
		at.keeps++
	}
}

// search finds the finest resolution that fits, but none finer than that of floor, and
// returns what is decided by it. If none fits, the decision is nil, and smallest is what
// the coarsest one leaves.
//
// Resolutions are searched by the logarithm of their grain. The estimate says about how
// much each of them leaves; a decision says by how much it is off there, which is nearly
// the same close by.
func (p *plan) search(ctx context.Context, floor resolution, e *estimate) (best *decision, smallest cost, err error) {
	lo, hi, filledBest := floor.grain, coarsest, 0.0
	at := floor
	at.grain = max(floor.grain, exp(e.where(p.o, aim)))
	for try := 1; ; try++ {
		d, err := p.decide(ctx, at)
		if err != nil {
			best.close()
			return nil, smallest, err
		}
		total := d.total()
		filled := p.o.filled(total)
		if filled > 1 {
			lo, smallest = at.grain, total
			d.close()
		} else {
			hi = at.grain
			if best == nil || filled > filledBest {
				best, d, filledBest = d, best, filled
			}
			d.close()
		}
		switch {
		case filled > 1 && at.grain >= coarsest, filledBest >= least, best != nil && hi <= floor.grain:
			return best, smallest, nil
		case best != nil && (try >= mostTries || hi <= lo+1):
			return best, smallest, nil
		case try >= mostTries:
			at.grain = coarsest
			continue
		}
		if edge := p.edge(lo, hi); edge > 0 {
			at.grain = edge
			continue
		}
		off := filled / max(p.o.filled(e.at(log(at.grain))), 1e-12)
		x := e.where(p.o, aim/off)
		if !(x > log(lo) && x < log(hi)) || try%4 == 0 {
			x = log(lo) + (log(hi)-log(lo))/2
			if hi == coarsest && lo > floor.grain && try > 2 {
				x = min(log(lo)+2, log(coarsest))
			}
		}
		at.grain = min(max(exp(x), lo+1), max(hi-1, lo+1))
		if hi == coarsest && x >= log(coarsest) {
			at.grain = coarsest
		}
	}
}

// edge is a grain between two where what names take jumps, of which both sides are tried
// before any other; 0 if there is none.
func (p *plan) edge(lo, hi grain) grain {
	c := p.column()
	switch {
	case p.o.TargetSize == 0:
	case lo < c && c < hi:
		return c
	case lo == c && c+1 < hi:
		return c + 1
	}
	return 0
}

// fillNames gives what a decision leaves of a size to the names that its runs do not list.
func (p *plan) fillNames(ctx context.Context, best *decision) (*decision, error) {
	filledBest, most := p.o.filled(best.total()), 0.0
	for try := 0; try < namesTries && p.o.TargetSize > 0 && best.at.grain > p.column() && filledBest < least; try++ {
		at := best.at
		if at.names *= 4; most > 0 {
			at.names = (best.at.names + most) / 2
		}
		d, err := p.decide(ctx, at)
		if err != nil {
			best.close()
			return nil, err
		}
		filled := p.o.filled(d.total())
		if filled > 1 {
			most = at.names
			d.close()
			continue
		}
		best.close()
		none := filled == filledBest // there are no more names
		if best, filledBest = d, filled; none {
			break
		}
	}
	return best, nil
}

// log and exp relate grains to what is searched by; 0 is the grain at which all is kept.
func log(g grain) float64 { return math.Log2(float64(g) + 1) }

func exp(x float64) grain {
	if x >= log(coarsest) {
		return coarsest
	}
	return grain(math.Exp2(x) - 1)
}
