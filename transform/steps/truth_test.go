package steps

import (
	"bytes"
	"fmt"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// generate makes a trace and what is true of it.
func generate(t testing.TB, c tracegen.Config) ([]byte, tracegen.Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := tracegen.Generate(&b, c)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

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
			data, truth := generate(t, c)
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

func compareStep(t *testing.T, got *Step, want *tracegen.Step, by tracegen.Producer) {
	t.Helper()
	is := func(what string, have, should any) {
		t.Helper()
		if fmt.Sprint(have) != fmt.Sprint(should) {
			t.Errorf("step %d: %s %v, want %v", want.Index, what, have, should)
		}
	}
	is("index", got.Index, want.Index)
	is("start", int64(got.Start), want.StartNS)
	is("phase", got.Phase, want.Phase)
	is("warm-up", got.Warmup, want.Warmup)
	if by != tracegen.Gaudi {
		compareMarker(t, got, want, by)
		return
	}
	is("end", int64(got.End), want.EndNS)
	is("batches", len(got.Batches), len(want.Batches))
	requests, compiles := 0, 0
	for i := range want.Batches {
		g, w := &got.Batches[i], &want.Batches[i]
		is("batch's start", int64(g.Start), w.StartNS)
		is("batch's end", int64(g.End), w.EndNS)
		is("batch", []any{g.Phase, g.Requests, g.Tokens, g.Bucket, g.SeqLen, g.CtxLen, g.Recompiled},
			[]any{w.Phase, w.Requests, w.Tokens, Bucket{int32(w.BucketSize), int32(w.BucketSeq), int32(w.BucketCtx)}, w.MaxLen, w.SumLen, w.Compile != nil})
		requests += w.Requests
		if w.Compile != nil {
			c := got.Compiles[compiles]
			is("compilation", []any{c.Recipe, int64(c.Start), int64(c.End), c.Step}, []any{w.Compile.Recipe, w.Compile.StartNS, w.Compile.EndNS, want.Index})
			compiles++
		}
	}
	is("compilations", len(got.Compiles), compiles)
	is("recompiled", got.Recompiled(), compiles > 0)
	is("requests", got.Requests, requests)
	if !want.Warmup {
		is("counts", []int32{got.PromptRequests, got.PromptTokens, got.DecodeRequests, got.DecodeTokens},
			[]int{want.PrefillRequests, want.PrefillTokens, want.DecodeRequests, want.DecodeRequests})
	}
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
