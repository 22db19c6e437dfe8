package steps

import (
	"bytes"
	"fmt"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// learnAll goes through the events of a trace.
func learnAll(t testing.TB, data []byte, look func(*trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Survey(func(e *trace.Event) error { look(e); return nil }); err != nil {
		t.Fatal(err)
	}
}

// learn shows a whole trace to a Finder.
func learn(t testing.TB, data []byte, o Options) *Finder {
	t.Helper()
	f := NewFinder(o)
	learnAll(t, data, f.Learn)
	return f
}

func find(t testing.TB, data []byte, o Options) *Run {
	t.Helper()
	r, err := learn(t, data, o).Run()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGeneratedStepsAreFoundAsTheyAre(t *testing.T) {
	for _, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 400, Hardware: true, Layers: 1},
		{Producer: tracegen.Gaudi, Steps: 60, Python: true, Layers: 2, Warmup: 5, Seed: 7},
		{Producer: tracegen.Gaudi, Steps: 300, Array: true, Layers: 1},
		{Producer: tracegen.Gaudi, Steps: 60, Layers: 1, Layout: tracegen.Kineto, Epoch: true},
		{Producer: tracegen.CUDA, Steps: 200, Hardware: true, Layers: 1},
		{Producer: tracegen.CUDA, Steps: 60, Python: true, Layers: 2, Epoch: true, Odd: tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true, Emoji: true}},
		{Producer: tracegen.SGLang, Steps: 200, Hardware: true, Layers: 1},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			data, truth := tracegen.Text(t, c)
			r := find(t, data, Options{})
			if len(r.Steps) != len(truth.Steps) {
				t.Fatalf("%d steps, there are %d", len(r.Steps), len(truth.Steps))
			}
			for i := range truth.Steps {
				compareStep(t, &r.Steps[i], &truth.Steps[i], c.Producer)
			}
		})
	}
}

// batchFacts and compileFacts are what the generator knows of a batch and a compilation.
type (
	batchFacts struct {
		Phase            string
		Start, End       int64
		Requests, Tokens int
		Bucket           Bucket
		SeqLen, CtxLen   int
		Recompiled       bool
	}
	compileFacts struct {
		Recipe     string
		Start, End int64
		Step       int
	}
	stepFacts struct {
		Index      int
		Start, End int64
		Phase      string
		Warmup     bool
		Recompiled bool
		Requests   int
		Batches    []batchFacts
		Compiles   []compileFacts
		Counts     [4]int // requests and tokens of prompts, then of decoding
	}
)

func compareStep(t *testing.T, got *Step, want *tracegen.Step, by tracegen.Producer) {
	t.Helper()
	have := stepFacts{Index: got.Index, Start: int64(got.Start), Phase: got.Phase.String(), Warmup: got.Warmup}
	should := stepFacts{Index: want.Index, Start: want.StartNS, Phase: want.Phase, Warmup: want.Warmup}
	if by != tracegen.Gaudi {
		cmptest.Same(t, fmt.Sprintf("step %d", want.Index), should, have)
		compareMarker(t, got, want, by)
		return
	}
	have.End, have.Recompiled, have.Requests = int64(got.End), got.Recompiled(), int(got.Requests)
	should.End = want.EndNS
	for i := range got.Batches {
		b := &got.Batches[i]
		have.Batches = append(have.Batches, batchFacts{b.Phase.String(), int64(b.Start), int64(b.End), int(b.Requests), int(b.Tokens), b.Bucket, int(b.SeqLen), int(b.CtxLen), b.Recompiled})
	}
	for _, c := range got.Compiles {
		have.Compiles = append(have.Compiles, compileFacts{c.Recipe, int64(c.Start), int64(c.End), c.Step})
	}
	for i := range want.Batches {
		b := &want.Batches[i]
		bucket := Bucket{int32(b.BucketSize), int32(b.BucketSeq), int32(b.BucketCtx)}
		should.Batches = append(should.Batches, batchFacts{b.Phase, b.StartNS, b.EndNS, b.Requests, b.Tokens, bucket, b.MaxLen, b.SumLen, b.Compile != nil})
		should.Requests += b.Requests
		if c := b.Compile; c != nil {
			should.Compiles, should.Recompiled = append(should.Compiles, compileFacts{c.Recipe, c.StartNS, c.EndNS, want.Index}), true
		}
	}
	if !want.Warmup {
		have.Counts = [4]int{int(got.PromptRequests), int(got.PromptTokens), int(got.DecodeRequests), int(got.DecodeTokens)}
		should.Counts = [4]int{want.PrefillRequests, want.PrefillTokens, want.DecodeRequests, want.DecodeRequests}
	}
	cmptest.Same(t, fmt.Sprintf("step %d", want.Index), should, have)
}

func compareMarker(t *testing.T, got *Step, want *tracegen.Step, by tracegen.Producer) {
	t.Helper()
	all := int32(want.PrefillRequests + want.DecodeRequests)
	tokens := int32(want.PrefillTokens + want.DecodeRequests)
	p, d := int32(want.PrefillRequests), int32(want.DecodeRequests)
	pt, dt := int32(want.PrefillTokens), int32(want.DecodeRequests)
	if by == tracegen.SGLang {
		switch want.Phase {
		case "decode": // names no tokens
			tokens, dt = Unknown, Unknown
		case "mixed": // names only sums
			p, pt, d, dt = Unknown, Unknown, Unknown, Unknown
		}
	}
	have := []int32{got.Requests, got.Tokens, got.PromptRequests, got.PromptTokens, got.DecodeRequests, got.DecodeTokens}
	cmptest.Same(t, fmt.Sprintf("step %d %q", want.Index, got.Label), []int32{all, tokens, p, pt, d, dt}, have)
}
