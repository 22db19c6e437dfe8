package keep

import (
	"tracekit/internal/bitset"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// texts are events by ordinal: those that are wanted, once they are met. There may be as
// many as slices are open at the edge of a range.
type texts struct {
	wanted bitset.Set
	some   bool
	held   spill.Texts
	buf    []byte
}

func (t *texts) want(n int) {
	t.some = true
	t.wanted.Add(n)
}

// add holds e, the n-th, if it is wanted. Ordinals must rise.
func (t *texts) add(n int, e *trace.Event) {
	if t.wanted.Has(n) {
		t.buf = e.AppendPacked(t.buf[:0])
		t.held.Add(int64(n), t.buf)
	}
}

// get returns the n-th event, which must have been added. Its bytes belong to t and are
// valid until the next call.
func (t *texts) get(n int) *trace.Event {
	e := new(trace.Event)
	e.Unpack(t.held.Get(int64(n)))
	return e
}
