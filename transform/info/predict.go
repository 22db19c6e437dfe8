package info

import (
	"cmp"
	"fmt"
	"slices"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// Traces of more JSON than loadable are better cut into pieces, of pieceSize.
const (
	loadable      = 500_000_000
	pieceSize     = 200_000_000
	pieceSizeText = "200MB"
)

// predict tells what the verbs that make a trace smaller would leave.
func (in *inspector) predict(run *steps.Run) {
	i := in.info
	i.Predictions = []Prediction{}
	for _, s := range []struct {
		command string
		r       *remainder
	}{{"strip --python", in.python}, {"strip --hardware", in.hardware}} {
		if events, bytes := s.r.finish(&in.sides); events < i.Events || bytes < i.Bytes {
			i.predicted(Prediction{Command: s.command, Pieces: 1, Events: events, Bytes: bytes, Exact: true})
		}
	}
	if run != nil && len(run.Steps) > 1 {
		s := usualStep(run)
		events, bytes := in.forecast.Slice(run.Window(s.Index))
		number := int64(s.Index)
		if run.Numbered() {
			number = s.Number
		}
		i.predicted(Prediction{Command: fmt.Sprintf("slice --step %d", number), Pieces: 1, Events: events, Bytes: bytes})
	}
	if i.Bytes > loadable {
		n := in.forecast.Pieces(pieceSize)
		i.predicted(Prediction{Command: "split --by size --size " + pieceSizeText, Pieces: n, Events: i.Events, Bytes: i.Bytes})
	}
}

func (i *Info) predicted(p Prediction) {
	p.Packed = -1
	if i.Packed >= 0 && i.Format != trace.Plain.String() && i.Bytes > 0 {
		p.Packed = int64(float64(p.Bytes) / float64(i.Bytes) * float64(i.Packed))
	}
	i.Predictions = append(i.Predictions, p)
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
