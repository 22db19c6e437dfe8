package extsort

import (
	"cmp"
	"slices"
	"sync"
)

// Scratch is memory that is used for sorting; its zero value is empty.
type Scratch struct {
	mu        sync.Mutex // held by who uses it
	now, next []key
}

// key is what a record is sorted by first, and which one it is.
type key struct {
	group  uint64
	number int64
	at     uint32
}

// order returns the keys of records, sorted. They are valid until s is used again.
func order[T any](s *Scratch, kind *Kind[T], records []T) []key {
	n := len(records)
	s.now = slices.Grow(s.now[:0], n)[:n]
	for i := range records {
		group, number := kind.Key(&records[i])
		s.now[i] = key{group, number, uint32(i)}
	}
	s.dealAll(s.now, false)
	for from := 0; from < n; {
		to := from + 1
		for to < n && s.now[to].group == s.now[from].group {
			to++
		}
		sortNumbers(s, kind, records, s.now[from:to])
		from = to
	}
	return s.now
}

// sortNumbers sorts the keys of a group, which mostly come in order.
func sortNumbers[T any](s *Scratch, kind *Kind[T], records []T, keys []key) {
	byAll := func(a, b key) int {
		if c := cmp.Compare(a.number, b.number); c != 0 {
			return c
		}
		return kind.Compare(&records[a.at], &records[b.at])
	}
	switch {
	case slices.IsSortedFunc(keys, byAll):
	case len(keys) < fewKeys:
		slices.SortFunc(keys, byAll)
	default:
		s.dealAll(keys, true)
		for len(keys) > 0 {
			n := 1
			for n < len(keys) && keys[n].number == keys[0].number {
				n++
			}
			slices.SortFunc(keys[:n], byAll)
			keys = keys[n:]
		}
	}
}

// fewKeys is for how few keys comparing them is quicker than dealing them out.
const fewKeys = 256

// dealAll sorts keys by their number, or by their group. What is equal in it stays in order.
func (s *Scratch) dealAll(keys []key, byNumber bool) {
	differ := uint64(0) // bits in which they do
	for i := range keys {
		differ |= keys[i].digits(byNumber) ^ keys[0].digits(byNumber)
	}
	if differ == 0 {
		return
	}
	s.next = slices.Grow(s.next[:0], len(keys))[:len(keys)]
	from, to := keys, s.next
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff != 0 {
			deal(from, to, shift, byNumber)
			from, to = to, from
		}
	}
	if &from[0] != &keys[0] {
		copy(keys, from)
	}
}

// digits are those by which keys are dealt out.
func (k *key) digits(byNumber bool) uint64 {
	if byNumber {
		return uint64(k.number) ^ 1<<63 // what is below zero comes first
	}
	return k.group
}

// deal copies keys, sorted by one byte of their digits. What is equal in it stays in order.
func deal(keys, to []key, shift int, byNumber bool) {
	var from [256]int
	for i := range keys {
		from[byte(keys[i].digits(byNumber)>>shift)]++
	}
	sum := 0
	for b, n := range from {
		from[b] = sum
		sum += n
	}
	for i := range keys {
		b := byte(keys[i].digits(byNumber) >> shift)
		to[from[b]] = keys[i]
		from[b]++
	}
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
