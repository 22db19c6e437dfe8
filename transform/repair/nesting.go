package repair

import (
	"tracekit/internal/perfetto"
	"tracekit/transform/check"
	"tracekit/transform/internal/firstfit"
)

// nesting places slices, in order of time, so that on each lane they nest. Lane
// 0 is the thread itself.
type nesting struct {
	*planner
	threads []*firstfit.Lanes // of lines, those of threads by their number
}

func (n *nesting) of(on line) *firstfit.Lanes {
	if on.async == 0 && int(on.track) < len(n.threads) && n.threads[on.track] != nil {
		return n.threads[on.track]
	}
	s := n.lines[on]
	if s == nil {
		s = &firstfit.Lanes{Deepest: perfetto.MaxDepth}
		n.lines[on] = s
	}
	if on.async == 0 {
		for len(n.threads) <= int(on.track) {
			n.threads = append(n.threads, nil)
		}
		n.threads[on.track] = s
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
		if end, endless := n.close.at(r.Seq); endless {
			n.put(r, end, firstfit.Unended)
			break
		}
		switch p, closed := n.pairs[r.Seq]; {
		case !closed:
		case n.empty[r.Seq]:
			n.put(r, r.TS, 0)
		default:
			n.put(r, p.endTS, p.endSeq)
		}
	case 'E', 'e':
		n.of(lineOf(r)).End(r.Seq, r.TS)
	case 's', 't', 'f':
		if r.Phase != 'f' || r.Enclosing {
			n.follow(r)
		}
	}
}

// put places a slice, and the event that ends it.
func (n *nesting) put(r *check.Record, to, endSeq int64) {
	on := lineOf(r)
	k := n.of(on).Put(firstfit.Span{From: r.TS, To: to, End: endSeq})
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
	if best := n.of(lineOf(r)).Around(r.TS); best > 0 {
		n.planner.lanes.put(r.Seq, laneKey{lineOf(r), best})
	}
}
