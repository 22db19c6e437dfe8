package reference

import "strings"

// takeNames takes the metadata of processes and threads that are in use by
// anything that stays. Carried counters share their process and thread with a
// sample of the trace, and made ends with the beginning they close.
func (s *slicer) takeNames() {
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
	for i := range s.t.Events {
		if e := &s.t.Events[i]; e.Phase == "M" && named(e, pids, tracks) {
			s.leave(i)
		}
	}
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
