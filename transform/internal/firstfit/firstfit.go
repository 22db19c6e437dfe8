// Package firstfit finds the first of many lanes that has room for a slice, in logarithmic time.
// check uses it as Perfetto does, repair to move slices that overlap.
package firstfit

import "math"

// Rooms are numbers in a row, of which the first that is large enough is found in time
// that grows with the logarithm of how many there are. The zero value has none.
type Rooms struct {
	n    int
	tree []int64 // the largest of those below each node; the root is 1
	work int64   // nodes that were looked at, for tests
}

// Full is the room of a place that has none.
const Full = math.MinInt64

// Add adds one behind all others.
func (r *Rooms) Add(room int64) {
	if r.n == len(r.tree)/2 {
		r.grow()
	}
	r.n++
	r.Set(r.n-1, room)
}

func (r *Rooms) grow() {
	half := max(len(r.tree), 2)
	tree := make([]int64, 2*half)
	for i := range tree {
		tree[i] = Full
	}
	copy(tree[half:], r.tree[len(r.tree)/2:])
	for i := half - 1; i > 0; i-- {
		tree[i] = max(tree[2*i], tree[2*i+1])
	}
	r.tree = tree
}

// Set gives the i-th another room.
func (r *Rooms) Set(i int, room int64) {
	i += len(r.tree) / 2
	r.tree[i] = room
	for i /= 2; i > 0; i /= 2 {
		r.work++
		most := max(r.tree[2*i], r.tree[2*i+1])
		if r.tree[i] == most {
			return
		}
		r.tree[i] = most
	}
}

// First returns the first whose room is at least as large as what is needed, and Len if
// there is none.
func (r *Rooms) First(needed int64) int {
	if len(r.tree) == 0 || r.tree[1] < needed {
		return r.n
	}
	i := 1
	for half := len(r.tree) / 2; i < half; {
		r.work++
		if i *= 2; r.tree[i] < needed {
			i++
		}
	}
	return min(i-len(r.tree)/2, r.n)
}

// Most returns the largest room, Full if there is none.
func (r *Rooms) Most() int64 {
	if len(r.tree) == 0 {
		return Full
	}
	return r.tree[1]
}

// Work is how many steps it took so far. It is for tests.
func (r *Rooms) Work() int64 { return r.work }
