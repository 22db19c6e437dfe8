package flows

import (
	"hash/maphash"

	"tracekit/trace"
)

// BindID is what a slice itself says of flows, by a bind_id and members flow_out and
// flow_in.
type BindID struct {
	id      uint64
	at      trace.Time
	in, out bool
}

// HasBindID reports a slice that may say something of flows.
func HasBindID(e *trace.Event) bool {
	switch e.Phase {
	case 'X', 'B', 'b', 'n':
		return e.Has&(trace.HasBind|trace.HasTS) == trace.HasBind|trace.HasTS
	}
	return false
}

var bindSeed = maphash.MakeSeed()

// BindIDOf reads what a slice says of flows; at is when it happened. It reports false
// if that joins it to no other. Ids are the same if Perfetto reads them as one number.
func BindIDOf(e *trace.Event, at trace.Time) (b BindID, some bool) {
	if !HasBindID(e) {
		return b, false
	}
	var id []byte
	for m := range trace.Members(e.Raw()) {
		switch string(m.Key) {
		case "bind_id":
			id = m.Value
		case "flow_in":
			b.in = string(m.Value) == "true"
		case "flow_out":
			b.out = string(m.Value) == "true"
		}
	}
	ok := false
	if b.id, ok = ID(id); !ok {
		b.id = maphash.Bytes(bindSeed, id) // Perfetto reads none, but others may
	}
	b.at = at
	return b, len(id) > 0 && (b.in || b.out)
}

// BindIDs follows the flows that slices speak of. A slice that is kept loses those
// whose other end is not.
type BindIDs struct {
	ends map[uint64]*bindEnds
}

// bindEnds is where flows of an id begin first and end last, and how many do there.
type bindEnds struct {
	out, in   trace.Time
	outs, ins int
}

// NoteKept takes what a slice that is kept says.
func (s *BindIDs) NoteKept(b BindID) {
	if s.ends == nil {
		s.ends = map[uint64]*bindEnds{}
	}
	ends := s.ends[b.id]
	if ends == nil {
		ends = &bindEnds{out: trace.MaxTime, in: trace.MinTime}
		s.ends[b.id] = ends
	}
	if b.out {
		if b.at < ends.out {
			ends.out, ends.outs = b.at, 0
		}
		ends.outs += count(b.at == ends.out)
	}
	if b.in {
		if b.at > ends.in {
			ends.in, ends.ins = b.at, 0
		}
		ends.ins += count(b.at == ends.in)
	}
}

// Dangling returns the members of a slice that is kept which speak of a flow whose
// other end is not. All that is kept has to be noted.
func (s *BindIDs) Dangling(b BindID) (members []string) {
	ends := s.ends[b.id]
	if ends == nil {
		return nil
	}
	own := count(b.in && b.out) // its own end is none for itself
	if b.in && (ends.out > b.at || ends.out == b.at && ends.outs == own) {
		members = append(members, "flow_in")
	}
	if b.out && (ends.in < b.at || ends.in == b.at && ends.ins == own) {
		members = append(members, "flow_out")
	}
	if len(members) == count(b.in)+count(b.out) {
		members = append(members, "bind_id")
	}
	return members
}

// count is 1 if b.
func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
