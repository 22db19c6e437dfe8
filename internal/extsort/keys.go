package extsort

import (
	"cmp"
	"slices"
)

// Scratch is memory that is used for sorting; its zero value is empty.
type Scratch struct{ now, next []key }

// key is what a record is sorted by first, and which one it is.
type key struct {
	group  uint64
	number int64
	at     uint32
}

// order returns the keys of records, sorted. They are valid until s is used again. Records
// of a group mostly come in order, so that it is enough to deal them out to their groups.
func order[T any](s *Scratch, kind *Kind[T], records []T) []key {
	s.now = slices.Grow(s.now[:0], len(records))[:len(records)]
	differ := uint64(0) // bits in which groups do
	for i := range records {
		group, number := kind.Key(&records[i])
		s.now[i] = key{group, number, uint32(i)}
		differ |= group ^ s.now[0].group
	}
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff != 0 {
			s.deal(shift)
		}
	}
	for rest := s.now; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].group == rest[0].group {
			n++
		}
		slices.SortFunc(rest[:n], func(a, b key) int {
			if c := cmp.Compare(a.number, b.number); c != 0 {
				return c
			}
			return kind.Compare(&records[a.at], &records[b.at])
		})
		rest = rest[n:]
	}
	return s.now
}

// deal sorts by a byte of the group. What is equal in it stays in order.
func (s *Scratch) deal(shift int) {
	s.next = slices.Grow(s.next[:0], len(s.now))[:len(s.now)]
	var from [256]int
	for i := range s.now {
		from[byte(s.now[i].group>>shift)]++
	}
	sum := 0
	for b, n := range from {
		from[b] = sum
		sum += n
	}
	for i := range s.now {
		b := byte(s.now[i].group >> shift)
		s.next[from[b]] = s.now[i]
		from[b]++
	}
	s.now, s.next = s.next, s.now
}

// permute moves records to where their keys are. Each key then is that of its own place.
func permute[T any](records []T, keys []key) {
	for i := range keys {
		if int(keys[i].at) == i {
			continue
		}
		first, to := records[i], i
		for {
			from := int(keys[to].at)
			keys[to].at = uint32(to)
			if from == i {
				break
			}
			records[to] = records[from]
			to = from
		}
		records[to] = first
	}
}
