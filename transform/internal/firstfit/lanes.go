package firstfit

import (
	"math"

	"tracekit/internal/minheap"
)

// Lanes place slices, which come in order of their start, so that on each lane they
// nest: each on the first with room for it.
type Lanes struct {
	Deepest int // how many slices may lie in each other on a lane; 0 for any number

	lanes []lane
	rooms Rooms // of each: until when a slice may last there
	began Rooms // when the innermost slice of each began
	due   minheap.Heap[dueEnd]
	still []dueEnd      // of lanes whose innermost slice is of no length, as the latest was
	until int64         // the time of these
	ends  map[int64]int // lanes of slices that have an event for their end, by its number
}

// lane is what is open on a lane.
type lane []Span

// Span is a slice, in ns. One that has an event for its end is kept until that has come,
// which may be after others of the same time.
type Span struct {
	From, To int64
	End      int64 // number of the event for its end; 0 if it has none, Unended if none will come
	ended    bool
}

// Unended is the End of a slice that is closed behind all other events.
const Unended = -1

// removeEnded takes away what has ended before [from, to) begins.
func (l *lane) removeEnded(from, to int64) {
	for n := len(*l); n > 0; n-- {
		top := (*l)[n-1]
		past := top.To < from || top.To == from && (top.From != top.To || from != to)
		if !top.ended && (top.End != 0 || !past) {
			return
		}
		*l = (*l)[:n-1]
	}
}

// room returns the latest time at which a slice may end that begins on the lane now.
func (l lane) room(deepest int) int64 {
	switch {
	case len(l) == 0:
		return math.MaxInt64
	case deepest > 0 && len(l) >= deepest:
		return Full
	}
	return l[len(l)-1].To
}

// removeEnded takes away what has ended before [from, to) begins, on all lanes.
func (s *Lanes) removeEnded(from, to int64) {
	if from != to || from != s.until {
		for _, d := range s.still {
			s.due.Push(d)
		}
		s.still = s.still[:0]
	}
	s.until = from
	for s.due.Len() > 0 && s.due.Top().at <= from {
		d := s.due.Pop()
		l := &s.lanes[d.lane]
		l.removeEnded(from, to)
		if n := len(*l); n > 0 && (*l)[n-1].End == 0 && (*l)[n-1].To <= from {
			s.still = append(s.still, d) // both are of no length
		}
		s.updateRoom(d.lane)
	}
}

// updateRoom keeps what is known of lane k up to date.
func (s *Lanes) updateRoom(k int) {
	l := s.lanes[k]
	s.rooms.Set(k, l.room(s.Deepest))
	began := int64(Full)
	if len(l) > 0 {
		began = l[len(l)-1].From
	}
	s.began.Set(k, began)
}

// Put places a slice on the first lane with room for it, and returns which.
func (s *Lanes) Put(at Span) int {
	s.removeEnded(at.From, at.To)
	k := s.rooms.First(at.To)
	if k == len(s.lanes) {
		s.lanes = append(s.lanes, nil)
		s.rooms.Add(Full)
		s.began.Add(Full)
	}
	s.lanes[k] = append(s.lanes[k], at)
	s.updateRoom(k)
	switch {
	case at.End == 0:
		s.due.Push(dueEnd{at.To, k})
	case at.End > 0:
		if s.ends == nil {
			s.ends = map[int64]int{}
		}
		s.ends[at.End] = k
	}
	return k
}

// End notes that the event seq has ended its slice, at ts.
func (s *Lanes) End(seq, ts int64) {
	k, known := s.ends[seq]
	if !known {
		return
	}
	delete(s.ends, seq)
	l := &s.lanes[k]
	for i := len(*l) - 1; i >= 0; i-- {
		if (*l)[i].End == seq {
			(*l)[i].ended = true
			break
		}
	}
	l.removeEnded(ts, ts)
	if n := len(*l); n > 0 && (*l)[n-1].End == 0 && (*l)[n-1].To <= ts {
		s.due.Push(dueEnd{ts, k})
	}
	s.updateRoom(k)
}

// Around returns the lane of the slice that began last of those that are open at a
// time, 0 if there is none.
func (s *Lanes) Around(ts int64) int {
	s.removeEnded(ts, ts)
	k := s.began.First(s.began.Most())
	if k == len(s.lanes) {
		return 0
	}
	if l := s.lanes[k]; len(l) > 0 && l[len(l)-1].holds(ts) {
		return k
	}
	best, began := 0, int64(-1)
	for k, l := range s.lanes {
		for i := len(l) - 1; i >= 0; i-- {
			if l[i].holds(ts) {
				if l[i].From > began {
					best, began = k, l[i].From
				}
				break
			}
		}
	}
	return best
}

func (s Span) holds(ts int64) bool { return s.To > ts || s.From == ts }

// dueEnd is when a slice on a lane ends.
type dueEnd struct {
	at   int64
	lane int
}

func (d dueEnd) Before(e dueEnd) bool { return d.at < e.at }

// Work is how many steps it took so far. It is for tests.
func (s *Lanes) Work() int64 { return s.rooms.Work() + s.began.Work() }

// Memory is about how many bytes s takes.
func (s *Lanes) Memory() int {
	const span, lane, due, end = 32, 24 + 4*16, 16, 40
	n := lane*cap(s.lanes) + due*(s.due.Len()+cap(s.still)) + end*len(s.ends)
	for _, l := range s.lanes {
		n += span * cap(l)
	}
	return n
}
