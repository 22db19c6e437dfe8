package jsonlex

import "bytes"

// Keys finds members that an object has twice.
type Keys struct {
	mask uint64
	few  [][]byte
	many map[string]bool // in place of few, where there are more than that
}

// fewKeys is for how many it is quicker to look at all than to have a map.
const fewKeys = 64

// Reset forgets all keys.
func (s *Keys) Reset() { s.mask, s.few, s.many = 0, s.few[:0], nil }

// Add takes a key, which has to stay until the next Reset, and reports whether it was
// taken before.
func (s *Keys) Add(key []byte) (twice bool) {
	if s.many != nil {
		twice = s.many[string(key)]
		s.many[string(key)] = true
		return twice
	}
	h := uint64(len(key))
	if len(key) > 0 {
		h = h*31 + uint64(key[0])<<16 + uint64(key[len(key)-1])<<8 + uint64(key[len(key)/2])
	}
	bit := uint64(1) << (h * 0x9e3779b97f4a7c15 >> 58)
	if s.mask&bit != 0 {
		for _, k := range s.few {
			if bytes.Equal(k, key) {
				return true
			}
		}
	}
	s.mask |= bit
	if s.few = append(s.few, key); len(s.few) == fewKeys {
		s.many = map[string]bool{}
		for _, k := range s.few {
			s.many[string(k)] = true
		}
	}
	return false
}
