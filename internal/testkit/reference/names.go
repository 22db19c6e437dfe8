package reference

import (
	"slices"
	"strings"
)

// addNames takes the metadata of processes and threads that are in use by
// anything that is kept. Carried counters share their process and thread with a
// sample of the trace, and made ends with the beginning they close.
func (s *slicer) addNames() {
	var kept []Event
	for i, o := range s.out {
		if o != nil {
			kept = append(kept, s.t.Events[i])
		}
	}
	for _, c := range s.carried {
		kept = append(kept, *c.event())
	}
	pids, tracks := inUse(kept)
	var metadata []int
	for i := range s.t.Events {
		if e := &s.t.Events[i]; e.Phase == "M" && named(e, pids, tracks) {
			metadata = append(metadata, i)
		}
	}
	first, again := Distinct(s.t, metadata)
	for _, i := range first {
		s.leave(i)
	}
	for _, i := range again {
		s.again = append(s.again, Out{Kind: Untouched, Raw: s.t.Events[i].Raw, Source: i})
	}
}

// Distinct are those of some metadata, by their indices in the trace, that differ from
// all of it before; and those of the rest that hold at the end, though another has been
// told of the same since they were told first.
func Distinct(t *Trace, metadata []int) (first, again []int) {
	same := func(i, k int) bool {
		a, b := &t.Events[i], &t.Events[k]
		thread := strings.HasPrefix(a.str("name"), "thread_")
		return a.text("name") == b.text("name") && a.text("pid") == b.text("pid") && (!thread || a.text("tid") == b.text("tid"))
	}
	for n, i := range metadata {
		if !slices.ContainsFunc(metadata[:n], func(k int) bool { return t.Events[k].Raw == t.Events[i].Raw }) {
			first = append(first, i)
		}
	}
	for n, i := range metadata {
		if slices.ContainsFunc(metadata[n+1:], func(k int) bool { return same(i, k) }) {
			continue // not the last
		}
		told := -1
		for _, k := range first {
			if same(i, k) {
				told = k
			}
		}
		if t.Events[told].Raw != t.Events[i].Raw {
			again = append(again, i)
		}
	}
	return first, again
}

// inUse returns the processes and tracks that have events besides metadata.
func inUse(events []Event) (pids map[string]bool, tracks map[Track]bool) {
	pids, tracks = map[string]bool{}, map[Track]bool{}
	for i := range events {
		if e := &events[i]; e.Phase != "M" {
			pids[e.Pid] = true
			tracks[e.Track] = true
		}
	}
	return pids, tracks
}

// named reports whether what a metadata event speaks of is in use, or may be: the
// name vLLM that stands at process 1 is meant for another.
func named(e *Event, pids map[string]bool, tracks map[Track]bool) bool {
	name := e.str("name")
	switch {
	case strings.HasPrefix(name, "thread_"):
		return tracks[e.Track]
	case name == "process_name" && e.text("pid") == "1" && unquote(find(e.Args, "name")) == "vLLM":
		return true
	case strings.HasPrefix(name, "process_"):
		return pids[e.Pid]
	}
	return e.text("pid") == "" || pids[e.Pid]
}
