package downsample

import (
	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// bind is what the n-th event itself says of flows.
type bind struct {
	n uint64
	flows.BindID
}

func (l *learner) bind(e *trace.Event) {
	if id, some := flows.BindIDOf(e, e.TS); some {
		l.binds = append(l.binds, bind{l.n, id})
	}
}

// loose is, by number of the event, the members that speak of flows whose other
// end does not stay.
func (d *decision) dangling() map[uint64][]string {
	var left flows.BindIDs
	for _, b := range d.binds {
		if !d.dropped.has(b.n) {
			left.NoteKept(b.BindID)
		}
	}
	dangling := map[uint64][]string{}
	for _, b := range d.binds {
		if d.dropped.has(b.n) {
			continue
		}
		if members := left.Dangling(b.BindID); len(members) > 0 {
			dangling[b.n] = members
		}
	}
	return dangling
}
