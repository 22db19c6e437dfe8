package check

import "tracekit/internal/minheap"

// asyncTracks finds the track of an async event as Perfetto does: events with
// one id and category share a track, and a track on which nothing is open may
// be taken over by another id of the same name.
type asyncTracks struct {
	roots map[asyncKey]uint32
	sets  map[asyncSetKey]*asyncSet
}

type asyncKey struct {
	cookie  uint64
	process uint32
	local   bool
}

type asyncSetKey struct {
	name, process uint32
	local         bool
}

type asyncSet struct {
	tracks   []asyncTrack
	byCookie map[uint64]int
	idle     minheap.Heap[idleTrack] // on which nothing is open
}

type asyncTrack struct {
	cookie uint64
	nested int
	queued bool // in idle
	stack  stack
}

func newAsyncTracks() asyncTracks {
	return asyncTracks{map[asyncKey]uint32{}, map[asyncSetKey]*asyncSet{}}
}

// of returns the stack of r's track, and counts what is open there.
func (a *asyncTracks) of(r *record) *stack {
	k := asyncKey{cookie: r.cookie}
	if r.flags&rLocal != 0 {
		k.process, k.local = r.track, true
	}
	root, known := a.roots[k]
	if !known {
		root = r.name
		a.roots[k] = root
	}
	sk := asyncSetKey{root, k.process, k.local}
	set := a.sets[sk]
	if set == nil {
		set = &asyncSet{byCookie: map[uint64]int{}}
		a.sets[sk] = set
	}
	n := set.track(r.cookie)
	t := &set.tracks[n]
	switch r.phase {
	case 'b':
		t.nested++
	case 'e':
		t.nested = max(t.nested-1, 0)
	}
	if t.nested == 0 && !t.queued {
		t.queued = true
		set.idle.Push(idleTrack(n))
	}
	return &t.stack
}

func (s *asyncSet) track(cookie uint64) int {
	if n, known := s.byCookie[cookie]; known {
		return n
	}
	for s.idle.Len() > 0 {
		n := int(s.idle.Pop())
		t := &s.tracks[n]
		t.queued = false
		if t.nested > 0 {
			continue
		}
		delete(s.byCookie, t.cookie)
		t.cookie = cookie
		s.byCookie[cookie] = n
		return n
	}
	s.tracks = append(s.tracks, asyncTrack{cookie: cookie})
	n := len(s.tracks) - 1
	s.byCookie[cookie] = n
	return n
}

// idleTrack is the number of a track.
type idleTrack int

func (t idleTrack) Before(u idleTrack) bool { return t < u }
