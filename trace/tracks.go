package trace

import (
	"hash/maphash"
	"math"
	"slices"
	"strconv"

	"tracekit/internal/snapshot"
)

// Track is a thread's line in a trace, and so the place where slices nest.
type Track struct {
	// Pid and Tid are JSON text, as an Event has them. A pid that is absent is
	// 0. A tid of 0, or none, means the process's main thread, as Perfetto reads
	// it, and is written as the pid.
	Pid, Tid string
	Process  int // number of the process, from 0 in order of appearance
}

// Tracks numbers the tracks and processes of a trace in order of appearance.
// The zero value is ready to use.
type Tracks struct {
	All       []Track
	Processes []string // pid of each process
	byIDs     numbered // tracks
	byPid     numbered // processes
	shared    bool     // what is numbered is another's too
	interned  [64]internedTrack
	recent    [256]recentTrack
}

// recentTrack is a track as an event named it, in memory that is used again for
// the next one that comes to stand in its place.
type recentTrack struct {
	pid, tid []byte
	track    int
	known    bool // an event without ids is not yet one that came
}

// internedTrack is the track of events with a number.
type internedTrack struct {
	interned uint32
	track    int32
}

// Of returns the number of the track that e stands on.
func (t *Tracks) Of(e *Event) int {
	a := &t.interned[e.Interned%uint32(len(t.interned))]
	if e.Interned == 0 || a.interned != e.Interned {
		*a = internedTrack{e.Interned, int32(t.of(e))}
	}
	return int(a.track)
}

func (t *Tracks) of(e *Event) int {
	pid, tid := e.Pid(), e.Tid()
	r := &t.recent[(mark(pid)*31+mark(tid))*0x9e3779b1>>24]
	if string(r.pid) == string(pid) && string(r.tid) == string(tid) && r.known {
		return r.track
	}
	r.track, r.known = t.find(pid, tid), true
	r.pid, r.tid = append(r.pid[:0], pid...), append(r.tid[:0], tid...)
	return r.track
}

// Known returns the tracks of t for another goroutine. What is new to one of both later
// has a number there only.
func (t *Tracks) Known() *Tracks {
	if !t.shared { // else several goroutines may ask at a time
		t.shared = true
		t.All, t.Processes = slices.Clip(t.All), slices.Clip(t.Processes)
	}
	return &Tracks{All: t.All, Processes: t.Processes, byIDs: t.byIDs, byPid: t.byPid, shared: true}
}

// Find returns the number of a track by the JSON text of its ids, -1 if there is
// none yet.
func (t *Tracks) Find(pid, tid string) int {
	p, q := shownIDs(wholeID([]byte(pid)), wholeID([]byte(tid)))
	return t.number(p, q)
}

// number is the number of a track, -1 if there is none yet.
func (t *Tracks) number(pid, tid []byte) int {
	return t.byIDs.find(mixed(hashOf(pid), hashOf(tid)), func(n int) bool {
		k := &t.All[n]
		return k.Tid == string(tid) && k.Pid == string(pid)
	})
}

// State shows t to a snapshot.
func (t *Tracks) State(s *snapshot.State) {
	all := slices.Clone(t.All)
	snapshot.List(s, &all, func(k *Track) {
		s.Shared(&k.Pid)
		s.Text(&k.Tid)
	})
	for i := range all {
		s.Check(t.find([]byte(all[i].Pid), []byte(all[i].Tid)) == i)
	}
}

// Process returns the number of the process that e belongs to.
func (t *Tracks) Process(e *Event) int { return t.All[t.Of(e)].Process }

// wholeID is the JSON text of a pid or tid without what makes no other one of it: where
// a number has a fraction or an exponent, its whole part, as Perfetto reads it.
func wholeID(v []byte) []byte {
	dot := -1
	for i, c := range v {
		switch {
		case c == '"':
			return v
		case c == '.' && dot < 0:
			dot = i
		case c|0x20 == 'e':
			return wholeNumber(v)
		}
	}
	switch {
	case dot < 0:
		return v
	case dot == 2 && v[0] == '-' && v[1] == '0':
		return v[1:2]
	}
	return v[:dot]
}

// wholeNumber is the whole part of a number with an exponent; other text as it is.
func wholeNumber(v []byte) []byte {
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || math.Abs(f) >= 1<<63 {
		return v
	}
	return strconv.AppendInt(nil, int64(f), 10)
}

// shownIDs are the ids that a viewer takes an event's for.
func shownIDs(pid, tid []byte) (shownPid, shownTid []byte) {
	if len(pid) == 0 || string(pid) == "null" {
		pid = []byte("0")
	}
	if len(tid) == 0 || string(tid) == "0" || string(tid) == "null" {
		tid = pid
	}
	return pid, tid
}

func (t *Tracks) find(pid, tid []byte) int {
	pid, tid = shownIDs(pid, tid)
	if n := t.number(pid, tid); n >= 0 {
		return n
	}
	if t.shared {
		t.byIDs.slots, t.byPid.slots = slices.Clone(t.byIDs.slots), slices.Clone(t.byPid.slots)
		t.shared = false
	}
	process := t.byPid.find(hashOf(pid), func(n int) bool { return t.Processes[n] == string(pid) })
	if process < 0 {
		t.Processes = append(t.Processes, string(pid))
		process = t.byPid.add(hashOf(pid), func(n int) uint64 { return hashOf([]byte(t.Processes[n])) })
	}
	k := Track{Pid: t.Processes[process], Process: process}
	if k.Tid = k.Pid; string(tid) != k.Pid {
		k.Tid = string(tid)
	}
	t.All = append(t.All, k)
	return t.byIDs.add(mixed(hashOf(pid), hashOf(tid)), func(n int) uint64 {
		return mixed(hashOf([]byte(t.All[n].Pid)), hashOf([]byte(t.All[n].Tid)))
	})
}

// mark is a cheap mark of an id: those of one trace differ in their length and
// their last digits.
func mark(b []byte) uint32 {
	n := len(b)
	if n == 0 {
		return 0
	}
	return uint32(n) + uint32(b[n-1])<<8 + uint32(b[n/2])<<16 + uint32(b[max(n-2, 0)])<<24
}

// Memory is about how many bytes t takes, apart from what is the same for each.
func (t *Tracks) Memory() int {
	const track, process, text = 40, 16, 16
	return track*cap(t.All) + (process+text)*cap(t.Processes) + text*len(t.All) + 4*(len(t.byIDs.slots)+len(t.byPid.slots))
}

// numbered finds what is numbered from 0 by the hashes of its ids, in a few bytes for each: who
// asks has the ids.
type numbered struct {
	slots []int32 // number + 1, from the place of its hash on; 0 for none
	count int
}

// find returns the number of what has a hash and is what is asked for, or -1.
func (n *numbered) find(hash uint64, is func(number int) bool) int {
	if len(n.slots) == 0 {
		return -1
	}
	mask := uint64(len(n.slots) - 1)
	for at := hash & mask; n.slots[at] > 0; at = (at + 1) & mask {
		if number := int(n.slots[at] - 1); is(number) {
			return number
		}
	}
	return -1
}

// add gives the next number to what has a hash; hashOf is asked for those of all when they need
// more room.
func (n *numbered) add(hash uint64, hashOf func(number int) uint64) (number int) {
	const least = 16
	number = n.count
	n.count++
	if n.count*2 <= len(n.slots) {
		n.put(hash, number)
		return number
	}
	n.slots = make([]int32, max(least, 2*len(n.slots)))
	for i := range n.count {
		n.put(hashOf(i), i)
	}
	return number
}

func (n *numbered) put(hash uint64, number int) {
	mask := uint64(len(n.slots) - 1)
	at := hash & mask
	for n.slots[at] > 0 {
		at = (at + 1) & mask
	}
	n.slots[at] = int32(number + 1)
}

var idSeed = maphash.MakeSeed()

func hashOf(id []byte) uint64 { return maphash.Bytes(idSeed, id) }

func mixed(pid, tid uint64) uint64 { return pid*0x9e3779b97f4a7c15 ^ tid }
