package repair

import (
	"maps"
	"slices"

	"tracekit/transform/check"
)

// vllmPlan is how vLLM's process on Gaudi gets its name. Processes go by the
// numbers that the judge gives them.
type vllmPlan struct {
	named map[uint32]title           // processes called vLLM
	meant map[uint32]map[string]bool // processes with vLLM's own events: their pids as JSON
	other map[uint32]bool            // processes that have another name
	used  []uses                     // by process

	rename map[int64]bool  // names that move to the process called to
	from   map[string]bool // pids of the events that move there
	to     string          // JSON
}

// title is where a process is called vLLM.
type title struct {
	pid string  // JSON
	by  []int64 // the events that say so
}

// uses are the first events of a process: enough of them to report whether some
// stay, as a plan takes away but few.
type uses struct {
	n     int
	first [4]use
}

type use struct {
	seq int64
	check.EventTime
}

func newVLLMPlan() vllmPlan {
	return vllmPlan{named: map[uint32]title{}, meant: map[uint32]map[string]bool{}, other: map[uint32]bool{},
		rename: map[int64]bool{}}
}

// use takes note of an event of a process.
func (v *vllmPlan) use(process uint32, u use) {
	for int(process) >= len(v.used) {
		v.used = append(v.used, uses{})
	}
	if p := &v.used[process]; p.n < len(p.first) {
		p.first[p.n] = u
		p.n++
	}
}

// mean takes note of an event of vLLM's own.
func (v *vllmPlan) mean(process uint32, pid []byte) {
	if v.meant[process] == nil {
		v.meant[process] = map[string]bool{}
	}
	if !v.meant[process][string(pid)] {
		v.meant[process][string(pid)] = true
	}
}

// name takes note of a process's name.
func (v *vllmPlan) name(process uint32, pid []byte, seq int64, isVLLM bool) {
	if !isVLLM {
		v.other[process] = true
		return
	}
	t := v.named[process]
	v.named[process] = title{string(pid), append(t.by, seq)}
}

// settle decides what moves, and reports whether something does: a process
// called vLLM of which nothing stays but its name is not the one that is meant.
func (p *plan) decideMoves() bool {
	v := &p.vllm
	if len(v.meant) == 0 {
		return false
	}
	var wrong []uint32
	for process := range v.named {
		if !p.keepsEvents(process) {
			wrong = append(wrong, process)
		}
	}
	if len(wrong) == 0 {
		return false
	}
	slices.Sort(wrong)
	meant := slices.Min(slices.Collect(maps.Keys(v.meant)))
	v.to = slices.Min(slices.Collect(maps.Keys(v.meant[meant])))
	if v.other[meant] {
		v.from, v.to = v.meant[meant], v.named[wrong[0]].pid
		wrong = wrong[1:]
	}
	for _, process := range wrong {
		for _, seq := range v.named[process].by {
			v.rename[seq] = true
		}
	}
	return true
}

// keepsEvents reports whether an event of a process stays in the trace.
func (p *plan) keepsEvents(process uint32) bool {
	if int(process) >= len(p.vllm.used) {
		return false
	}
	all := &p.vllm.used[process]
	return slices.ContainsFunc(all.first[:all.n], func(u use) bool {
		_, gone := p.drop[u.seq]
		return !gone && !(u.Drawn && p.outside(u.TS, u.Dur))
	})
}

// moves reports whether an event without category moves to vLLM's process.
func (v *vllmPlan) moves(ms []member) bool {
	tid := find(ms, "tid")
	return v.from[string(pidOf(ms))] && tid != nil && len(tid.val) == 1 && tid.val[0] >= '1' && tid.val[0] <= '3'
}

// pidOf returns the JSON of a pid. Viewers take an event without one for 0's.
func pidOf(ms []member) []byte {
	if m := find(ms, "pid"); m != nil {
		return m.val
	}
	return []byte{'0'}
}
