package check

import (
	"encoding/binary"
	"hash/maphash"

	"tracekit/internal/perfetto"
)

// names numbers strings. 0 is none at all.
type names struct {
	all  []string
	byID map[string]uint32
	text int // bytes of all

	recent [1 << 9]uint32 // numbers of strings that were asked for, by some of their bytes
}

// memory is about how many bytes n takes.
func (n *names) memory() int {
	const name = 72
	return name*len(n.all) + n.text
}

// shownNames is how many names are kept only to be told in findings.
const shownNames = 1 << 18

func newNames() *names {
	n := &names{byID: map[string]uint32{}}
	n.of([]byte(""))
	n.of([]byte("[No name]"))
	return n
}

const noName = 1 // number of the name that Perfetto gives to what has none

func (n *names) of(s []byte) uint32 {
	if id, known := n.find(s); known {
		return id
	}
	id := uint32(len(n.all))
	n.all = append(n.all, string(s))
	n.byID[n.all[id]] = id
	n.text += len(s)
	return id
}

// find returns the number of a string, if it has one.
func (n *names) find(s []byte) (id uint32, known bool) {
	if len(s) < 8 {
		id, known = n.byID[string(s)]
		return id, known
	}
	first, last := binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[len(s)-8:])
	recent := &n.recent[((first+uint64(len(s)))*0x9e3779b97f4a7c15^last*0xc2b2ae3d27d4eb4f)>>55]
	if n.all[*recent] == string(s) {
		return *recent, true
	}
	if id, known = n.byID[string(s)]; known {
		*recent = id
	}
	return id, known
}

// shown is as of for a name that nothing depends on: when there are too many
// of them, it is none.
func (n *names) shown(s []byte) uint32 {
	if id, known := n.find(s); known {
		return id
	}
	if len(n.all) >= shownNames {
		return 0
	}
	return n.of(s)
}

// firstText is where the ids begin that strings get as pid and tid.
const firstText = 1 << 32

// tracks numbers the threads of a trace. A pid or tid that is a string counts
// as a number of its own, where Perfetto takes that of its table of strings.
type tracks struct {
	texts     map[string]uint64
	byKey     map[trackKey]uint32
	processes map[uint64]uint32
	process   []uint32 // of each track
	recent    [128]struct {
		key   trackKey
		track uint32
		valid bool
	}
}

// memory is about how many bytes t takes.
func (t *tracks) memory() int {
	const text, thread, process = 120, 90, 60
	return text*len(t.texts) + thread*len(t.process) + process*len(t.processes)
}

type trackKey struct{ pid, tid uint64 }

func newTracks() *tracks {
	return &tracks{texts: map[string]uint64{}, byKey: map[trackKey]uint32{}, processes: map[uint64]uint32{}}
}

func (t *tracks) id(n perfetto.Number, name []byte) uint64 {
	if name == nil {
		id, _ := n.ID()
		return id
	}
	id, known := t.texts[string(name)]
	if !known {
		id = firstText + uint64(len(t.texts))
		t.texts[string(name)] = id
	}
	return id
}

// of returns the number of an event's thread.
func (t *tracks) of(e *event) uint32 {
	k := trackKey{t.id(e.pid, e.pidName), t.id(e.tid, e.tidName)}
	if k.tid == 0 && !e.has(tidText) {
		k.tid = k.pid
	}
	r := &t.recent[(k.pid*31+k.tid)*0x9e3779b97f4a7c15>>57]
	if r.valid && r.key == k {
		return r.track
	}
	n, known := t.byKey[k]
	if !known {
		n = uint32(len(t.process))
		t.byKey[k] = n
		p, seen := t.processes[k.pid]
		if !seen {
			p = uint32(len(t.processes))
			t.processes[k.pid] = p
		}
		t.process = append(t.process, p)
	}
	r.key, r.track, r.valid = k, n, true
	return n
}

// hashSeed makes the numbers of async and flow ids.
type hashSeed struct{ maphash.Seed }

// ident hashes an id within a category, or within a name and category.
func (h hashSeed) ident(id ident, parts ...[]byte) uint64 {
	var m maphash.Hash
	m.SetSeed(h.Seed)
	m.WriteByte(byte(id.kind))
	if id.kind == textID {
		m.Write(id.text)
	} else {
		for i := range 8 {
			m.WriteByte(byte(id.num >> (8 * i)))
		}
	}
	for _, p := range parts {
		m.WriteByte(0)
		m.Write(p)
	}
	return m.Sum64()
}

// flowID is the id of a flow: a number as it is, a string as C's strtoull reads
// hexadecimal digits.
func flowID(id ident) (uint64, bool) {
	switch id.kind {
	case numID:
		return id.num, true
	case textID:
		return perfetto.HexID(id.text)
	}
	return 0, false
}
