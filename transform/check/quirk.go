package check

import (
	"maps"
	"slices"

	"tracekit/filter/producer"
)

// quirk finds a name that vLLM on Gaudi gives to the wrong process: one that
// has no events, while those that it means stand in another.
type quirk struct {
	named map[uint32]Place // processes called vLLM
	used  []bool           // processes that have events
	meant []bool           // processes that have vLLM's own events
}

// highLevel reports whether an event is one of vLLM's own.
func (e *event) highLevel() bool {
	return e.phase == 'X' && len(e.cat) == 0 && e.tid.IsInt && e.tid.Int == producer.VLLMEvents && producer.IsVLLMOwn(e.name)
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
		if string(key) == "name" && string(v.text) == producer.VLLMProcess && v.kind == text {
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
