package reference

import (
	"cmp"
	"slices"
)

// chain is one arrow: the event that starts it and those that belong to it.
type chain struct {
	start int
	rest  []int
}

// chains joins flow events. A step or end belongs to the latest start of its
// key; those without one are in no chain.
func chains(t *Trace) []chain {
	open := map[string]int{} // key to its latest chain
	var all []chain
	for _, i := range flowOrder(t) {
		e := &t.Events[i]
		key := e.text("cat") + " " + e.text("name") + " " + e.text("id")
		c, ok := open[key]
		switch {
		case e.Phase == "s":
			open[key] = len(all)
			all = append(all, chain{start: i})
		case ok:
			all[c].rest = append(all[c].rest, i)
		}
	}
	return all
}

// flowOrder lists flow events by time, and as in the file at equal times.
func flowOrder(t *Trace) []int {
	var order []int
	for i := range t.Events {
		if e := &t.Events[i]; e.isFlow() && e.HasTS {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.Events[a].TS, t.Events[b].TS) })
	return order
}

// next reports whether a flow event binds to the slice that comes next.
func next(e *Event) bool { return e.Phase == "f" && e.text("bp") != `"e"` }

// binds reports whether a flow event may bind to a slice of its track, by the
// slice's original times, ends included.
func binds(e *Event, sl *slice) bool {
	if next(e) {
		return sl.start >= e.TS
	}
	return sl.start <= e.TS && e.TS <= sl.stop
}

// shows reports whether a viewer shows a slice at all.
func (t *Trace) shows(sl *slice) bool {
	e := &t.Events[sl.begin]
	return e.Phase != "X" || e.shown()
}

// flowStays reports whether a flow event may stay: in range, and bound to a
// slice that stays. Where devices follow their launches, an end on a slice of a
// device counts wherever its time is.
func (s *slicer) flowStays(e *Event) bool {
	for i := range s.slices {
		sl := &s.slices[i]
		if !sl.stays || sl.track != e.Track || !binds(e, sl) || !s.t.shows(sl) {
			continue
		}
		if s.inRange(e.TS) || s.o.Device == Launched && sl.device && e.Phase == "f" {
			return true
		}
	}
	return false
}

// takeFlows takes s, t and f.
func (s *slicer) takeFlows() {
	for _, c := range s.arrows {
		if !s.flowStays(&s.t.Events[c.start]) {
			continue
		}
		var staying []int
		ends := false
		for _, i := range c.rest {
			if e := &s.t.Events[i]; s.flowStays(e) {
				staying = append(staying, i)
				ends = ends || e.Phase == "f"
			}
		}
		if !ends {
			continue
		}
		for _, i := range append(staying, c.start) {
			s.leave(i)
		}
	}
}
