package launches

import "slices"

// IDSet is a set of ids, JSON text. Ids that are small numbers, as profilers
// count them, take a bit or little more each.
type IDSet struct {
	pages map[uint64]idPage
	odd   map[string]struct{} // ids that are no plain numbers
}

// idPage is the ids of one page, a bit each or, as long as there are few, by their places
// in it: random numbers have a page each.
type idPage struct {
	bits *[pageIDs / 64]uint64
	few  []uint16
}

const (
	pageIDs = 4096
	fewIDs  = 64
)

func (p idPage) has(at uint16) bool {
	if p.bits != nil {
		return p.bits[at/64]>>(at%64)&1 != 0
	}
	return slices.Contains(p.few, at)
}

func (p idPage) with(at uint16) idPage {
	if p.bits == nil && len(p.few) == fewIDs {
		p.bits = new([pageIDs / 64]uint64)
		for _, is := range p.few {
			p.bits[is/64] |= 1 << (is % 64)
		}
		p.few = nil
	}
	if p.bits != nil {
		p.bits[at/64] |= 1 << (at % 64)
	} else {
		p.few = append(p.few, at)
	}
	return p
}

func (s *IDSet) add(id []byte) {
	n, ok := PlainID(id)
	if !ok {
		if s.odd == nil {
			s.odd = map[string]struct{}{}
		}
		if _, known := s.odd[string(id)]; !known {
			s.odd[string(id)] = struct{}{}
		}
		return
	}
	if page := s.pages[n/pageIDs]; page.bits != nil || !page.has(uint16(n%pageIDs)) {
		if s.pages == nil {
			s.pages = map[uint64]idPage{}
		}
		s.pages[n/pageIDs] = page.with(uint16(n % pageIDs))
	}
}

func (s *IDSet) Has(id []byte) bool {
	n, ok := PlainID(id)
	if !ok {
		_, known := s.odd[string(id)]
		return known
	}
	return s.pages[n/pageIDs].has(uint16(n % pageIDs))
}

// all yields the places in use.
func (p idPage) all() func(yield func(uint16) bool) {
	return func(yield func(uint16) bool) {
		for _, at := range p.few {
			if !yield(at) {
				return
			}
		}
		for at := range uint16(pageIDs) {
			if p.bits != nil && p.has(at) && !yield(at) {
				return
			}
		}
	}
}

// Memory is about how many bytes s takes.
func (s *IDSet) Memory() int {
	const page, odd = 80, 80
	return page*len(s.pages) + odd*len(s.odd)
}

// PlainID reads a natural number of up to 18 digits without zeros in front.
func PlainID(id []byte) (n uint64, ok bool) {
	if len(id) == 0 || len(id) > 18 || id[0] == '0' && len(id) > 1 {
		return 0, false
	}
	for _, c := range id {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// within reports whether all ids of s are in o.
func (s *IDSet) within(o *IDSet) bool {
	for n, page := range s.pages {
		other := o.pages[n]
		for at := range page.all() {
			if !other.has(at) {
				return false
			}
		}
	}
	for id := range s.odd {
		if !o.Has([]byte(id)) {
			return false
		}
	}
	return true
}

// IDSets are ids by rank, and by which of launchKeys they are.
type IDSets [][2]IDSet

func (s *IDSets) add(rank, key int, id []byte) {
	for len(*s) <= rank {
		*s = append(*s, [2]IDSet{})
	}
	(*s)[rank][key].add(id)
}

// Has reports whether id is there; an empty one is not.
func (s IDSets) Has(rank, key int, id []byte) bool {
	return len(id) > 0 && rank >= 0 && rank < len(s) && s[rank][key].Has(id)
}

// within reports whether all ids of s are in o.
func (s IDSets) within(o IDSets) bool {
	for rank := range s {
		for key := range s[rank] {
			var other IDSet
			if rank < len(o) {
				other = o[rank][key]
			}
			if !s[rank][key].within(&other) {
				return false
			}
		}
	}
	return true
}

// Memory is about how many bytes s takes.
func (s IDSets) Memory() (n int) {
	for i := range s {
		n += s[i][0].Memory() + s[i][1].Memory()
	}
	return n
}

// meets reports whether an id of s is in o.
func (s IDSets) meets(o IDSets) bool {
	for rank := range min(len(s), len(o)) {
		for key := range s[rank] {
			if s[rank][key].meets(&o[rank][key]) {
				return true
			}
		}
	}
	return false
}

func (s *IDSet) meets(o *IDSet) bool {
	for n, page := range s.pages {
		other := o.pages[n]
		for at := range page.all() {
			if other.has(at) {
				return true
			}
		}
	}
	for id := range s.odd {
		if o.Has([]byte(id)) {
			return true
		}
	}
	return false
}
