package repair

import "tracekit/transform/check"

// nesting places slices, in order of time, so that on each lane they nest. Lane
// 0 is the thread itself.
type nesting struct {
	*planner
	lanes map[line][]lane
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

// maxOpen is how many slices a viewer shows one inside the other.
const maxOpen = 512

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

// fits reports whether a slice that ends at to nests in a settled lane.
func (l lane) fits(to int64) bool {
	return len(l) == 0 || len(l) < maxOpen && to <= l[len(l)-1].to
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
		n.end(r)
	case 's', 't', 'f':
		if r.Phase != 'f' || r.Enclosing {
			n.follow(r)
		}
	}
}

// put places a slice, and the event that ends it.
func (n *nesting) put(r *check.Record, to, endSeq int64) {
	on := lineOf(r)
	lanes := n.lanes[on]
	k := 0
	for ; k < len(lanes); k++ {
		lanes[k].settle(r.TS, to)
		if lanes[k].fits(to) {
			break
		}
	}
	if k == len(lanes) {
		lanes = append(lanes, nil)
	}
	lanes[k] = append(lanes[k], span{from: r.TS, to: to, endSeq: endSeq})
	n.lanes[on] = lanes
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

// end notes that the end of a slice has come.
func (n *nesting) end(r *check.Record) {
	for _, l := range n.lanes[lineOf(r)] {
		for i := len(l) - 1; i >= 0; i-- {
			if l[i].endSeq == r.Seq {
				l[i].ended = true
				return
			}
		}
	}
}

// follow moves a flow event to the lane where the slice is that it stands in:
// the one that began last.
func (n *nesting) follow(r *check.Record) {
	best, began := 0, int64(-1)
	for k, l := range n.lanes[lineOf(r)] {
		for i := len(l) - 1; i >= 0; i-- {
			if s := l[i]; s.to > r.TS || s.from == r.TS {
				if s.from > began {
					best, began = k, s.from
				}
				break
			}
		}
	}
	if best > 0 {
		n.planner.lanes.put(r.Seq, laneKey{lineOf(r), best})
	}
}
