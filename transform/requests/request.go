// Package requests finds when each request to a server ran, on a trace's clock: [ReadFile] from a
// log or an export, a [Collector] from ids in the trace's own events, [Infer] from the batches of
// steps. What is done with the windows is for slice, split and page.
package requests

import (
	"cmp"
	"slices"
	"sort"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// Source is what a request is known from.
type Source string

// The sources.
const (
	File    Source = "file"
	Events  Source = "events"  // ids in args, names or async pairs
	Batches Source = "batches" // inferred
)

// Request is one request to a server. Its window is half open, from its start
// to its end, and may reach beyond the trace.
type Request struct {
	ID         string
	Start, End trace.Time
	Source     Source

	// Outside says that no part of it lies in the trace.
	Outside bool
	// Begun says that it had begun before the trace shows it: Start is where
	// the trace does.
	Begun bool
	// Unfinished says that no end is known: End is where it is seen last, or
	// the end of the trace.
	Unfinished bool

	// FirstStep and LastStep are the steps that it shared, both included; -1
	// if there is none. Between them it shared each.
	FirstStep, LastStep int
}

// Inferred reports whether the window was concluded from batches and not recorded.
func (r *Request) Inferred() bool { return r.Source == Batches }

// Clock maps wall-clock time to a trace's.
type Clock struct {
	Zero, Last trace.Time // of the trace's survey
	Base       int64      // its baseTimeNanoseconds, 0 if it has none
}

// end is the end of the trace, behind everything in it.
func (c Clock) end() trace.Time { return c.Last.Add(1) }

// outside reports whether nothing of the trace lies in a window.
func (c Clock) outside(start, end trace.Time) bool {
	return end <= c.Zero && start < c.Zero || start > c.Last
}

// Share finds the steps of run that each request overlaps. Requests that know
// theirs, as inferred ones do, keep them.
func Share(requests []Request, run *steps.Run) {
	for i := range requests {
		r := &requests[i]
		if r.Inferred() {
			continue
		}
		// Starts and ends of steps both ascend.
		first := sort.Search(len(run.Steps), func(i int) bool { return run.Steps[i].End > r.Start })
		after := sort.Search(len(run.Steps), func(i int) bool { return run.Steps[i].Start >= max(r.End, r.Start.Add(1)) })
		r.FirstStep, r.LastStep = first, after-1
		if first >= after {
			r.FirstStep, r.LastStep = -1, -1
		}
	}
}

// sortRequests orders by start, end and id, r2 before r10.
func sortRequests(r []Request) {
	slices.SortStableFunc(r, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
}
