package info

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracekit/transform/steps"
)

// Traces of more JSON than loadable are better cut into pieces.
const (
	loadable  = 500_000_000
	pieceSize = 200_000_000
)

// predict tells what the verbs that make a trace smaller would leave.
func (in *inspector) predict(run *steps.Run, o Options) {
	i := in.info
	i.Predictions = []Prediction{}
	add := func(p Prediction) { i.Predictions = append(i.Predictions, p) }
	for _, s := range []struct {
		command string
		r       *remainder
	}{{"strip --python", in.python}, {"strip --hardware", in.hardware}} {
		if events, bytes := s.r.finish(&in.sides); s.r.dropsSome {
			add(Prediction{Command: s.command, Pieces: 1, Events: events, Bytes: bytes, Exact: s.r.exact()})
		}
	}
	size := cmp.Or(o.piece, pieceSize)
	enough := i.Bytes / 2
	if i.Bytes > cmp.Or(o.loadable, loadable) {
		enough = i.Bytes - size
	}
	if n := in.thinning.suffices(enough, in.forecast); n >= 0 {
		lost := in.thinning.lost(n, in.forecast)
		lost.events, lost.bytes = lost.events+in.repeated.events, lost.bytes+in.repeated.bytes
		names := in.namesOf(func(track int) bool {
			return track < len(in.thinning.tracks) && int(in.thinning.tracks[track].most) > n
		})
		all := in.namesOf(func(int) bool { return true })
		lost.events, lost.bytes = lost.events+all.events-names.events, lost.bytes+all.bytes-names.bytes
		command := "downsample --min-dur " + strings.Replace(time.Duration(thresholds[n]).String(), "µ", "u", 1)
		add(Prediction{Command: command, Pieces: 1, Events: i.Events - lost.events, Bytes: i.Bytes - lost.bytes})
	}
	if run != nil && len(run.Steps) > 1 {
		s := usualStep(run)
		from, to := run.Window(s.Index)
		events, bytes := in.forecast.Slice(from, to)
		names := in.namesOf(func(track int) bool {
			t := &in.census.threads[track]
			return t.Events > 0 && t.first < to && t.last >= from
		})
		events, bytes = events+names.events, bytes+names.bytes
		add(Prediction{Command: fmt.Sprintf("slice --step %d", run.NumberOf(s.Index)), Pieces: 1, Events: events, Bytes: bytes})
	}
	if i.Bytes > cmp.Or(o.loadable, loadable) {
		n := in.forecast.Pieces(size)
		add(Prediction{Command: fmt.Sprintf("split --by size --size %dMB", size/1e6), Pieces: n, Events: i.Events, Bytes: i.Bytes})
	}
}

// namesOf are the names of some tracks, and of their processes.
func (in *inspector) namesOf(of func(track int) bool) (n amount) {
	r := in.hardware
	named := make([]bool, len(r.processes))
	for i := range in.census.threads {
		if !of(i) {
			continue
		}
		if i < len(r.threads) {
			n.events += r.threads[i].names.events
			n.bytes += r.threads[i].names.bytes + r.threads[i].names.events
		}
		if p := r.tracks.All[i].Process; p < len(named) && !named[p] {
			named[p] = true
			n.events += r.processes[p].events
			n.bytes += r.processes[p].bytes + r.processes[p].events
		}
	}
	return n
}

// usualStep is the step of median length, of those behind the warm-up if there
// are any.
func usualStep(run *steps.Run) *steps.Step {
	var all []*steps.Step
	for i := range run.Steps {
		if !run.Steps[i].Warmup {
			all = append(all, &run.Steps[i])
		}
	}
	if all == nil {
		all = append(all, &run.Steps[0])
	}
	slices.SortStableFunc(all, func(a, b *steps.Step) int { return cmp.Compare(a.Duration(), b.Duration()) })
	return all[len(all)/2]
}
