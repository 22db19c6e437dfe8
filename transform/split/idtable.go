package split

import (
	"tracekit/transform/internal/launches"
)

// reached are the windows, first and last, that calls with an id lie in.
type reached struct{ first, last int32 }

// rowIDs is how many ids share a row of a table: ids that are far from each other
// cost a row each.
const rowIDs = 16

// idTable holds what ids reached, JSON text. Ids that are numbers close to each
// other take some ten bytes each.
type idTable struct {
	rows map[uint64]*[rowIDs]reached // of last + 1, so that 0 says nothing is known
	odd  map[string]reached
}

func (t *idTable) get(id []byte) (r reached, ok bool) {
	n, plain := launches.PlainID(id)
	if !plain {
		r, ok = t.odd[string(id)]
		return r, ok
	}
	row := t.rows[n/rowIDs]
	if row == nil || row[n%rowIDs].last == 0 {
		return r, false
	}
	r = row[n%rowIDs]
	r.last--
	return r, true
}

// add widens what id reached.
func (t *idTable) add(id []byte, by reached) {
	if old, ok := t.get(id); ok {
		by = reached{min(old.first, by.first), max(old.last, by.last)}
	}
	n, plain := launches.PlainID(id)
	if !plain {
		if t.odd == nil {
			t.odd = map[string]reached{}
		}
		t.odd[string(id)] = by
		return
	}
	row := t.rows[n/rowIDs]
	if row == nil {
		if t.rows == nil {
			t.rows = map[uint64]*[rowIDs]reached{}
		}
		row = new([rowIDs]reached)
		t.rows[n/rowIDs] = row
	}
	row[n%rowIDs] = reached{by.first, by.last + 1}
}

// memory is about how many bytes t takes.
func (t *idTable) memory() int {
	const row, odd = 8*rowIDs + 40, 100
	return row*len(t.rows) + odd*len(t.odd)
}
