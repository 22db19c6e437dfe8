package repair

import (
	"container/heap"
	"math"

	"tracekit/internal/perfetto"
	"tracekit/transform/check"
	"tracekit/transform/internal/firstfit"
)

// nesting places slices, in order of time, so that on each lane they nest. Lane
// 0 is the thread itself.
type nesting struct {
	*planner
	lines map[line]*laneSet
}

// laneSet are the lanes of a line.
type laneSet struct {
	lanes []lane
	rooms firstfit.Rooms // of each: until when a slice may last there
	began firstfit.Rooms // when the innermost slice of each began
	due   dueEnds
	ends  map[int64]int // lanes of slices that have an event for their end, by its number
}

// lane is what is open on a lane.
type lane []span

// span is a slice that is open. One that has an event for its end stays until
// that has come, which may be after others of the same time.
type span struct {
	from, to int64
	endSeq   int64 // 0 for an X
	ended    bool
}

// unended is the endSeq of a begin that is closed behind all other events.
const unended = -1

// settle takes away what has ended before [from, to) begins.
func (l *lane) settle(from, to int64) {
	for n := len(*l); n > 0; n-- {
		top := (*l)[n-1]
		past := top.to < from || top.to == from && (top.from != top.to || from != to)
		if !top.ended && (top.endSeq != 0 || !past) {
			return
		}
		*l = (*l)[:n-1]
	}
}

// room returns the latest time at which a slice may end that begins on the lane now.
func (l lane) room() int64 {
	switch {
	case len(l) == 0:
		return math.MaxInt64
	case len(l) >= perfetto.MaxDepth:
		return firstfit.Full
	}
	return l[len(l)-1].to
}

// settle takes away what has ended before [from, to) begins, on all lanes.
func (s *laneSet) settle(from, to int64) {
	var again []dueEnd
	for len(s.due) > 0 && s.due[0].at <= from {
		d := heap.Pop(&s.due).(dueEnd)
		l := &s.lanes[d.lane]
		l.settle(from, to)
		if n := len(*l); n > 0 && (*l)[n-1].endSeq == 0 && (*l)[n-1].to <= from {
			again = append(again, d) // both are of no length, and stay for now
		}
		s.note(d.lane)
	}
	for _, d := range again {
		heap.Push(&s.due, d)
	}
}

// note keeps what is known of lane k up to date.
func (s *laneSet) note(k int) {
	l := s.lanes[k]
	s.rooms.Set(k, l.room())
	began := int64(firstfit.Full)
	if len(l) > 0 {
		began = l[len(l)-1].from
	}
	s.began.Set(k, began)
}

// put places a slice on the first lane with room for it, and returns which.
func (s *laneSet) put(at span) int {
	s.settle(at.from, at.to)
	k := s.rooms.First(at.to)
	if k == len(s.lanes) {
		s.lanes = append(s.lanes, nil)
		s.rooms.Add(firstfit.Full)
		s.began.Add(firstfit.Full)
	}
	s.lanes[k] = append(s.lanes[k], at)
	s.note(k)
	switch {
	case at.endSeq == 0:
		heap.Push(&s.due, dueEnd{at.to, k})
	case at.endSeq > 0:
		s.ends[at.endSeq] = k
	}
	return k
}

// end notes that the event seq has ended its slice, at ts.
func (s *laneSet) end(seq, ts int64) {
	k, known := s.ends[seq]
	if !known {
		return
	}
	delete(s.ends, seq)
	l := &s.lanes[k]
	for i := len(*l) - 1; i >= 0; i-- {
		if (*l)[i].endSeq == seq {
			(*l)[i].ended = true
			break
		}
	}
	l.settle(ts, ts)
	if n := len(*l); n > 0 && (*l)[n-1].endSeq == 0 && (*l)[n-1].to <= ts {
		heap.Push(&s.due, dueEnd{ts, k})
	}
	s.note(k)
}

// around returns the lane of the slice that began last of those that are open at a
// time, 0 if there is none.
func (s *laneSet) around(ts int64) int {
	s.settle(ts, ts)
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
				if l[i].from > began {
					best, began = k, l[i].from
				}
				break
			}
		}
	}
	return best
}

func (s span) holds(ts int64) bool { return s.to > ts || s.from == ts }

func (n *nesting) of(on line) *laneSet {
	s := n.lines[on]
	if s == nil {
		s = &laneSet{ends: map[int64]int{}}
		n.lines[on] = s
	}
	return s
}

func (n *nesting) place(r *check.Record) {
	switch r.Phase {
	case 'X':
		if r.Dur >= 0 {
			n.put(r, r.TS+r.Dur, 0)
		}
	case 'n':
		n.put(r, r.TS, 0)
	case 'i':
		if r.Thread {
			n.put(r, r.TS, 0)
		}
	case 'B', 'b':
		switch p, closed := n.pairs[r.Seq]; {
		case !closed:
		case n.empty[r.Seq]:
			n.put(r, r.TS, 0)
		case p.endSeq == 0:
			n.put(r, p.endTS, unended)
		default:
			n.put(r, p.endTS, p.endSeq)
		}
	case 'E', 'e':
		n.of(lineOf(r)).end(r.Seq, r.TS)
	case 's', 't', 'f':
		if r.Phase != 'f' || r.Enclosing {
			n.follow(r)
		}
	}
}

// put places a slice, and the event that ends it.
func (n *nesting) put(r *check.Record, to, endSeq int64) {
	on := lineOf(r)
	k := n.of(on).put(span{from: r.TS, to: to, endSeq: endSeq})
	if k == 0 {
		return
	}
	key := laneKey{on, k}
	n.planner.lanes.put(r.Seq, key)
	if endSeq > 0 {
		n.planner.lanes.put(endSeq, key)
	}
	n.count[Overlaps]++
}

// follow moves a flow event to the lane where the slice is that it stands in:
// the one that began last.
func (n *nesting) follow(r *check.Record) {
	if best := n.of(lineOf(r)).around(r.TS); best > 0 {
		n.planner.lanes.put(r.Seq, laneKey{lineOf(r), best})
	}
}

// dueEnd is when a slice on a lane ends.
type dueEnd struct {
	at   int64
	lane int
}

// dueEnds are those that are to come, the next first.
type dueEnds []dueEnd

func (d dueEnds) Len() int           { return len(d) }
func (d dueEnds) Less(i, j int) bool { return d[i].at < d[j].at }
func (d dueEnds) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dueEnds) Push(x any)        { *d = append(*d, x.(dueEnd)) }
func (d *dueEnds) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	*d = (*d)[:last]
	return e
}
