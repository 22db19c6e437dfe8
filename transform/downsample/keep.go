package downsample

import (
	"cmp"
	"slices"
	"sort"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// anchors are slices that no threshold takes, and with them those around them. They
// take 32 bytes each.
type anchors struct{ lines [][]span }

// span is a stretch of time, in ns. Next is the smallest end from here on.
type span struct{ start, end, next int64 }

func (a *anchors) add(track int, start, end int64) {
	for len(a.lines) <= track {
		a.lines = append(a.lines, nil)
	}
	a.lines[track] = append(a.lines[track], span{start: start, end: end})
}

func (a *anchors) finish() {
	for _, l := range a.lines {
		slices.SortFunc(l, func(x, y span) int { return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.end, y.end)) })
		next := int64(endless)
		for i := len(l) - 1; i >= 0; i-- {
			next = min(next, l[i].end)
			l[i].next = next
		}
	}
}

// in reports whether an anchor lies in a slice, or is it.
func (a *anchors) in(r *record) bool {
	if int(r.Track) >= len(a.lines) {
		return false
	}
	l := a.lines[r.Track]
	i := sort.Search(len(l), func(i int) bool { return l[i].start >= r.Start })
	return i < len(l) && l[i].next <= r.End
}

// addSteps makes anchors of the markers of a run's steps.
func (a *anchors) addSteps(run *steps.Run, tracks *trace.Tracks) {
	track := tracks.Find(run.Track.Pid, run.Track.Tid)
	if track < 0 {
		return
	}
	for i := range run.Steps {
		s := &run.Steps[i]
		a.add(track, int64(s.Start), int64(s.End))
		if len(s.Batches) == 0 {
			continue
		}
		// The step is made of several slices: those that begin or end with it stay.
		a.add(track, int64(s.Start), int64(s.Start))
		a.add(track, int64(s.End), int64(s.End))
		for _, b := range s.Batches {
			a.add(track, int64(b.Start), int64(b.End))
		}
	}
}

// windows are the stretches of time that are kept whole, in order; nil for all time.
type windows []span

// every is every n-th step, from its start to the next one's.
func every(n int, run *steps.Run) windows {
	w := windows{}
	for i := 0; i < len(run.Steps); i += n {
		from, to := run.Window(i)
		w = append(w, span{start: int64(from), end: int64(to)})
	}
	return w
}

// meet reports whether some of [start, end] lies in a window.
func (w windows) meet(start, end int64) bool {
	if w == nil {
		return true
	}
	i := sort.Search(len(w), func(i int) bool { return w[i].end > start })
	return i < len(w) && (w[i].start < end || w[i].start == start)
}

func (w windows) has(at int64) bool { return w.meet(at, at) }
