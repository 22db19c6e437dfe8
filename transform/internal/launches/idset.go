package launches

// IDSet is a set of ids, JSON text. Ids that are small numbers, as profilers
// count them, take a bit or little more each.
type IDSet struct {
	pages map[uint64]*[pageIDs / 64]uint64
	odd   map[string]struct{} // ids that are no plain numbers
}

const pageIDs = 4096

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
	page := s.pages[n/pageIDs]
	if page == nil {
		if s.pages == nil {
			s.pages = map[uint64]*[pageIDs / 64]uint64{}
		}
		page = new([pageIDs / 64]uint64)
		s.pages[n/pageIDs] = page
	}
	page[n%pageIDs/64] |= 1 << (n % 64)
}

func (s *IDSet) Has(id []byte) bool {
	n, ok := PlainID(id)
	if !ok {
		_, known := s.odd[string(id)]
		return known
	}
	page := s.pages[n/pageIDs]
	return page != nil && page[n%pageIDs/64]>>(n%64)&1 != 0
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
		for i, bits := range page {
			if bits != 0 && (other == nil || bits&^other[i] != 0) {
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
	return len(id) > 0 && rank < len(s) && s[rank][key].Has(id)
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
