package cut

// reached are the windows, first and last, that calls with an id lie in.
type reached struct{ first, last int32 }

// idTable holds what ids reached, JSON text. Ids that are numbers close to each
// other take eight bytes each or little more.
type idTable struct {
	pages map[uint64]*[pageIDs]reached // of last + 1, so that 0 says nothing is known
	odd   map[string]reached
}

func (t *idTable) get(id []byte) (r reached, ok bool) {
	n, plain := plainID(id)
	if !plain {
		r, ok = t.odd[string(id)]
		return r, ok
	}
	page := t.pages[n/pageIDs]
	if page == nil || page[n%pageIDs].last == 0 {
		return r, false
	}
	r = page[n%pageIDs]
	r.last--
	return r, true
}

// add widens what id reached.
func (t *idTable) add(id []byte, by reached) {
	if old, ok := t.get(id); ok {
		by = reached{min(old.first, by.first), max(old.last, by.last)}
	}
	n, plain := plainID(id)
	if !plain {
		if t.odd == nil {
			t.odd = map[string]reached{}
		}
		t.odd[string(id)] = by
		return
	}
	page := t.pages[n/pageIDs]
	if page == nil {
		if t.pages == nil {
			t.pages = map[uint64]*[pageIDs]reached{}
		}
		page = new([pageIDs]reached)
		t.pages[n/pageIDs] = page
	}
	page[n%pageIDs] = reached{by.first, by.last + 1}
}
