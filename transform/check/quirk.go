package check

import (
	"maps"
	"slices"
)

// quirk finds a name that vLLM on Gaudi gives to the wrong process: one that
// has no events, while those that it means stand in another.
type quirk struct {
	named map[uint32]Place // processes called vLLM
	used  []bool           // processes that have events
	meant []bool           // processes that have vLLM's own events
}

// VLLM is the name that is meant.
const VLLM = "vLLM"

// highLevel are names of vLLM's own events, by which its process is known.
var highLevel = []string{"decode", "prefill", "prepare_input_tensors", "sampler_postprocessing", "start_profiler"}

// highLevel reports whether an event is one of vLLM's own.
func (e *event) highLevel() bool {
	return e.phase == 'X' && len(e.cat) == 0 && e.tid.isInt && e.tid.i == 3 && slices.Contains(highLevel, string(e.name))
}

func (q *quirk) see(e *event, process uint32, here func() Place) {
	for len(q.used) <= int(process) {
		q.used, q.meant = append(q.used, false), append(q.meant, false)
	}
	if e.phase != 'M' {
		q.used[process] = true
		if e.highLevel() {
			q.meant[process] = true
		}
		return
	}
	if string(e.name) != "process_name" || len(e.args) == 0 {
		return
	}
	fields(e.args, func(key []byte, v value) {
		if string(key) == "name" && string(v.text) == VLLM && v.kind == text {
			if q.named == nil {
				q.named = map[uint32]Place{}
			}
			q.named[process] = here()
		}
	})
}

func (q *quirk) finish(r *Report) {
	if !slices.Contains(q.meant, true) {
		return
	}
	for _, process := range slices.Sorted(maps.Keys(q.named)) {
		if !q.used[process] {
			r.find(WrongProcess, func() Place { return q.named[process] })
		}
	}
}
