package steps

import (
	"slices"

	"tracekit/trace"
	"tracekit/transform/origin"
)

// number gives steps without numbers of their own those that they have in the whole trace,
// if a piece says which.
func (r *Run) number(o *origin.Origin) {
	if o == nil || o.Steps == nil || o.Steps.By != r.markedBy() || r.Numbered() {
		return
	}
	at, found := slices.BinarySearchFunc(r.Steps, o.Steps.At, func(s Step, t trace.Time) int { return int(min(max(s.Start-t, -1), 1)) })
	if !found {
		at = 0 // it is the step that the piece begins in, or was moved in time
	}
	first := o.Steps.First - int64(at)
	if first < 0 {
		return
	}
	for i := range r.Steps {
		r.Steps[i].Number = first + int64(i)
	}
}

// markedBy tells runs apart by who wrote their markers, or what a user has them look like.
func (r *Run) markedBy() string {
	if r.Seen.Producer == givenExpression {
		return r.Form
	}
	return r.Seen.Producer
}

// NumberOf is the number of a step: its marker's if all have one, or that in the whole trace
// if a piece tells it, else counted from 0.
func (r *Run) NumberOf(i int) int64 {
	if r.Numbered() {
		return r.Steps[i].Number
	}
	return int64(i)
}

// Origin is what a piece that begins and ends so has to say for its steps to keep their
// numbers; nil if it has none of them.
func (r *Run) Origin(from, to trace.Time) *origin.Steps {
	if r == nil {
		return nil
	}
	in := -1 // the step that the piece begins in
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Start >= to {
			break
		}
		if s.Start >= from {
			in = i
			break
		}
		if s.End > from {
			in = i
		}
	}
	if in < 0 {
		return nil
	}
	return &origin.Steps{First: r.NumberOf(in), At: r.Steps[in].Start, By: r.markedBy()}
}
