package repair

import (
	"cmp"
	"slices"
)

// endless are begins that have no end, by their number in the file, and when they are closed,
// in ns. There may be millions: they take 16 bytes each.
type endless struct{ begins []endlessBegin }

type endlessBegin struct{ seq, end int64 }

func (e *endless) add(seq, end int64) { e.begins = append(e.begins, endlessBegin{seq, end}) }

// sort has to be called before any is asked for.
func (e *endless) sort() {
	slices.SortFunc(e.begins, func(a, b endlessBegin) int { return cmp.Compare(a.seq, b.seq) })
}

// at returns when a begin is closed, and whether it is one of these.
func (e *endless) at(seq int64) (end int64, some bool) {
	i, some := slices.BinarySearchFunc(e.begins, seq, func(b endlessBegin, seq int64) int { return cmp.Compare(b.seq, seq) })
	if !some {
		return 0, false
	}
	return e.begins[i].end, true
}

// held is how many bytes e takes.
func (e *endless) memory() int { return 16 * cap(e.begins) }
