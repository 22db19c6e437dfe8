package tracegen

import "strconv"

const (
	ms = 1_000_000
	us = 1_000

	maxBatch      = 64  // requests that run at the same time
	maxPrompts    = 4   // prompts in one Gaudi prefill
	maxArrivals   = 8   // requests that come in one step
	blockSize     = 128 // tokens of a cache block
	cacheBlocks   = 6144
	longGapShare  = 12 // steps of a thousand that follow a long pause
	compileShare  = 15 // batches of a thousand that recompile
	serverQuantum = 500

	maxGaudiBatches = maxArrivals/maxPrompts + 1 // of a step
)

// planner walks through the steps of a run. It holds the running requests and
// nothing else, so it can be started over for every pass at no cost.
type planner struct {
	c       Config
	quantum int64 // every time of a step is a multiple of this
	r       rng
	now     int64
	count   int
	next    int // request id
	running []Request
	step    Step
	iter    int
	average float64
}

func newPlanner(c Config, origin int64) *planner {
	p := &planner{c: c, quantum: 1, now: origin}
	if c.Array {
		// A float64 carries epoch microseconds in quarters, and prints one decimal.
		p.quantum = serverQuantum
	}
	return p
}

// advance returns the next step, which is valid until the next call.
func (p *planner) advance() *Step {
	s := &p.step
	index := p.count
	p.count++
	*s = Step{Index: index, compiles: s.compiles, Batches: s.Batches[:0], admitted: s.admitted[:0], finished: s.finished[:0]}
	p.r.seed(p.c.Seed, kindPlan, index)
	s.Warmup = index < p.c.Warmup
	s.gap = p.span(120*us, 450*us)
	if p.r.permille(longGapShare) {
		s.gap += p.span(3*ms, 20*ms)
	}
	s.StartNS = p.now + s.gap
	switch {
	case s.Warmup:
		p.warm(s)
	case p.c.Producer == Gaudi:
		p.admit(s)
		p.gaudi(s)
	default:
		p.admit(s)
		p.cuda(s)
	}
	p.finish(s)
	p.now = s.EndNS
	return s
}

// span draws a duration that keeps to the quantum.
func (p *planner) span(lo, hi int64) int64 {
	return p.r.between(lo/p.quantum, hi/p.quantum) * p.quantum
}

// admit draws the requests that start in this step.
func (p *planner) admit(s *Step) {
	n := int64(0)
	switch room := int64(maxBatch - len(p.running)); {
	case len(p.running) == 0:
		n = p.r.between(4, maxArrivals+1)
	case room > 0 && p.r.permille(130):
		n = min(room, p.r.between(1, 7))
	}
	for range n {
		q := Request{ID: p.next, FirstStep: s.Index, LastStep: s.Index, StartNS: s.StartNS, Tokens: 1}
		var r rng
		r.seed(p.c.Seed, kindRequest, q.ID)
		q.PromptLen, q.OutputLen = int(r.between(24, 1900)), int(r.between(8, 160))
		if p.c.OutputLen > 0 {
			q.OutputLen = p.c.OutputLen
		}
		p.next++
		s.admitted = append(s.admitted, q)
		s.PrefillRequests++
		s.PrefillTokens += q.PromptLen
	}
	s.DecodeRequests = len(p.running)
}

// warm makes a step that runs one bucket on empty input.
func (p *planner) warm(s *Step) {
	t := s.StartNS + p.span(400*us, 900*us)
	b := Batch{Phase: Prefill, Requests: 1, BucketSize: 1, BucketSeq: blockSize << (s.Index % 4), StartNS: t}
	if s.Index%2 == 1 {
		b.Phase, b.BucketSize, b.BucketSeq, b.BucketCtx = Decode, 8<<(s.Index%3), 1, blockSize
	}
	s.Phase = b.Phase
	p.compile(s, &b, p.span(80*ms, 240*ms))
	p.close(s, &b, p.span(9*ms, 16*ms))
	s.EndNS = b.EndNS + p.span(100*us, 300*us)
}

func (p *planner) gaudi(s *Step) {
	t := s.StartNS + p.span(400*us, 900*us)
	for q := s.admitted; len(q) > 0; {
		n := min(len(q), maxPrompts)
		b := Batch{Phase: Prefill, StartNS: t}
		b.add(q[:n], false)
		b.BucketSize = roundUp(n, 2)
		b.BucketSeq = roundUp(b.MaxLen, 2*blockSize)
		p.mayCompile(s, &b)
		p.close(s, &b, int64(b.Tokens)*2*us+p.span(9*ms, 14*ms))
		t, q = b.EndNS+p.span(20*us, 60*us), q[n:]
	}
	if len(p.running) > 0 {
		b := Batch{Phase: Decode, StartNS: t, BucketSeq: 1}
		b.add(p.running, true)
		b.BucketSize = roundUp(b.Requests, 8)
		b.BucketCtx = roundUp(b.Blocks, 32)
		p.mayCompile(s, &b)
		p.close(s, &b, int64(b.Requests)*20*us+p.span(8*ms, 11*ms))
		t = b.EndNS + p.span(20*us, 60*us)
	}
	s.EndNS = t + p.span(100*us, 300*us)
}

func (p *planner) cuda(s *Step) {
	b := Batch{StartNS: s.StartNS + p.span(500*us, 1200*us)}
	b.add(s.admitted, false)
	b.add(p.running, true)
	b.Phase = s.phase()
	b.BucketSize, b.BucketSeq, b.BucketCtx = b.Requests, b.MaxLen, b.Blocks
	p.close(s, &b, int64(b.Tokens)*us+p.span(6*ms, 9*ms))
	s.EndNS = b.EndNS + p.span(200*us, 500*us)
}

// add counts requests in. A decoding one holds what it has made so far.
func (b *Batch) add(q []Request, decode bool) {
	for i := range q {
		n := q[i].PromptLen
		b.Tokens += n
		if decode {
			b.Tokens += 1 - n
			n += q[i].Tokens
		}
		b.Requests++
		b.MaxLen = max(b.MaxLen, n)
		b.SumLen += n
		b.Blocks += (n + blockSize - 1) / blockSize
	}
}

func (p *planner) mayCompile(s *Step, b *Batch) {
	if p.r.permille(compileShare) {
		p.compile(s, b, p.span(120*ms, 900*ms))
	}
}

// compile begins the batch with a recompilation, just inside its slices.
func (p *planner) compile(s *Step, b *Batch, took int64) {
	s.compiles++
	at := b.StartNS + 6*p.quantum
	b.Compile = &Compile{Recipe: "synapse_graph_" + strconv.Itoa(s.compiles), StartNS: at, EndNS: at + took}
}

// close ends a batch after its compilation and the duration of its work.
func (p *planner) close(s *Step, b *Batch, work int64) {
	work -= work % p.quantum
	b.EndNS = b.StartNS + work
	if b.Compile != nil {
		b.EndNS = b.Compile.EndNS + work
	}
	b.iteration, b.compiles = p.iter, s.compiles
	rate := float64(b.Requests) / (float64(b.EndNS-b.StartNS) / 1e9)
	p.average += (rate - p.average) / float64(p.iter+1)
	b.average = p.average
	p.iter++
	s.Batches = append(s.Batches, *b)
}

// finish hands out the step's tokens and lets go of requests that have them all.
func (p *planner) finish(s *Step) {
	if s.Warmup {
		return
	}
	s.Phase = s.phase()
	kept := p.running[:0]
	for _, q := range p.running {
		q.Tokens++
		kept = p.keep(s, kept, q)
	}
	for _, q := range s.admitted {
		kept = p.keep(s, kept, q)
	}
	p.running = kept
}

func (p *planner) keep(s *Step, kept []Request, q Request) []Request {
	q.LastStep, q.EndNS = s.Index, s.EndNS
	if q.Tokens >= q.OutputLen {
		s.finished = append(s.finished, q)
		return kept
	}
	return append(kept, q)
}

func (s *Step) phase() string {
	switch {
	case s.DecodeRequests == 0:
		return Prefill
	case s.PrefillRequests == 0:
		return Decode
	}
	return Mixed
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
