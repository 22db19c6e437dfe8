package requests

import "tracekit/transform/steps"

// prompts knows how far the prompts of the step before are, where a run tells its batches: a
// prompt that is not through goes on with the next step, alone in its batch and with as much
// context as was computed (vllm_gaudi/v1/worker/hpu_model_runner.py,
// _can_merge_prefill_contents).
type prompts struct {
	latest  []prompt // of the step before
	held    []prompt // that go on with this one
	sampled bool     // a prompt that is through gets a token in its step, and no other does
	off     bool     // context is not what was computed before
}

// prompt is a request whose prompt may go on.
type prompt struct {
	request  int
	computed []int32 // what may have been; nil for anything up to most
	most     int32
}

func (p *prompt) has(ctx int32) bool {
	for _, n := range p.computed {
		if n == ctx {
			return true
		}
	}
	return p.computed == nil && ctx <= p.most
}

// newPrompts learns of a run whether tokens tell which prompts are through: with async
// scheduling all batches get some, with structured output none does. Where several prompts of a
// batch have context, it is not what was computed before.
func newPrompts(run *steps.Run) prompts {
	with, without := false, false
	var p prompts
	for i := range run.Steps {
		for _, b := range run.Steps[i].Batches {
			if b.Phase == steps.Prefill {
				with, without = with || b.Sampled, without || !b.Sampled
				p.off = p.off || b.Requests > 1 && b.CtxLen > 0
			}
		}
	}
	p.sampled = with && without
	return p
}

// blockSize divides what a cache of prefixes gives a request to begin with.
const blockSize = 128

// goOn takes the batches of a step that go on with prompts of the step before, or of before the
// trace, out of those that run, and returns how many there are: none of them decodes meanwhile.
func (q *queue) goOn(s *steps.Step, step, served int) (n int) {
	p := &q.prompts
	p.held = p.held[:0]
	for i := range s.Batches {
		b := &s.Batches[i]
		if !isChunk(b) || p.off {
			continue
		}
		request := -1
		if served < len(q.running) { // else all that run decode
			request = q.takeRunning(b.CtxLen)
		}
		if request < 0 && len(q.all) == 0 && b.CtxLen%blockSize != 0 {
			q.admit(1, step, true)
			request = q.running[len(q.running)-1]
			q.running = q.running[:len(q.running)-1]
		}
		if request >= 0 {
			p.held = append(p.held, after(request, b))
			n++
		}
	}
	p.latest = p.latest[:0]
	return n
}

func isChunk(b *steps.Batch) bool {
	return b.Phase == steps.Prefill && b.Requests == 1 && b.CtxLen > 0
}

// after is a request whose batch is done.
func after(request int, b *steps.Batch) prompt {
	p := prompt{request: request, most: b.CtxLen + b.SeqLen}
	if b.Tokens >= 0 && b.CtxLen >= 0 {
		p.computed = []int32{b.CtxLen + b.Tokens}
	}
	return p
}

// takeRunning returns the request that so much was computed of in the step before, and takes it out of
// those that run; -1 if there is none.
func (q *queue) takeRunning(ctx int32) int {
	for i, p := range q.prompts.latest {
		if !p.has(ctx) {
			continue
		}
		for j, r := range q.running {
			if r == p.request {
				q.running = append(q.running[:j:j], q.running[j+1:]...)
				q.prompts.latest = append(q.prompts.latest[:i:i], q.prompts.latest[i+1:]...)
				return r
			}
		}
	}
	return -1
}

// resume puts the prompts that went on back among those that run.
func (q *queue) resume(step int) {
	for _, p := range q.prompts.held {
		q.all[p.request].LastStep = step
		q.running = append(q.running, p.request)
		q.prompts.latest = append(q.prompts.latest, p)
	}
}

// begun notes how far the prompts are that a step admitted, the latest of all.
func (q *queue) begun(s *steps.Step, admitted int) {
	next, skip := len(q.all)-admitted, len(q.prompts.held)
	for i := range s.Batches {
		b := &s.Batches[i]
		if b.Phase != steps.Prefill || b.Requests < 1 {
			continue
		}
		if isChunk(b) && skip > 0 && q.wentOn(b) {
			skip--
			continue
		}
		for range b.Requests {
			p := prompt{request: next, most: max(b.SeqLen, 0)}
			next++
			if b.Requests == 1 {
				if p = after(p.request, b); b.Sampled && q.prompts.sampled {
					continue // it is through
				}
			}
			if b.Requests == 2 && b.Tokens >= 0 && b.SeqLen >= 0 {
				p.computed = []int32{b.SeqLen, b.Tokens - b.SeqLen}
			}
			q.prompts.latest = append(q.prompts.latest, p)
		}
	}
}

// wentOn reports whether a batch is one of those that went on.
func (q *queue) wentOn(b *steps.Batch) bool {
	for _, p := range q.prompts.held {
		if p.has(b.CtxLen + max(b.Tokens, 0)) {
			return true
		}
	}
	return false
}
