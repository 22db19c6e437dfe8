package trace

import (
	"encoding/binary"
	"slices"
)

// packedHead is how many bytes stand before the text of an event that is packed:
// what was read of it.
const packedHead = 12 + 3*8 + 4 + 8*4

// packedSize is how many bytes AppendPacked adds.
func (e *Event) packedSize() int {
	if e.wide() {
		return packedHead + 8*4 + len(e.text)
	}
	return packedHead + len(e.text)
}

// wide reports that places in the text may need more than two bytes.
func (e *Event) wide() bool { return len(e.text) > 1<<16-1 }

// AppendPacked appends e to b in a form that Unpack reads without a look at its
// JSON. It is meant for temporary files: it may change from one version to the next.
func (e *Event) AppendPacked(b []byte) []byte {
	b = slices.Grow(b, e.packedSize())
	at := len(b)
	head := b[at : at+packedHead]
	le := binary.LittleEndian
	le.PutUint32(head, uint32(len(e.text)))
	le.PutUint32(head[4:], e.lead)
	head[8], head[9] = e.Phase, 0
	le.PutUint16(head[10:], uint16(e.Has))
	le.PutUint64(head[12:], uint64(e.TS))
	le.PutUint64(head[20:], uint64(e.Dur))
	le.PutUint64(head[28:], uint64(e.at))
	le.PutUint32(head[36:], e.Interned)
	places := [...]span{e.name, e.cat, e.pid, e.tid, e.id, e.args, e.ts, e.dur}
	if !e.wide() {
		for i, s := range places {
			le.PutUint32(head[40+4*i:], s.lo|s.hi<<16)
		}
		return append(b[:at+packedHead], e.text...)
	}
	head[9] = 1
	b = b[:at+40]
	for _, s := range places {
		b = le.AppendUint64(b, uint64(s.lo)|uint64(s.hi)<<32)
	}
	return append(b, e.text...)
}

// Unpack reads an event from the start of b, to which its bytes belong, and returns
// what follows; false if it is cut off.
func (e *Event) Unpack(b []byte) (rest []byte, ok bool) {
	if len(b) < packedHead {
		return b, false
	}
	le := binary.LittleEndian
	size := uint64(le.Uint32(b))
	e.lead = le.Uint32(b[4:])
	e.Phase, e.Has, e.flaws = b[8], Has(le.Uint16(b[10:])), 0 // flaws were sanitized before the event was handed on
	e.TS, e.Dur = Time(le.Uint64(b[12:])), Time(le.Uint64(b[20:]))
	e.at = int64(le.Uint64(b[28:]))
	e.Interned = le.Uint32(b[36:])
	places := [...]*span{&e.name, &e.cat, &e.pid, &e.tid, &e.id, &e.args, &e.ts, &e.dur}
	at := b[40:]
	if b[9] == 0 {
		for i, s := range places {
			n := le.Uint32(at[4*i:])
			*s = span{n & 0xffff, n >> 16}
		}
		at = at[4*len(places):]
	} else {
		if len(at) < 8*len(places) {
			return b, false
		}
		for i, s := range places {
			n := le.Uint64(at[8*i:])
			*s = span{uint32(n), uint32(n >> 32)}
		}
		at = at[8*len(places):]
	}
	if size > uint64(len(at)) || uint64(e.lead) > size {
		return b, false
	}
	e.text = at[:size:size]
	return at[size:], true
}
