package keep

import (
	"cmp"
	"iter"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/clipped"
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
func (p *Plan) MovedTo(ts trace.Time, moved []Moved) iter.Seq[Made] {
	slices.SortFunc(moved, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.n, b.n))
	})
	return func(yield func(Made) bool) {
		for _, m := range moved {
			e := p.Decided.Text(int(m.n))
			if !yield(p.Made(e, trace.Edit{TS: &ts, Args: []trace.Arg{{Key: clipped.KeyTS, Value: e.TSText()}}}.Apply(e))) {
				return
			}
		}
	}
}
