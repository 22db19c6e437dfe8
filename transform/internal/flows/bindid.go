package flows

import (
	"tracekit/trace"
	"tracekit/transform/internal/clipped"
)

// Binds follows arrows that slices themselves speak of, by a bind_id and members
// flow_out and flow_in. A slice that stays loses those whose other end does not.
type Binds struct {
	ends  map[string]*bindEnds // by bind_id, JSON text
	Pairs bool                 // some begin speaks of arrows
}

// bindEnds is where arrows of a bind_id begin first and end last, and how many
// do there.
type bindEnds struct {
	out, in   trace.Time
	outs, ins int
}

// bindOf reads what a slice says of arrows.
func bindOf(e *trace.Event) (id string, in, out bool) {
	for m := range trace.Members(e.Raw()) {
		switch string(m.Key) {
		case "bind_id":
			id = string(m.Value)
		case "flow_in":
			in = string(m.Value) == "true"
		case "flow_out":
			out = string(m.Value) == "true"
		}
	}
	return id, in && id != "", out && id != ""
}

func HasBindID(e *trace.Event) bool {
	switch e.Phase {
	case 'X', 'B', 'b', 'n':
		return e.Has&(trace.HasBind|trace.HasTS) == trace.HasBind|trace.HasTS
	}
	return false
}

// Note takes a slice that stays.
func (b *Binds) Note(e *trace.Event) {
	if !HasBindID(e) {
		return
	}
	id, in, out := bindOf(e)
	if !in && !out {
		return
	}
	if b.ends == nil {
		b.ends = map[string]*bindEnds{}
	}
	ends := b.ends[id]
	if ends == nil {
		ends = &bindEnds{out: trace.MaxTime, in: trace.MinTime}
		b.ends[id] = ends
	}
	at := clipped.Original(e)
	if out {
		if at < ends.out {
			ends.out, ends.outs = at, 0
		}
		ends.outs += count(at == ends.out)
	}
	if in {
		if at > ends.in {
			ends.in, ends.ins = at, 0
		}
		ends.ins += count(at == ends.in)
	}
}

// Dangling returns the members of a slice that stays which speak of an arrow whose
// other end does not.
func (b *Binds) Dangling(e *trace.Event) (members []string) {
	if !HasBindID(e) {
		return nil
	}
	id, in, out := bindOf(e)
	ends := b.ends[id]
	if !in && !out || ends == nil {
		return nil
	}
	at, own := clipped.Original(e), count(in && out) // its own end is none for itself
	if in && (ends.out > at || ends.out == at && ends.outs == own) {
		members = append(members, "flow_in")
	}
	if out && (ends.in < at || ends.in == at && ends.ins == own) {
		members = append(members, "flow_out")
	}
	if len(members) == count(in)+count(out) {
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
