package steps

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/trace"
)

// service is what the scheduler did that ran while vLLM's profiler wrote a trace.
type service struct {
	Begin, End trace.Time // of the capture
	Iterations []iteration
}

type iteration struct {
	At, End trace.Time
	Prefill map[string]int32 // tokens by request
	Decode  []string
}

func served(t *testing.T, file string) service {
	t.Helper()
	all := map[string]service{}
	if err := json.Unmarshal(recorded.Text(t, "../../testdata/gaudi/truth.json.gz"), &all); err != nil {
		t.Fatal(err)
	}
	s, ok := all[file+".json.gz"]
	if !ok {
		t.Fatalf("nothing is told of %s", file)
	}
	return s
}

func profiled(t *testing.T, file string) *Run {
	t.Helper()
	return find(t, recorded.Text(t, "../../testdata/gaudi/"+file+".json.gz"), Options{})
}

// captured are the iterations in the capture, each in the words of want.
func (s *service) captured(want func(*iteration) string) (all []string) {
	for i := range s.Iterations {
		if it := &s.Iterations[i]; it.At >= s.Begin && it.At < s.End {
			all = append(all, want(it))
		}
	}
	return all
}

func (it *iteration) phase() string {
	return phaseOf(int64(len(it.Prefill)), int64(len(it.Decode))).String()
}

func (it *iteration) tokens() (n int32) {
	for _, tokens := range it.Prefill {
		n += tokens
	}
	return n
}

// The steps of a capture are the iterations of the server in it, whatever its profiler
// handed over from before.
func TestStepsOfACaptureAreTheIterationsInIt(t *testing.T) {
	counted := func(it *iteration) string {
		return fmt.Sprintf("%s %d prompts of %d tokens, %d decodes", it.phase(), len(it.Prefill), it.tokens(), len(it.Decode))
	}
	counts := func(s *Step) string {
		return fmt.Sprintf("%v %d prompts of %d tokens, %d decodes", s.Phase, s.PromptRequests, s.PromptTokens, s.DecodeRequests)
	}
	phase := func(s *Step) string { return s.Phase.String() }
	for _, c := range []struct {
		file   string
		warmup int    // steps of it that the server is not asked for
		since  string // the capture before
		want   func(*iteration) string
		got    func(*Step) string
	}{
		{"driver", 8, "", counted, counts},
		{"driver-second", 0, "driver", counted, counts},
		{"compiles", 8, "", counted, counts},
		{"async", 8, "", counted, counts},
		{"padding", 8, "", counted, counts},
		{"worker", 8, "", (*iteration).phase, phase},
		{"unified", 0, "", (*iteration).phase, phase},
		{"unified-compiles", 0, "", (*iteration).phase, phase},
	} {
		t.Run(c.file, func(t *testing.T) {
			truth, run := served(t, c.file), profiled(t, c.file)
			var got []string
			for i := range run.Steps {
				got = append(got, c.got(&run.Steps[i]))
			}
			cmptest.Same(t, "the list of steps", truth.captured(c.want), got)
			for i := range run.Steps {
				if s := &run.Steps[i]; s.Index != i || s.Warmup || s.Start < truth.Begin || s.End > truth.End {
					t.Errorf("step %d: index %d, warm-up %v, from %d to %d of a capture from %d to %d", i, s.Index, s.Warmup, s.Start, s.End, truth.Begin, truth.End)
				}
			}
			earlier := c.warmup
			for _, it := range truth.Iterations {
				if it.At < truth.Begin && (c.since == "" || it.At >= served(t, c.since).End) {
					earlier++
				}
			}
			if o := run.Outside; o.Steps != earlier || c.warmup > 0 && o.Warmup != c.warmup || o.Start >= truth.Begin || o.End > truth.Begin {
				t.Errorf("outside of the capture: %+v, want %d steps, %d of the warm-up", o, earlier, c.warmup)
			}
			cmptest.Same(t, "the capture", Capture{truth.Begin, truth.End, true}, run.Capture)
		})
	}
}

// A rank without requests runs a dummy batch while others have some.
func TestDummyStepsServeNobody(t *testing.T) {
	truth, run := served(t, "idle"), profiled(t, "idle")
	var dummies, real []string
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Dummy {
			dummies = append(dummies, fmt.Sprintf("%s %v %d", s.Label, s.Phase, s.Requests))
		} else {
			real = append(real, s.Phase.String())
		}
	}
	cmptest.Same(t, "the list of steps that serve requests", truth.captured((*iteration).phase), real)
	cmptest.Same(t, "the list of dummies", slices.Repeat([]string{"dummy decode other 0"}, 18), dummies)
}

// In the V0 fork the names of the preparation and of the phase are exchanged.
func TestStepsOfTheV0Fork(t *testing.T) {
	run := profiled(t, "v0")
	var got []string
	for i := range run.Steps {
		s := &run.Steps[i]
		b := &s.Batches[0]
		if len(s.Batches) != 1 || s.Start != b.Start || b.End != s.End {
			t.Errorf("step %d, %d to %d: batches %+v", i, s.Start, s.End, s.Batches)
		}
		got = append(got, fmt.Sprintf("%v %d bs%d", s.Phase, s.Requests, b.Bucket.Batch))
	}
	want := slices.Concat(slices.Repeat([]string{"decode 1 bs1"}, 3), []string{"prefill 2 bs2", "prefill 1 bs1"},
		slices.Repeat([]string{"decode 4 bs4"}, 3), slices.Repeat([]string{"decode 3 bs4"}, 2),
		slices.Repeat([]string{"decode 2 bs2"}, 3), slices.Repeat([]string{"decode 1 bs1"}, 5))
	cmptest.Same(t, "the list of steps", want, got)
}

// recipes are those that the file tells of in a time, each once.
func recipes(t *testing.T, file string, holds func(trace.Time) bool) map[string]bool {
	found := map[string]bool{}
	learnAll(t, recorded.Text(t, "../../testdata/gaudi/"+file+".json.gz"), func(e *trace.Event) {
		if name, ok := strings.CutPrefix(string(e.Name()), "GRAPH COMPILE: "); ok && holds(e.TS) {
			found[name] = true
		}
	})
	return found
}

// Each compilation counts once, in the slice that it happened in.
func TestCompilationsOfACapture(t *testing.T) {
	for _, file := range []string{"compiles", "unified-compiles"} {
		t.Run(file, func(t *testing.T) {
			truth, run := served(t, file), profiled(t, file)
			inside := recipes(t, file, func(at trace.Time) bool { return at >= truth.Begin })
			before := recipes(t, file, func(at trace.Time) bool { return at < truth.Begin })
			if len(run.Compiles) != len(inside) || run.Outside.Compiles != len(before) || len(inside) == 0 {
				t.Errorf("%d compilations in the capture, %d before, want %d and %d", len(run.Compiles), run.Outside.Compiles, len(inside), len(before))
			}
			seen := map[string]bool{}
			for _, b := range run.Compiles {
				s := run.Steps[b.Step]
				if b.Start < s.Start || b.End > s.End || b.Took > b.End-b.Start || seen[b.Recipe] {
					t.Errorf("%+v in a step from %d to %d, seen before %v", b, s.Start, s.End, seen[b.Recipe])
				}
				seen[b.Recipe] = true
				within := "model_forward_bs"
				if strings.HasPrefix(b.Recipe, "logits") {
					within = "compute_logits"
				}
				if !strings.HasPrefix(b.Within, within) {
					t.Errorf("%s in %s", b.Recipe, b.Within)
				}
			}
		})
	}
}
