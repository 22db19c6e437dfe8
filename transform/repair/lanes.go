package repair

import (
	"cmp"
	"slices"
)

// laneKey is a lane beside a line, from 1.
type laneKey struct {
	line
	lane int
}

// laneTable says which events go to which lane. It grows by some 30 bytes with
// each of them.
type laneTable struct {
	of      map[int64]uint32 // by number of event: its lane's in all
	all     []laneInfo
	numbers map[laneKey]uint32
}

type laneInfo struct {
	laneKey
	tid   uint64
	named bool
}

func newLaneTable() laneTable {
	return laneTable{of: map[int64]uint32{}, numbers: map[laneKey]uint32{}}
}

// put sends an event to a lane.
func (t *laneTable) put(seq int64, k laneKey) {
	n, known := t.numbers[k]
	if !known {
		n = uint32(len(t.all))
		t.numbers[k] = n
		t.all = append(t.all, laneInfo{laneKey: k})
	}
	t.of[seq] = n
}

// get returns the lane that an event goes to, nil if it is kept where it is.
func (t *laneTable) get(seq int64) *laneInfo {
	n, moved := t.of[seq]
	if !moved {
		return nil
	}
	return &t.all[n]
}

// besideThreads reports whether there is a lane that is a thread.
func (t *laneTable) besideThreads() bool {
	return slices.ContainsFunc(t.all, func(l laneInfo) bool { return l.async == 0 })
}

// firstTid is where the tids of lanes begin.
const firstTid = 1_000_000

// number finds a tid for each lane beside a thread that nothing else goes by.
func (t *laneTable) number(used func(uint64) bool) {
	var order []int
	for i := range t.all {
		if t.all[i].async == 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.all[a].track, t.all[b].track), cmp.Compare(t.all[a].lane, t.all[b].lane))
	})
	next := uint64(firstTid)
	for _, i := range order {
		for used(next) {
			next++
		}
		t.all[i].tid = next
		next++
	}
}
