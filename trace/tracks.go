package trace

import (
	"maps"
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
	byKey     map[trackKey]int
	byPid     map[string]int
	shared    bool // the maps are another's too
	interned  [64]internedTrack
	recent    [256]recentTrack
}

type trackKey struct{ pid, tid string }

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
	return &Tracks{All: t.All, Processes: t.Processes, byKey: t.byKey, byPid: t.byPid, shared: true}
}

// Find returns the number of a track by the JSON text of its ids, -1 if there is
// none yet.
func (t *Tracks) Find(pid, tid string) int {
	p, q := shownIDs(wholeID([]byte(pid)), wholeID([]byte(tid)))
	if n, ok := t.byKey[trackKey{string(p), string(q)}]; ok {
		return n
	}
	return -1
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
	if n, ok := t.byKey[trackKey{string(pid), string(tid)}]; ok { // written like this, it copies nothing
		return n
	}
	k := trackKey{string(pid), string(tid)}
	switch {
	case t.byKey == nil:
		t.byKey, t.byPid = map[trackKey]int{}, map[string]int{}
	case t.shared:
		t.byKey, t.byPid = maps.Clone(t.byKey), maps.Clone(t.byPid)
	}
	t.shared = false
	process, ok := t.byPid[k.pid]
	if !ok {
		process = len(t.Processes)
		t.byPid[k.pid] = process
		t.Processes = append(t.Processes, k.pid)
	}
	n := len(t.All)
	t.byKey[k] = n
	t.All = append(t.All, Track{Pid: k.pid, Tid: k.tid, Process: process})
	return n
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
	const track, process = 240, 100 // with their text, and their places in the maps
	return track*len(t.All) + process*len(t.Processes)
}
