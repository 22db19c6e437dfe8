package steps

import "tracekit/trace"

// assembler makes steps of the parts that vLLM on Gaudi writes, in order of time. A step
// begins with a preparation, or with a batch that can't belong to the step before: batches
// of prompts come first, and there is one of decodes at most.
type assembler struct {
	steps   []Step
	batches []Batch
	firsts  []int // in batches, by step

	worker   bool // the rank writes no phases
	prepares bool // it tells where each step begins

	prepared     mark       // the latest preparation
	end          trace.Time // of the step
	flat         bool       // the latest batch is one row of prompts and decodes
	decoded      bool       // the step has had its decodes
	afterwards   bool       // it has had what comes last
	warmupBefore trace.Time // what begins earlier belongs to the warm-up
}

// assemble makes steps of the parts of a track, sorted by start and falling end. Their
// batches follow one another in the second result.
func assemble(group []mark) ([]Step, []Batch) {
	a := &assembler{end: trace.MinTime, prepared: mark{end: trace.MinTime}, warmupBefore: trace.MinTime}
	for i := range group {
		a.worker = a.worker || group[i].part == rankBatch
		a.prepares = a.prepares || group[i].part == prepare
	}
	for i := range group {
		a.addMark(&group[i])
	}
	for i := range a.steps {
		to := len(a.batches)
		if i+1 < len(a.firsts) {
			to = a.firsts[i+1]
		}
		a.steps[i].Batches = a.batches[a.firsts[i]:to:to]
		a.steps[i].Warmup = a.steps[i].Start < a.warmupBefore
	}
	return a.steps, a.batches
}

func (a *assembler) addMark(m *mark) {
	switch m.part {
	case prepare:
		a.prepared = *m
		if m.end > a.end {
			a.begin(m)
		}
	case prompts, decodes, flatBatch, rankBatch:
		a.addBatch(m)
	case model:
		if a.within(m) && !a.flat {
			a.last().Bucket = bucketOf(m.name)
		}
	case logits:
		a.addLogits(m)
	case sampler:
		if n := len(a.batches); n > 0 && (a.worker || a.within(m)) {
			a.batches[n-1].Sampled = true
			a.batches[n-1].End = max(a.batches[n-1].End, m.end)
		}
	case after:
		a.afterwards = true
	case warmup, compile:
		return
	}
	if len(a.steps) > 0 && (m.part != prompts && m.part != decodes || !a.worker) {
		a.end = max(a.end, m.end)
		a.steps[len(a.steps)-1].End = a.end
	}
}

// begin begins a step.
func (a *assembler) begin(m *mark) {
	a.steps = append(a.steps, Step{Load: nothingKnown, Index: len(a.steps), Number: Unknown, Start: m.start, End: m.end})
	a.firsts = append(a.firsts, len(a.batches))
	a.end, a.decoded, a.afterwards = m.end, false, false
}

func (a *assembler) last() *Batch { return &a.batches[len(a.batches)-1] }

// within reports whether m lies in the latest batch.
func (a *assembler) within(m *mark) bool { return len(a.batches) > 0 && m.end <= a.last().End }

// addBatch begins a batch, if m is none of what lies in the latest.
func (a *assembler) addBatch(m *mark) {
	switch {
	case a.worker && (m.part == prompts || m.part == decodes):
		// A rank without phases begins them and never ends one, but for the latest of the
		// warm-up, which ends in place of the warm-up (hpu_model_runner.py, profiler.py).
		a.warmupBefore = max(a.warmupBefore, m.end)
		return
	case a.within(m):
		if m.part == rankBatch || a.flat {
			a.flat = true
			return
		}
		a.last().Bucket = bucketOf(m.name)
		return
	}
	if len(a.steps) == 0 || a.decoded || a.afterwards || a.worker && !a.prepares {
		a.begin(m)
	}
	b := newBatch(m)
	if m.start >= a.prepared.start && m.end < a.prepared.end {
		// The V0 fork begins the phase inside of the preparation, and its profiler ends first
		// what began last: each has the other's name.
		b.End = a.prepared.end
	}
	a.batches = append(a.batches, b)
	a.decoded, a.flat = m.part == decodes, m.part == flatBatch
}

// addLogits learns phase and bucket of a rank's batch.
func (a *assembler) addLogits(m *mark) {
	if !a.worker || len(a.batches) == 0 || len(a.steps) == 0 {
		return
	}
	b := a.last()
	b.End = max(b.End, m.end)
	if a.flat || b.Phase != Other {
		return
	}
	b.Phase, b.Bucket = logitsOf(m.name)
	b.ofOnePhase()
}
