package launches

import (
	"maps"
	"slices"
	"strings"
)

// ranks tells the ranks of processes apart whose traces were merged into one: their
// ids count the same. The merger puts the rank before the pid, as SGLang's "[TP00] 100"; where
// pids stay as they were, ids that collide tell.
type ranks struct {
	byProcess []int32 // 0 for what has no rank
	byName    map[string]int32
	Collisions
}

func (r *ranks) clone() *ranks {
	return &ranks{byProcess: slices.Clone(r.byProcess), byName: maps.Clone(r.byName)}
}

// AssignRanks gives ranks to processes, once all events were learnt from.
func (l *Launches) AssignRanks() {
	r := l.ranks
	for process := range l.Tracks.Processes {
		l.rankOf(process)
	}
	named := func(process int, _ joinedTimes) bool { return r.byProcess[process] > 0 }
	maps.DeleteFunc(r.calls, named)
	maps.DeleteFunc(r.work, named)
	r.split()
	if r.collide() {
		for process, rank := range r.Collisions.ranks() {
			r.byProcess[process] = rank + int32(len(r.byName))
		}
	}
	r.Collisions = Collisions{}
}

// Rank returns a number for the rank that a track belongs to.
func (l *Launches) Rank(track int) int { return int(l.rankOf(l.Tracks.All[track].Process)) }

func (l *Launches) rankOf(process int) int32 {
	r := l.ranks
	for len(r.byProcess) <= process {
		r.byProcess = append(r.byProcess, r.number(l.Tracks.Processes[len(r.byProcess)]))
	}
	return r.byProcess[process]
}

// number numbers the rank that a pid names, JSON text.
func (r *ranks) number(pid string) int32 {
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
