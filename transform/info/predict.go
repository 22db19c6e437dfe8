package info

import (
	"cmp"
	"fmt"
	"slices"

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
		if events, bytes := s.r.finish(&in.sides); s.r.took {
			add(Prediction{Command: s.command, Pieces: 1, Events: events, Bytes: bytes, Exact: s.r.exact()})
		}
	}
	if run != nil && len(run.Steps) > 1 {
		s := usualStep(run)
		events, bytes := in.forecast.Slice(run.Window(s.Index))
		number := int64(s.Index)
		if run.Numbered() {
			number = s.Number
		}
		add(Prediction{Command: fmt.Sprintf("slice --step %d", number), Pieces: 1, Events: events, Bytes: bytes})
	}
	if i.Bytes > cmp.Or(o.loadable, loadable) {
		size := cmp.Or(o.piece, pieceSize)
		n := in.forecast.Pieces(size)
		add(Prediction{Command: fmt.Sprintf("split --by size --size %dMB", size/1e6), Pieces: n, Events: i.Events, Bytes: i.Bytes})
	}
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
