package keep

import (
	"cmp"
	"iter"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/pairs"
)

// Made is an event that is written in place of another: its text, and whose white
// space it takes.
type Made struct {
	Like *trace.Event // nil for whatever comes before
	Text []byte
}

// Made takes from the text that was made of e what it says of flows that dangle in
// the air.
func (p *Plan) Made(e *trace.Event, obj []byte) Made {
	if dangling := p.dangling(e); dangling != nil {
		obj = trace.Without(obj, dangling...)
	}
	return Made{e, obj}
}

// MovedTo makes events at another time, in the order in which they were.
func (p *Plan) MovedTo(ts trace.Time, marks []pairs.Mark) iter.Seq[Made] {
	slices.SortFunc(marks, func(a, b pairs.Mark) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.Ordinal(), b.Ordinal()))
	})
	return func(yield func(Made) bool) {
		for _, m := range marks {
			e := p.Decided.Text(m)
			if !yield(p.Made(e, trace.Edit{TS: &ts, Args: []trace.Arg{{Key: clipped.KeyTS, Value: e.TSText()}}}.Apply(e))) {
				return
			}
		}
	}
}
