package split

import (
	"fmt"

	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
)

// byStep finds the windows of steps: groups of Every, the steadiest few, or runs
// of a phase, and what lies before and after them.
func (p *pieces) byStep(whole slice.Window) ([]slice.Window, error) {
	run, err := p.steps.Run()
	if err != nil {
		return nil, err
	}
	p.manifest.Marker, p.run = run.String(), run
	switch {
	case p.Steady > 0:
		first, why, err := run.Steady(p.Steady)
		if err != nil {
			return nil, err
		}
		p.manifest.Why = why
		return p.groups(run, [][2]int{{first, first + p.Steady - 1}}, "steady"), nil
	case p.By == Phase:
		return p.phases(run, whole)
	}
	var groups [][2]int
	every := max(p.Every, 1)
	for first := 0; first < len(run.Steps); first += every {
		groups = append(groups, [2]int{first, min(first+every, len(run.Steps)) - 1})
	}
	windows := p.prologue(whole, run.Steps[0].Start)
	windows = append(windows, p.groups(run, groups, "step")...)
	return append(windows, p.epilogue(whole, windows[len(windows)-1].To)...), nil
}

// phases finds the windows of runs of steps in one phase.
func (p *pieces) phases(run *steps.Run, whole slice.Window) ([]slice.Window, error) {
	var windows []slice.Window
	if p.Only == nil {
		windows = p.prologue(whole, run.Steps[0].Start)
	}
	for _, r := range run.Phases() {
		if p.Only != nil && (r.Phase != *p.Only || r.Warmup) {
			continue
		}
		windows = append(windows, p.groups(run, [][2]int{{r.First, r.Last}}, "phase")...)
	}
	if len(windows) == 0 {
		return nil, fmt.Errorf("%w: there are no steps of the phase %v", ErrNothing, *p.Only)
	}
	if p.Only == nil {
		windows = append(windows, p.epilogue(whole, windows[len(windows)-1].To)...)
	}
	return windows, nil
}

// prologue is what lies before the first step.
func (p *pieces) prologue(whole slice.Window, first trace.Time) []slice.Window {
	if first <= whole.From {
		return nil
	}
	w := slice.Window{From: whole.From, To: first}
	p.add(Piece{Kind: "prologue", Label: "prologue"}, w)
	return []slice.Window{w}
}

// epilogue is what lies after the last step.
func (p *pieces) epilogue(whole slice.Window, last trace.Time) []slice.Window {
	if last >= whole.To {
		return nil
	}
	w := slice.Window{From: last, To: whole.To}
	p.add(Piece{Kind: "epilogue", Label: "epilogue"}, w)
	return []slice.Window{w}
}

// groups lists a piece for each group of steps, first to last.
func (p *pieces) groups(run *steps.Run, groups [][2]int, kind string) []slice.Window {
	var windows []slice.Window
	for _, g := range groups {
		var w slice.Window
		w.From, w.To = run.Windows(g[0], g[1])
		last := &run.Steps[g[1]]
		if p.DropGaps {
			w.To = max(last.End, w.From.Add(1))
		}
		if w.To == p.survey.Last {
			w.To = w.To.Add(1) // nothing is left for an epilogue but what happens at that moment
		}
		q := Piece{Kind: kind, Steps: p.stretchesOf(run).steps(g[0], g[1])}
		q.Label = q.Steps.label()
		q.Phase = q.Steps.phase
		q.hostEnd = last.End
		p.add(q, w)
		windows = append(windows, w)
	}
	return windows
}

// Steps describes the steps in a piece. First and Last are the numbers that their
// markers have, or counted from 0. What the trace does not tell is left out.
type Steps struct {
	First      int64  `json:"first"`
	Last       int64  `json:"last"`
	Count      int    `json:"count"`
	Host       Micros `json:"host"` // µs that the steps took on the host
	Warmup     bool   `json:"warmup,omitempty"`
	Recompiled int    `json:"recompiled,omitempty"` // steps in which a graph was compiled
	*Load

	phase string
}

// Load is what a single step worked on.
type Load struct {
	Requests       *int32 `json:"requests,omitempty"`
	Tokens         *int32 `json:"tokens,omitempty"`
	PromptRequests *int32 `json:"prompt_requests,omitempty"`
	PromptTokens   *int32 `json:"prompt_tokens,omitempty"`
	DecodeRequests *int32 `json:"decode_requests,omitempty"`
	DecodeTokens   *int32 `json:"decode_tokens,omitempty"`
	BucketBatch    *int32 `json:"bucket_batch_size,omitempty"`
	BucketSeq      *int32 `json:"bucket_seq_len,omitempty"`
	BucketCtx      *int32 `json:"bucket_ctx_blocks,omitempty"`
	SeqLen         *int32 `json:"seq_len,omitempty"`
	CtxLen         *int32 `json:"ctx_len,omitempty"`
}

// stretches tells of steps in a row, however many, in a few looks.
type stretches struct {
	run      *steps.Run
	numbered bool
	// Of all steps before each, and of all: time on the host, steps of the warm-up, steps
	// in which a graph was compiled, steps of another phase than the one before.
	host                      []trace.Time
	warmup, recompiled, turns []int
}

// stretchesOf are those of the run of the trace.
func (p *pieces) stretchesOf(run *steps.Run) *stretches {
	if p.stretches == nil {
		p.stretches = newStretches(run)
	}
	return p.stretches
}

func newStretches(run *steps.Run) *stretches {
	n := len(run.Steps)
	s := &stretches{run: run, numbered: run.Numbered(), host: make([]trace.Time, n+1),
		warmup: make([]int, n+1), recompiled: make([]int, n+1), turns: make([]int, n+1)}
	for i := range run.Steps {
		t := &run.Steps[i]
		s.host[i+1] = s.host[i].Add(t.Duration())
		s.warmup[i+1] = s.warmup[i] + one(t.Warmup)
		s.recompiled[i+1] = s.recompiled[i] + one(t.Recompiled())
		s.turns[i+1] = s.turns[i] + one(i > 0 && t.Phase != run.Steps[i-1].Phase)
	}
	return s
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// steps tells of those from first to last.
func (s *stretches) steps(first, last int) *Steps {
	number := func(i int) int64 {
		if s.numbered {
			return s.run.Steps[i].Number
		}
		return int64(i)
	}
	q := &Steps{First: number(first), Last: number(last), Count: last - first + 1}
	q.phase = s.run.Steps[first].Phase.String()
	if s.turns[last+1] > s.turns[first+1] {
		q.phase = steps.Mixed.String()
	}
	q.Warmup = s.warmup[last+1]-s.warmup[first] == q.Count
	q.Recompiled = s.recompiled[last+1] - s.recompiled[first]
	q.Host = micros(s.host[last+1] - s.host[first])
	if first == last {
		q.Load = loadOf(&s.run.Steps[first].Load)
	}
	return q
}

func loadOf(l *steps.Load) *Load {
	known := func(n int32) *int32 {
		if n == steps.Unknown {
			return nil
		}
		return &n
	}
	return &Load{
		Requests: known(l.Requests), Tokens: known(l.Tokens),
		PromptRequests: known(l.PromptRequests), PromptTokens: known(l.PromptTokens),
		DecodeRequests: known(l.DecodeRequests), DecodeTokens: known(l.DecodeTokens),
		BucketBatch: known(l.Bucket.Batch), BucketSeq: known(l.Bucket.Seq), BucketCtx: known(l.Bucket.Ctx),
		SeqLen: known(l.SeqLen), CtxLen: known(l.CtxLen),
	}
}

// label names a group of steps.
// fileLabel is label as a part of a file's name: files sort by their steps.
func (s *Steps) fileLabel() string {
	text := fmt.Sprintf("steps-%04d-%04d", s.First, s.Last)
	if s.Count == 1 {
		text = fmt.Sprintf("step-%04d", s.First)
	}
	if s.phase != steps.Other.String() {
		text += "-" + s.phase
	}
	if s.Warmup {
		text += "-warmup"
	}
	return text
}

func (s *Steps) label() string {
	text := fmt.Sprintf("steps %d to %d", s.First, s.Last)
	if s.Count == 1 {
		text = fmt.Sprintf("step %d", s.First)
	}
	if s.phase != steps.Other.String() {
		text += " " + s.phase
	}
	if s.Warmup {
		text += " warmup"
	}
	return text
}
