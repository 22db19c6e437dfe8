package launches

import (
	"maps"
	"slices"
	"strings"

	"tracekit/trace"
)

// ranks tells the ranks of processes apart whose traces were merged into one: their
// ids count the same. The merger puts the rank before the pid, as SGLang's "[TP00] 100"; where
// pids stay as they were, ids that collide tell.
type ranks struct {
	byProcess []int32 // 0 for what has no rank
	byName    map[string]int32
	shared    *sharing // nil if no device has work of several ranks
	Collisions
}

// several is the rank of a device's process that has work of several ranks.
const several = -1

func (r *ranks) clone() *ranks {
	return &ranks{byProcess: slices.Clone(r.byProcess), byName: maps.Clone(r.byName), shared: r.shared}
}

// AssignRanks gives ranks to processes, once all events were learnt from.
func (l *Launches) AssignRanks() {
	r := l.ranks
	for process := range l.Tracks.Processes {
		l.rankOf(process)
	}
	r.leaveNamed(l.Tracks)
	r.split()
	if r.collide() {
		of := r.Collisions.ranks()
		for process, rank := range of {
			r.byProcess[process] = rank + int32(len(r.byName))
		}
		if shared := r.Collisions.shared(); len(shared) > 0 {
			r.shared = &sharing{parts: r.parts.ranks(shared, r.byProcess)}
			for _, process := range shared {
				r.byProcess[process] = several
			}
		}
	}
	r.Collisions = Collisions{}
}

// Rank returns a number for the rank that a track belongs to, below 0 if RanksOf has to
// say so of each slice.
func (l *Launches) Rank(track int) int { return int(l.rankOf(l.Tracks.All[track].Process)) }

// RanksOf returns the ranks that a slice may belong to whose track has no rank of its own: more
// than one if nothing tells whose it is. At is where it stands in the text, 0 if that is not
// known. The caller must not change what is returned.
func (l *Launches) RanksOf(j IDs, start trace.Time, at int64) []int32 {
	return l.ranks.shared.ranks(j, start, at)
}

func (l *Launches) rankOf(process int) int32 {
	r := l.ranks
	for len(r.byProcess) <= process {
		r.byProcess = append(r.byProcess, r.number(l.Tracks.Processes[len(r.byProcess)]))
	}
	return r.byProcess[process]
}

// rankIn returns the rank that a pid names, JSON text; empty if it names none.
func rankIn(pid string) string {
	if rest, ok := strings.CutPrefix(pid, `"[`); ok {
		if name, _, closed := strings.Cut(rest, "]"); closed {
			return name
		}
	}
	return ""
}

// number numbers the rank that a pid names, JSON text.
func (r *ranks) number(pid string) int32 {
	name := rankIn(pid)
	if name == "" {
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
