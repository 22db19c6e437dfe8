package tracegen

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// within reports whether a slice lies in [lo, hi] of the trace's clock.
func within(t *testing.T, e *event, lo, hi int64) bool {
	ts := ns(t, e.Ts)
	return lo <= ts && ts+ns(t, e.Dur) <= hi
}

func TestGaudiStepsAreInTheTrace(t *testing.T) {
	text, truth := generate(t, Config{Seed: 5, Steps: 60, Layers: 1})
	checkGaudiSteps(t, parse(t, text), truth)
	text, truth = generate(t, Config{Seed: 5, Steps: 60, Array: true})
	checkGaudiSteps(t, parse(t, text), truth)
}

func checkGaudiSteps(t *testing.T, events []event, truth Truth) {
	t.Helper()
	events = slices.DeleteFunc(events, func(e event) bool {
		return e.Cat != "" || e.Ph != "X" && e.Ph != "C" || e.Name == "start_profiler"
	})
	next := func(name string, lo, hi int64) *event {
		t.Helper()
		e := &events[0]
		events = events[1:]
		if !strings.HasPrefix(e.Name, name) {
			t.Fatalf("want %s, got %s", name, e.raw)
		}
		if e.Ph == "X" && !within(t, e, lo, hi) {
			t.Fatalf("%s is not within [%d, %d]", e.raw, lo, hi)
		}
		return e
	}
	warmups, compiles := 0, 0
	for i := range truth.Steps {
		s := &truth.Steps[i]
		next("prepare_input_tensors", s.StartNS, s.EndNS)
		for _, b := range s.Batches {
			if b.Compile != nil {
				compiles++
				next("GRAPH COMPILE: "+b.Compile.Recipe, b.Compile.StartNS, b.Compile.EndNS)
			}
			bucket := fmt.Sprintf("%d_seq%d_ctx%d", b.BucketSize, b.BucketSeq, b.BucketCtx)
			next("model_forward_bs"+bucket+"_graphsT", b.StartNS, b.EndNS)
			next("compute_logits"+bucket, b.StartNS, b.EndNS)
			next("sampler", b.StartNS, b.EndNS)
			phase := map[string]string{Prefill: "prompt", Decode: "decode"}[b.Phase]
			c := next("utils", 0, 0)
			if got := fmt.Sprint(c.Args[phase+"_batch_size"]); got != fmt.Sprint(b.Requests) || ns(t, c.Ts) != b.StartNS {
				t.Fatalf("batch of %d requests at %d: %s", b.Requests, b.StartNS, c.raw)
			}
			if e := next(b.Phase, b.StartNS, b.EndNS); ns(t, e.Ts) != b.StartNS || ns(t, e.Dur) != b.EndNS-b.StartNS {
				t.Fatalf("batch [%d, %d]: %s", b.StartNS, b.EndNS, e.raw)
			}
		}
		next("sampler_postprocessing", s.StartNS, s.EndNS)
		if s.Warmup {
			warmups++
			next("warmup", s.StartNS, s.EndNS)
		}
	}
	if len(events) != 0 || warmups != defaultWarmup || compiles < warmups {
		t.Errorf("%d events left over, %d warmups, %d recompilations", len(events), warmups, compiles)
	}
}

func TestMarkersMatchTruth(t *testing.T) {
	for _, p := range []Producer{CUDA, SGLang} {
		text, truth := generate(t, Config{Seed: 5, Steps: 80, Layers: 1, Producer: p, Hardware: true})
		host, device := 0, 0
		for _, e := range parse(t, text) {
			if !strings.HasPrefix(e.Name, "execute_context") && !strings.HasPrefix(e.Name, "step[") {
				continue
			}
			if e.Cat == "gpu_user_annotation" {
				device++
				continue
			}
			s := truth.Steps[host]
			host++
			want := fmt.Sprintf("execute_context_%d(%d)_generation_%d(%[3]d)", s.PrefillRequests, s.PrefillTokens, s.DecodeRequests)
			if p == SGLang {
				want = sglangName(s)
			}
			if e.Name != want || ns(t, e.Ts) != s.StartNS || ns(t, e.Dur) != s.EndNS-s.StartNS {
				t.Fatalf("step %+v, want %s: %s", s, want, e.raw)
			}
		}
		if host != len(truth.Steps) || device != host {
			t.Errorf("%s: %d markers and %d mirrored for %d steps", p, host, device, len(truth.Steps))
		}
	}
}

func sglangName(s Step) string {
	bs, toks := s.PrefillRequests+s.DecodeRequests, s.PrefillTokens+s.DecodeRequests
	switch s.Phase {
	case Prefill:
		return fmt.Sprintf("step[EXTEND bs=%d toks=%d]", bs, toks)
	case Decode:
		return fmt.Sprintf("step[DECODE bs=%d]", bs)
	}
	return fmt.Sprintf("step[MIXED bs=%d toks=%d]", bs, toks)
}

// TestLaunches: each device event was launched by one call, which it follows;
// some run on into the next step, and some flows end without a start.
func TestLaunches(t *testing.T) {
	text, truth := generate(t, Config{Seed: 2, Producer: CUDA, Steps: 60, Layers: 2, Hardware: true})
	calls, starts := map[string]*event{}, map[string]bool{}
	events := parse(t, text)
	for i := range events {
		switch e := &events[i]; e.tally() {
		case "X:cuda_runtime":
			key := fmt.Sprint(e.Args["correlation"])
			if calls[key] != nil {
				t.Fatalf("two calls with correlation %s", key)
			}
			calls[key] = e
		case "s:ac2g":
			starts[fmt.Sprint(e.ID)] = true
		}
	}
	late, dangling := 0, 0
	for i := range events {
		e := &events[i]
		if e.tally() == "f:ac2g" && !starts[fmt.Sprint(e.ID)] {
			dangling++
		}
		if !isDevice(e) || e.Cat == "gpu_user_annotation" {
			continue
		}
		call := calls[fmt.Sprint(e.Args["correlation"])]
		if call == nil || !starts[fmt.Sprint(e.Args["correlation"])] {
			t.Fatalf("nothing launched %s", e.raw)
		}
		if ns(t, e.Ts) < ns(t, call.Ts)+ns(t, call.Dur) || call.Args["External id"] != e.Args["External id"] {
			t.Fatalf("%s\nwas launched by %s", e.raw, call.raw)
		}
		if stepAt(truth, ns(t, e.Ts)) > stepAt(truth, ns(t, call.Ts)) {
			late++
		}
	}
	if late == 0 || dangling == 0 {
		t.Errorf("%d device events run in a later step, %d flows dangle: want some of each", late, dangling)
	}
}

// stepAt is the last step that has started at a time.
func stepAt(truth Truth, at int64) int {
	i, found := slices.BinarySearchFunc(truth.Steps, at, func(s Step, at int64) int { return int(min(max(s.StartNS-at, -1), 1)) })
	if found {
		return i
	}
	return i - 1
}

// TestPythonParents: every frame names the frame around it, and the outermost
// ones span every step.
func TestPythonParents(t *testing.T) {
	for _, p := range []Producer{Gaudi, CUDA} {
		text, truth := generate(t, Config{Producer: p, Steps: 8, Layers: 2, Python: true})
		frames := map[string]*event{}
		events := parse(t, text)
		roots, bytes := 0, 0
		for i := range events {
			e := &events[i]
			if e.Cat != "python_function" {
				continue
			}
			bytes += len(e.raw)
			id := fmt.Sprint(e.Args["Python id"])
			if frames[id] != nil {
				t.Fatalf("two frames with id %s", id)
			}
			frames[id] = e
			if e.Args["Python parent id"] == nil {
				roots++
				if ns(t, e.Ts) >= truth.Steps[0].StartNS || ns(t, e.Ts)+ns(t, e.Dur) <= truth.Steps[len(truth.Steps)-1].EndNS {
					t.Errorf("%s does not span the steps", e.raw)
				}
				continue
			}
			parent := frames[fmt.Sprint(e.Args["Python parent id"])]
			if parent == nil || parent.track() != e.track() || !within(t, e, ns(t, parent.Ts), ns(t, parent.Ts)+ns(t, parent.Dur)) {
				t.Fatalf("%s has parent %+v", e.raw, parent)
			}
		}
		if share := bytes * 100 / len(text); roots == 0 || share < 50 || share > 95 {
			t.Errorf("%s: %d roots, %d %% of the bytes are Python's", p, roots, share)
		}
	}
}

func TestRequests(t *testing.T) {
	for _, length := range []int{0, 1, 25} {
		_, truth := generate(t, Config{Seed: 9, Steps: 200, Layers: 1, OutputLen: length})
		admitted, decoded := map[int]int{}, map[int]int{}
		last := 0
		for i, q := range truth.Requests {
			if q.ID != i || q.StartNS != truth.Steps[q.FirstStep].StartNS || q.EndNS != truth.Steps[q.LastStep].EndNS {
				t.Fatalf("request %d: %+v", i, q)
			}
			if q.Tokens != q.LastStep-q.FirstStep+1 || (q.Tokens == q.OutputLen) == q.Unfinished {
				t.Errorf("tokens of %+v", q)
			}
			if length > 0 && (q.OutputLen != length || q.LastStep < last) {
				t.Errorf("%+v is out of order", q)
			}
			last = q.LastStep
			admitted[q.FirstStep]++
			for s := q.FirstStep + 1; s <= q.LastStep; s++ {
				decoded[s]++
			}
		}
		phases := map[string]int{}
		for _, s := range truth.Steps {
			if s.Warmup {
				continue
			}
			phases[s.Phase]++
			if s.PrefillRequests != admitted[s.Index] || s.DecodeRequests != decoded[s.Index] {
				t.Errorf("step %+v, but %d requests admitted and %d decoding", s, admitted[s.Index], decoded[s.Index])
			}
			n := 0
			for _, b := range s.Batches {
				n += b.Requests
			}
			if n != s.PrefillRequests+s.DecodeRequests {
				t.Errorf("step %d: batches hold %d requests", s.Index, n)
			}
		}
		if length != 1 && (phases[Decode] == 0 || phases[Mixed] == 0) || phases[Prefill] == 0 {
			t.Errorf("output length %d: phases %v", length, phases)
		}
	}
}
