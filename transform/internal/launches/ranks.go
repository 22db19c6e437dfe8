package launches

import (
	"maps"
	"slices"
	"strings"
)

// ranks tells the ranks of processes apart whose traces were merged into one: their
// ids count alike. The merger puts the rank before the pid, as SGLang's "[TP00] 100".
type ranks struct {
	byProcess []int32 // 0 for what names no rank
	byName    map[string]int32
}

func (r *ranks) clone() *ranks {
	return &ranks{slices.Clone(r.byProcess), maps.Clone(r.byName)}
}

// Rank returns a number for the rank that a track belongs to.
func (l *Launches) Rank(track int) int {
	r, process := l.ranks, l.Tracks.All[track].Process
	for len(r.byProcess) <= process {
		r.byProcess = append(r.byProcess, r.of(l.Tracks.Processes[len(r.byProcess)]))
	}
	return int(r.byProcess[process])
}

// of numbers the rank that a pid names, JSON text.
func (r *ranks) of(pid string) int32 {
	rest, ok := strings.CutPrefix(pid, `"[`)
	name, _, closed := strings.Cut(rest, "]")
	if !ok || !closed || name == "" {
		return 0
	}
	n, known := r.byName[name]
	if !known {
		if r.byName == nil {
			r.byName = map[string]int32{}
		}
		n = int32(len(r.byName)) + 1
		r.byName[name] = n
	}
	return n
}
