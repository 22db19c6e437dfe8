package repair

import "math/big"

// narrowed gives pids and tids of more than 32 bits such of 32, each its own. It grows
// with the number of those.
type narrowed struct {
	of32  map[string]uint32 // by their digits
	taken map[uint32]bool
	next  uint32
}

const (
	// firstNarrow is where ids begin whose low 32 bits are another's.
	firstNarrow = 1 << 31
	// systemIDs is what systems give to processes and threads: Linux stops at 4194304. What looks
	// like one of these may be one that is yet to come.
	systemIDs = 1 << 22
	// widestID is how many bits a number has at most that a double can be.
	widestID = 1024
)

// of returns the low 32 bits of n, which is what it was before it was widened, unless they may
// be another's, one's of the system or one's that came before. 0 is for viewers the process.
func (w *narrowed) of(n *big.Int) uint32 {
	return w.give(n.String(), uint32(new(big.Int).And(n, big.NewInt(1<<32-1)).Uint64()))
}

// give returns the number of an id by its digits; low are the lowest 32 bits of it.
func (w *narrowed) give(digits string, low uint32) uint32 {
	if w.of32 == nil {
		w.of32, w.taken, w.next = map[string]uint32{}, map[uint32]bool{}, firstNarrow
	}
	if id, known := w.of32[digits]; known {
		return id
	}
	id := low
	for id <= systemIDs || w.taken[id] {
		id = w.next
		w.next++
	}
	w.of32[digits], w.taken[id] = id, true
	return id
}
