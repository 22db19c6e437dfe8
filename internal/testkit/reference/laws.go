package reference

import (
	"cmp"
	"fmt"
	"slices"
)

// BusyByTrack sums the durations of X events and of pairs of B and E, in
// nanoseconds. A B that is never closed lasts to the trace's end. Slices of a
// trace into neighbouring windows that cover it add up to the whole.
func BusyByTrack(t *Trace) map[Track]int64 {
	end, _ := End(t)
	busy := map[Track]int64{}
	for _, sl := range allSlices(t, matchTracks(t), nil) {
		stop := sl.stop
		if sl.open() {
			stop = max(end, sl.start)
		}
		if stop > sl.start {
			busy[sl.track] += stop - sl.start
		}
	}
	return busy
}

// Dangling lists the flow events, by index, that lead nowhere: without a start,
// without an end, or without a slice to bind to.
func Dangling(t *Trace) []int {
	of := &slicer{t: t, slices: allSlices(t, matchTracks(t), nil)}
	bound := map[int]bool{}
	for i := range t.Events {
		e := &t.Events[i]
		bound[i] = e.isFlow() && e.HasTS && of.boundSlice(e) != nil
	}
	joined := map[int]bool{}
	for _, c := range chains(t) {
		isEnd := func(i int) bool { return t.Events[i].Phase == "f" }
		if slices.ContainsFunc(c.rest, isEnd) {
			for _, i := range append(c.rest, c.start) {
				joined[i] = true
			}
		}
	}
	var dangling []int
	for i := range t.Events {
		if t.Events[i].isFlow() && !(bound[i] && joined[i]) {
			dangling = append(dangling, i)
		}
	}
	return dangling
}

// Overlap is two slices of a track that overlap without nesting, by the
// indices of the events that begin them.
type Overlap struct{ First, Second int }

// Overlaps lists the slices that overlap without nesting.
func Overlaps(t *Trace) []Overlap {
	byTrack := map[Track][]slice{}
	for _, sl := range allSlices(t, matchTracks(t), nil) {
		byTrack[sl.track] = append(byTrack[sl.track], sl)
	}
	var found []Overlap
	for _, all := range byTrack {
		slices.SortStableFunc(all, func(a, b slice) int { return cmp.Compare(a.start, b.start) })
		for i, a := range all {
			for _, b := range all[i+1:] {
				if b.start >= a.stop {
					break
				}
				if a.start < b.start && a.stop < b.stop {
					found = append(found, Overlap{a.begin, b.begin})
				}
			}
		}
	}
	return found
}

// NewOverlaps lists the slices that overlap without nesting in a slice of a trace,
// but did not in the trace.
func NewOverlaps(before, after *Trace) []Overlap {
	type side struct {
		track Track
		name  string
		start int64
	}
	key := func(t *Trace, o Overlap) [2]side {
		a, b := &t.Events[o.First], &t.Events[o.Second]
		x, y := side{a.Track, a.str("name"), original(a)}, side{b.Track, b.str("name"), original(b)}
		if x.start > y.start || x.start == y.start && x.name > y.name {
			x, y = y, x
		}
		return [2]side{x, y}
	}
	known := map[[2]side]bool{}
	for _, o := range Overlaps(before) {
		known[key(before, o)] = true
	}
	var added []Overlap
	for _, o := range Overlaps(after) {
		if !known[key(after, o)] {
			added = append(added, o)
		}
	}
	return added
}

// UnnamedTracks lists what has events after and had a name before, but has
// none after: threads as "pid tid", processes as "pid", by JSON text.
func UnnamedTracks(before, after *Trace) []string {
	pids, tracks := inUse(after.Events)
	had, have := nameKeys(before), nameKeys(after)
	var lost []string
	for pid := range pids {
		if k := fmt.Sprint("process_name ", pid); had[k] && !have[k] {
			lost = append(lost, pid)
		}
	}
	for tr := range tracks {
		if k := fmt.Sprint("thread_name ", tr.Pid, " ", tr.Tid); had[k] && !have[k] {
			lost = append(lost, tr.Pid+" "+tr.Tid)
		}
	}
	slices.Sort(lost)
	return lost
}

// nameKeys returns which processes and threads a trace names.
func nameKeys(t *Trace) map[string]bool {
	keys := map[string]bool{}
	for i := range t.Events {
		e := &t.Events[i]
		switch name := e.str("name"); {
		case e.Phase != "M":
		case name == "process_name":
			keys[fmt.Sprint(name, " ", e.Pid)] = true
		case name == "thread_name":
			keys[fmt.Sprint(name, " ", e.Track.Pid, " ", e.Track.Tid)] = true
		}
	}
	return keys
}

// NamesWithoutEvents lists the metadata events, by index, that speak of
// processes and threads without other events.
func NamesWithoutEvents(after *Trace) []int {
	pids, tracks := inUse(after.Events)
	var idle []int
	for i := range after.Events {
		if e := &after.Events[i]; e.Phase == "M" && !named(e, pids, tracks) {
			idle = append(idle, i)
		}
	}
	return idle
}
