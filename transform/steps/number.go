package steps

import (
	"slices"
	"sort"

	"tracekit/trace"
	"tracekit/transform/origin"
)

// number takes numbers from steps of which not all have one, and gives them those that they
// have in the whole trace, if a piece says which.
func (r *Run) number(o *origin.Origin) {
	if slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Number < 0 }) {
		for i := range r.Steps {
			r.Steps[i].Number = Unknown
		}
	}
	r.Recounted = o != nil && o.Ranks() == 0 && !r.Numbered() // until it is known what they are called
	if !r.Recounted || o.Steps == nil || o.Steps.By != r.markedBy() {
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
	r.Recounted = false
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
	// Starts and ends of steps both ascend.
	in := sort.Search(len(r.Steps), func(i int) bool { return r.Steps[i].Start >= from })
	if in == len(r.Steps) || r.Steps[in].Start >= to {
		if in--; in < 0 || r.Steps[in].End <= from {
			return nil
		}
	}
	return &origin.Steps{First: r.NumberOf(in), At: r.Steps[in].Start, By: r.markedBy()}
}
