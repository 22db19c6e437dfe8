package reference

import (
	"regexp"
	"slices"
	"strings"
)

// deviceCategories are written only for what ran on a device.
var deviceCategories = []string{
	"kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "cuda_profiler_range",
	"mtia_ccp_events", "Kernel", "Memcpy", "Memset",
}

var gpuLabel = regexp.MustCompile(`\bGPU [0-9]+\b`)
var hpuName = regexp.MustCompile(`device:HPU:[0-9]+`)

// deviceProcesses returns the pids, as JSON text, of the processes that stand
// for a device: by label, by name, or by an id in deviceProperties.
func deviceProcesses(t *Trace) map[string]bool {
	pids := map[string]bool{}
	for i := range t.Events {
		e := &t.Events[i]
		if e.Phase != "M" {
			continue
		}
		label, name := unquote(find(e.Args, "labels")), unquote(find(e.Args, "name"))
		if e.str("name") == "process_labels" && gpuLabel.MatchString(label) ||
			e.str("name") == "process_name" && hpuName.MatchString(name) {
			pids[e.Pid] = true
		}
	}
	for _, id := range devicePropertyIDs(t) {
		pids[id] = true
	}
	return pids
}

// devicesOf returns what tells events of devices: their category, or their
// process.
func devicesOf(t *Trace) func(event int) bool {
	devices := deviceProcesses(t)
	return func(i int) bool {
		e := &t.Events[i]
		return slices.Contains(deviceCategories, e.str("cat")) || devices[e.Pid]
	}
}

// followLaunches judges slices of devices by the host call that launched them: it
// has to stay and, where it may be cut, to begin in the range.
// It returns which slices are kept whole because of it; those without a launch
// stay judged by time.
func (s *slicer) followLaunches() (whole map[int]bool) {
	whole = map[int]bool{}
	if s.o.Device != Launched {
		return whole
	}
	for i := range s.slices {
		sl := &s.slices[i]
		if !sl.device {
			continue
		}
		if calls := s.launchers(sl); len(calls) > 0 {
			sl.kept = slices.ContainsFunc(calls, func(c *slice) bool {
				return c.kept && (c.start >= s.o.From || s.o.Boundary != Clip)
			})
			whole[i] = sl.kept
		}
	}
	return whole
}

// launchers returns the host calls that launched a slice: those that share its
// correlation, else its External id, else those that a flow leads from.
func (s *slicer) launchers(sl *slice) []*slice {
	for _, name := range []string{"correlation", "External id"} {
		id := launchID(&s.t.Events[sl.begin], name)
		if id == "" {
			continue
		}
		if calls := s.hostCalls(name, id, rank(sl.track.Pid)); len(calls) > 0 {
			return calls
		}
	}
	return s.flowSources(sl)
}

// launchID is what joins a call and what it launched; what counts from 1 has 0 for none.
func launchID(e *Event, name string) string {
	id := find(e.Args, name)
	if slices.Contains([]string{"0", `"0"`, `""`, "null"}, id) {
		return ""
	}
	return id
}

// rank is what a pid such as "[TP00] 100" says of the rank.
func rank(pid string) string { return rankInPid.FindString(pid) }

var rankInPid = regexp.MustCompile(`^"\[[^\]]+\]`)

func (s *slicer) hostCalls(name, id, of string) []*slice {
	var calls []*slice
	for i := range s.slices {
		c := &s.slices[i]
		if !c.device && rank(c.track.Pid) == of && launchID(&s.t.Events[c.begin], name) == id {
			calls = append(calls, c)
		}
	}
	return calls
}

// flowSources follows flows from host to device back from the slice that they
// end at, or one of the same track and time. Those of two ranks are no flow.
func (s *slicer) flowSources(sl *slice) []*slice {
	if s.launches == nil {
		s.launches = map[string][]chain{}
	}
	of := rank(sl.track.Pid)
	all, known := s.launches[of]
	if !known {
		all = chainsOf(s.t, slices.DeleteFunc(flowOrder(s.t), func(i int) bool {
			return rank(s.t.Events[i].Pid) != of || s.t.Events[i].str("cat") == "fwdbwd"
		}))
		s.launches[of] = all
	}
	at := func(i int) *slice { return s.boundSlice(&s.t.Events[i]) }
	var calls []*slice
	for _, c := range all {
		var from *slice
		for _, i := range append([]int{c.start}, c.rest...) {
			switch b := at(i); {
			case b == nil:
			case from == nil && s.t.Events[i].Phase == "s" && !b.device:
				from = b
			case from != nil && sameSpan(b, sl):
				calls = append(calls, from)
			}
		}
	}
	return calls
}

// sameSpan reports slices of one track and time: no flow tells them apart.
func sameSpan(a, b *slice) bool {
	return a != nil && a.device == b.device && a.track == b.track && a.start == b.start && a.stop == b.stop
}

// boundSlice returns the slice that a flow event binds to.
func (s *slicer) boundSlice(e *Event) *slice {
	sl, known := s.bound[e]
	if !known {
		if i := s.boundTo(e, func(int) bool { return true }); i >= 0 {
			sl = &s.slices[i]
		}
		if s.bound == nil {
			s.bound = map[*Event]*slice{}
		}
		s.bound[e] = sl
	}
	return sl
}

// devicePropertyIDs returns the ids of the devices that the document lists.
func devicePropertyIDs(t *Trace) []string {
	var ids []string
	for _, m := range t.Outer {
		if m.Name != "deviceProperties" || !strings.HasPrefix(m.Text, "[") {
			continue
		}
		list, err := Parse([]byte(m.Text)) // an array of objects, as a bare trace is
		if err != nil {
			continue
		}
		for i := range list.Events {
			if id := list.Events[i].text("id"); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
