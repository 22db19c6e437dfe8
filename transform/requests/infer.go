package requests

import (
	"errors"
	"fmt"
	"strconv"

	"tracekit/transform/steps"
)

// ErrNoBatches says that a run does not record its batches, so that no requests
// follow from them.
var ErrNoBatches = errors.New("requests can't be inferred: the steps don't tell how many prompts each batch admits and how many requests each decode serves")

// maxInferred keeps a counter gone wild from filling the memory.
const maxInferred = 4_000_000

// Infer concludes requests from what steps work on: from their batches where the run
// tells them apart, as vLLM on Gaudi does, else from how many prompts and decoding
// requests each step has, as vLLM's annotations tell. Each prefill admits as many requests as it has prompts,
// each decode serves all that run, and where it serves fewer than there are,
// the oldest have finished with the last step that served them. First in,
// first out: that is exact where outputs have one length, and an assumption
// otherwise. Where a decode serves more than were admitted, the others had
// begun before the trace did.
//
// A request is a prompt or a decode of a step, never both. On Gaudi a prefill may be a chunk of
// a prompt: one that goes on has as much context as was computed of a prompt in the step
// before, and is admitted once. A chunk whose beginning the trace does not have had begun
// before it.
//
// Requests are named r1, r2, … in order of admission. They start with their
// first step and end with their last.
func Infer(run *steps.Run) ([]Request, error) {
	q := queue{steps: run.Steps, prompts: newPrompts(run)}
	chunks := chunks{budget: budget(run)}
	known := false
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Warmup || s.Dummy {
			continue
		}
		served, admitted, some := load(s)
		if !some {
			continue
		}
		if known = true; len(q.all)+max(served, 0)+admitted > maxInferred {
			return nil, fmt.Errorf("requests can't be inferred: with step %d there would be over %d", i, maxInferred)
		}
		if s.Batches != nil {
			admitted -= q.goOn(s, i, served)
		} else if chunks.next(&s.Load, len(q.running)-max(served, 0)) {
			admitted--
			if served >= 0 {
				served++
			}
		}
		if served >= 0 {
			q.serve(served, i)
		}
		q.resume(i)
		q.admit(admitted, i, false) // behind the decode, which does not serve them yet
		q.begun(s, admitted)
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

// load is how many requests a step serves, negative if it has no decode, and how many
// it admits; false if it does not tell.
func load(s *steps.Step) (served, admitted int, some bool) {
	served = -1
	if s.Batches == nil {
		if s.DecodeRequests > 0 {
			served = int(s.DecodeRequests)
		}
		some = s.PromptRequests >= 0 && s.DecodeRequests >= 0 && s.PromptRequests+s.DecodeRequests > 0
		return served, int(s.PromptRequests), some
	}
	for j := range s.Batches {
		b := &s.Batches[j]
		switch {
		case b.Requests < 0 || b.Phase == steps.Other || b.Phase == steps.Mixed:
			continue
		case b.Phase == steps.Decode:
			served = max(served, 0) + int(b.Requests)
		default:
			admitted += int(b.Requests)
		}
		some = true
	}
	return served, admitted, some
}

// chunks tells a prompt that goes on from one that is new: a step that is full of
// tokens leaves the rest of its last prompt to the next step that has prompts.
type chunks struct {
	budget int32 // tokens of a full step, 0 if none is known
	full   bool  // the latest step that had prompts was
}

// next takes a step, and reports whether one of its prompts goes on. Of the requests
// that run, so many are idle unless one does.
func (c *chunks) next(l *steps.Load, idle int) (again bool) {
	if c.budget == 0 || l.PromptRequests < 1 {
		return false
	}
	again = c.full && idle > 0
	c.full = l.Tokens == c.budget
	return again
}

// budget is how many tokens a step has at most, if several have so many.
func budget(run *steps.Run) int32 {
	most, times := int32(0), 0
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Batches != nil || s.PromptTokens < 0 || s.Tokens < most {
			continue
		}
		if s.Tokens > most {
			most, times = s.Tokens, 0
		}
		times++
	}
	if times < 2 {
		return 0
	}
	return most
}

// queue holds the requests that run, the oldest first.
type queue struct {
	steps   []steps.Step
	all     []Request
	running []int // in all
	prompts prompts
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
