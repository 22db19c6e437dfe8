package check

import (
	"cmp"
	"slices"
)

// Year is how far an event may stand from the rest, and how long a slice may
// be, in ns, before its time is taken for an accident.
const Year = 365 * 24 * 3600 * 1_000_000_000

// Times groups points of time that lie less than a year apart, in little memory
// however many there are. The zero value is ready to use.
type Times struct {
	buckets map[int64]*bucket
	last    *bucket
	lastKey int64
}

// bucket is what was seen in some weeks.
type bucket struct {
	count, min, max int64
	first           []Place
}

// bucketBits makes buckets of 52 days: a gap of a year can't hide in one.
const bucketBits = 52

// Add takes note of a time in ns.
func (t *Times) Add(ns int64) { t.add(ns) }

func (t *Times) add(ns int64) *bucket {
	key := ns >> bucketBits
	b := t.last
	if b == nil || t.lastKey != key {
		if t.buckets == nil {
			t.buckets = map[int64]*bucket{}
		}
		if b = t.buckets[key]; b == nil {
			b = &bucket{min: ns, max: ns}
			t.buckets[key] = b
		}
		t.last, t.lastKey = b, key
	}
	b.count++
	b.min, b.max = min(b.min, ns), max(b.max, ns)
	return b
}

// Main returns the bounds of the group that most of the times belong to; the
// later one of two that are equal.
func (t *Times) Main() (from, to int64) {
	keys := make([]int64, 0, len(t.buckets))
	for k := range t.buckets {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var best, n int64
	var lo, hi int64
	for i, k := range keys {
		b := t.buckets[k]
		if i == 0 || b.min-hi >= Year {
			lo, n = b.min, 0
		}
		hi = b.max
		if n += b.count; n >= best {
			best, from, to = n, lo, hi
		}
	}
	return from, to
}

// far reports what lies a year or more away from the rest.
func (t *Times) far(r *Report) {
	from, to := t.Main()
	var places []Place
	n := int64(0)
	for _, b := range t.buckets {
		if b.max < from || b.min > to {
			n += b.count
			places = append(places, b.first...)
		}
	}
	if n == 0 {
		return
	}
	slices.SortFunc(places, func(a, b Place) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := range n {
		r.find(ImpossibleTime, func() Place { return places[min(i, int64(len(places)-1))] })
	}
}
