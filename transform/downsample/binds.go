package downsample

import (
	"hash/maphash"

	"tracekit/trace"
)

// bind is what a slice itself says of arrows, by a bind_id and members flow_out and
// flow_in.
type bind struct {
	n       uint64 // of the event
	id      uint64 // hash of bind_id
	ts      trace.Time
	in, out bool
}

func (l *learner) bind(e *trace.Event) {
	if e.Has&trace.HasBind == 0 {
		return
	}
	b := bind{n: l.n, ts: e.TS}
	some := false
	for m := range trace.Members(e.Raw()) {
		switch string(m.Key) {
		case "bind_id":
			b.id, some = maphash.Bytes(l.seed, m.Value), true
		case "flow_in":
			b.in = string(m.Value) == "true"
		case "flow_out":
			b.out = string(m.Value) == "true"
		}
	}
	if some && (b.in || b.out) {
		l.binds = append(l.binds, b)
	}
}

// loose is, by number of the event, the members that speak of arrows whose other
// end does not stay.
func (d *decision) loose() map[uint64][]string {
	type ends struct{ out, in trace.Time } // where the arrows of an id begin first and end last
	byID := map[uint64]ends{}
	for _, b := range d.binds {
		if d.gone.has(b.n) {
			continue
		}
		e, known := byID[b.id]
		if !known {
			e = ends{trace.MaxTime, trace.MinTime}
		}
		if b.out {
			e.out = min(e.out, b.ts)
		}
		if b.in {
			e.in = max(e.in, b.ts)
		}
		byID[b.id] = e
	}
	loose := map[uint64][]string{}
	for _, b := range d.binds {
		e, left := byID[b.id], b.in && b.out // a slice is no end of its own arrow
		var members []string
		keepIn := b.in && (e.out < b.ts || e.out == b.ts && !left)
		keepOut := b.out && (e.in > b.ts || e.in == b.ts && !left)
		if b.in && !keepIn {
			members = append(members, "flow_in")
		}
		if b.out && !keepOut {
			members = append(members, "flow_out")
		}
		if !keepIn && !keepOut {
			members = append(members, "bind_id")
		}
		if len(members) > 0 && !d.gone.has(b.n) {
			loose[b.n] = members
		}
	}
	return loose
}
