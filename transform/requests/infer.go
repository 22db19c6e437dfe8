package requests

import (
	"errors"
	"fmt"
	"strconv"

	"tracekit/transform/steps"
)

// ErrNoBatches says that a run does not tell its batches, so that no requests
// follow from them.
var ErrNoBatches = errors.New("requests can't be inferred: the steps don't tell how many prompts each batch admits and how many requests each decode serves")

// maxInferred keeps a counter gone wild from filling the memory.
const maxInferred = 4_000_000

// Infer concludes requests from the batches of a run that tells them apart, as
// vLLM on Gaudi does. Each prefill admits as many requests as it has prompts,
// each decode serves all that run, and where it serves fewer than there are,
// the oldest have finished with the last step that served them. First in,
// first out: that is exact where outputs have one length, and an assumption
// otherwise. Where a decode serves more than were admitted, the others had
// begun before the trace did.
//
// Requests are named r1, r2, … in order of admission. They start with their
// first step and end with their last.
func Infer(run *steps.Run) ([]Request, error) {
	q := queue{steps: run.Steps}
	known := false
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Warmup {
			continue
		}
		admitted := 0
		for j := range s.Batches {
			b := &s.Batches[j]
			if b.Requests < 0 {
				continue
			}
			if known = true; len(q.all)+admitted+int(b.Requests) > maxInferred {
				return nil, fmt.Errorf("requests can't be inferred: with step %d there would be over %d", i, maxInferred)
			}
			if b.Phase == steps.Decode {
				q.serve(int(b.Requests), i)
			} else {
				admitted += int(b.Requests)
			}
		}
		q.admit(admitted, i, false) // behind the decode, which does not serve them yet
	}
	if !known {
		return nil, ErrNoBatches
	}
	for len(q.running) > 0 {
		q.all[q.running[0]].Unfinished = true
		q.finish()
	}
	sortRequests(q.all)
	return q.all, nil
}

// queue holds the requests that run, the oldest first.
type queue struct {
	steps   []steps.Step
	all     []Request
	running []int // in all
}

func (q *queue) admit(n, step int, begun bool) {
	for range n {
		q.running = append(q.running, len(q.all))
		q.all = append(q.all, Request{ID: "r" + strconv.Itoa(len(q.all)+1), Start: q.steps[step].Start,
			Source: Batches, Begun: begun, FirstStep: step, LastStep: step})
	}
}

// serve gives all that run a share in a step that serves n.
func (q *queue) serve(n, step int) {
	for len(q.running) > n {
		q.finish()
	}
	if missing := n - len(q.running); missing > 0 {
		young := q.running
		q.running = nil
		q.admit(missing, step, true)
		q.running = append(q.running, young...)
	}
	for _, r := range q.running {
		q.all[r].LastStep = step
	}
}

// finish lets the oldest go.
func (q *queue) finish() {
	r := &q.all[q.running[0]]
	r.End = q.steps[r.LastStep].End
	q.running = q.running[1:]
}
