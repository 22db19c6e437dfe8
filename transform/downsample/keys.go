package downsample

import (
	"cmp"
	"slices"
)

// keys put records in order. Records of a line mostly come in order, so that it is
// enough to deal them out to their lines.
type keys struct{ now, next []key }

// key is what records are sorted by first, and which one it is.
type key struct {
	line  uint64
	start int64
	at    uint32
}

// order is the keys of records, sorted. It is valid until the next call.
func (k *keys) order(records []record) []key {
	k.now = slices.Grow(k.now[:0], len(records))[:len(records)]
	k.next = slices.Grow(k.next[:0], len(records))[:len(records)]
	differ := uint64(0) // bits in which lines do
	for i := range records {
		r := &records[i]
		k.now[i] = key{r.Line, r.Start, uint32(i)}
		differ |= r.Line ^ records[0].Line
	}
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff != 0 {
			k.deal(shift)
		}
	}
	for rest := k.now; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].line == rest[0].line {
			n++
		}
		slices.SortFunc(rest[:n], func(a, b key) int {
			if c := cmp.Compare(a.start, b.start); c != 0 {
				return c
			}
			return compare(&records[a.at], &records[b.at])
		})
		rest = rest[n:]
	}
	return k.now
}

// deal sorts by a byte of the line. What is equal in it stays in order.
func (k *keys) deal(shift int) {
	var from [256]int
	for i := range k.now {
		from[byte(k.now[i].line>>shift)]++
	}
	sum := 0
	for b, n := range from {
		from[b] = sum
		sum += n
	}
	for i := range k.now {
		b := byte(k.now[i].line >> shift)
		k.next[from[b]] = k.now[i]
		from[b]++
	}
	k.now, k.next = k.next, k.now
}
