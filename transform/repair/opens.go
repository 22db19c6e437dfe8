package repair

import (
	"slices"

	"tracekit/transform/check"
)

// opens are the begins that are open on a line, the innermost last. What an end closes
// is found without a look at each, however many there are.
type opens struct {
	all    []openBegin
	gone   int // of all: closed, but for their place
	byName map[openName][]int
	looked int64 // for tests: begins that were looked at
}

// openName is what an end may ask for: a name, a category, or both; 0 is any.
type openName struct{ name, cat uint32 }

// nearest is how many begins are looked at one by one.
const nearest = 16

// isGone is the seq of a begin that is closed.
const isGone = -1

func (o *opens) push(b openBegin) {
	o.all = append(o.all, b)
	if o.byName != nil {
		o.list(len(o.all) - 1)
	}
}

// list makes the begin at i one that can be found by its name and category.
func (o *opens) list(i int) {
	b := &o.all[i]
	for _, n := range []openName{{b.name, 0}, {0, b.cat}, {b.name, b.cat}} {
		if at := o.byName[n]; len(at) == 0 || at[len(at)-1] != i {
			o.byName[n] = append(at, i)
		}
	}
}

func (o *opens) meets(i int, n openName) bool {
	o.looked++
	b := &o.all[i]
	return b.seq != isGone && (n.cat == 0 || b.cat == n.cat) && (n.name == 0 || b.name == n.name)
}

// find returns where the innermost begin is that an end of that name and category may
// close, or -1.
func (o *opens) find(n openName) int {
	k := len(o.all) - 1
	for ; k >= 0 && k >= len(o.all)-nearest; k-- {
		if o.meets(k, n) {
			return k
		}
	}
	if k < 0 {
		return -1
	}
	if o.byName == nil {
		o.byName = map[openName][]int{}
		for i := range o.all {
			if o.all[i].seq != isGone {
				o.list(i)
			}
		}
	}
	at := o.byName[n]
	for len(at) > 0 && (at[len(at)-1] >= len(o.all) || !o.meets(at[len(at)-1], n)) {
		at = at[:len(at)-1]
	}
	o.byName[n] = at
	if len(at) == 0 {
		return -1
	}
	return at[len(at)-1]
}

// close takes the begin at k away.
func (o *opens) close(k int) {
	o.all[k].seq = isGone
	o.gone++
	for n := len(o.all); n > 0 && o.all[n-1].seq == isGone; n-- {
		o.all = o.all[:n-1]
		o.gone--
	}
	if o.gone > nearest && o.gone > len(o.all)/2 {
		o.all = slices.DeleteFunc(o.all, func(b openBegin) bool { return b.seq == isGone })
		o.gone, o.byName = 0, nil
	}
}

// isEmpty reports whether nothing is open.
func (o *opens) isEmpty() bool { return len(o.all) == 0 }

// left visits what is still open.
func (o *opens) left(visit func(b openBegin)) {
	for _, b := range o.all {
		if b.seq != isGone {
			visit(b)
		}
	}
}

// named is what an end asks for.
func named(r *check.Record) openName { return openName{r.Name, r.Cat} }
