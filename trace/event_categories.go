package trace

import (
	"cmp"
	"slices"
)

// Category is what a trace holds of a category in one phase.
type Category struct {
	Phase  byte   // 0 for events without one
	Cat    string // as it stands in the trace, escapes and all
	Events int64
	Bytes  int64
	Busy   Time // durations of slices, added up
}

type catKey struct {
	phase byte
	cat   string
}

// catCounter counts events by category and phase. Neighbours often share both.
type catCounter struct {
	all  map[catKey]*Category
	last *Category
}

func (c *catCounter) count(p *Part) {
	for i := range p.Events {
		e := &p.Events[i]
		n := c.of(e)
		n.Events++
		n.Bytes += int64(e.Size())
		n.Busy = n.Busy.Add(e.Span())
	}
}

func (c *catCounter) of(e *Event) *Category {
	if c.last != nil && c.last.Phase == e.Phase && c.last.Cat == string(e.Cat()) {
		return c.last
	}
	if c.all == nil {
		c.all = map[catKey]*Category{}
	}
	// Written like this, the look-up copies no text.
	if c.last = c.all[catKey{e.Phase, string(e.Cat())}]; c.last == nil {
		c.last = &Category{Phase: e.Phase, Cat: string(e.Cat())}
		c.all[catKey{e.Phase, c.last.Cat}] = c.last
	}
	return c.last
}

// held is what c takes, in bytes.
func (c *catCounter) memory() int {
	const each = 200 // with its text, and its place in the map
	return each * len(c.all)
}

func (c *catCounter) list() []Category {
	var all []Category
	for _, n := range c.all {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b Category) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Phase, b.Phase))
	})
	return all
}
