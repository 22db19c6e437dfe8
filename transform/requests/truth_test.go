package requests

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/steps"
)

func writeRow(w io.Writer, id int, start, end int64) { fmt.Fprintf(w, "%d,%d,%d\n", id, start, end) }

// compare holds requests with a number behind a prefix for an id against the
// truth.
func compare(t *testing.T, got []Request, truth tracegen.Truth, prefix string) {
	t.Helper()
	if len(got) != len(truth.Requests) {
		t.Fatalf("%d requests, there are %d", len(got), len(truth.Requests))
	}
	byID := map[int]tracegen.Request{}
	for _, q := range truth.Requests {
		byID[q.ID] = q
	}
	for _, r := range got {
		id, err := strconv.Atoi(strings.TrimPrefix(r.ID, prefix))
		want, ok := byID[id]
		if err != nil || !ok {
			t.Fatalf("request %q is not known", r.ID)
		}
		if int64(r.Start) != want.StartNS || !r.Unfinished && int64(r.End) != want.EndNS || r.FirstStep != want.FirstStep || !r.Unfinished && r.LastStep != want.LastStep {
			t.Errorf("request %+v, want %+v", r, want)
		}
	}
}

func TestIDsOfGeneratedRequests(t *testing.T) {
	for _, p := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA} {
		data, truth := tracegen.Text(t, tracegen.Config{Producer: p, Steps: 200, Layers: 1, Odd: tracegen.Odd{Async: true}})
		c, err := NewCollector(CollectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		clock := survey(t, data, 0, c.Learn)
		r := c.Requests(clock)
		Share(r, stepsOf(t, data))
		if p == tracegen.CUDA {
			for i := range r {
				r[i].LastStep = lastStep(r[i], truth) // the marker ends before its step does
			}
		}
		compare(t, r, truth, "cmpl-")
		for _, q := range r {
			want := truth.Requests[slices.IndexFunc(truth.Requests, func(w tracegen.Request) bool { return "cmpl-"+strconv.Itoa(w.ID) == q.ID })]
			if q.Unfinished != want.Unfinished || q.Unfinished && q.End != clock.Last+1 || q.Source != Events {
				t.Errorf("request %+v, want %+v", q, want)
			}
		}
	}
}

func lastStep(r Request, truth tracegen.Truth) int {
	for _, s := range truth.Steps {
		if s.StartNS < int64(r.End) && int64(r.End) <= s.EndNS {
			return s.Index
		}
	}
	return r.LastStep
}

// With outputs of one length first in is first out, and what is inferred is
// the truth.
func TestInferredRequestsOfOneLength(t *testing.T) {
	for _, length := range []int{5, 20, 60} {
		data, truth := tracegen.Text(t, tracegen.Config{Steps: 300, Layers: 1, OutputLen: length, Seed: uint64(length)})
		r, err := Infer(stepsOf(t, data))
		if err != nil {
			t.Fatal(err)
		}
		if len(r) != len(truth.Requests) {
			t.Fatalf("%d requests, there are %d", len(r), len(truth.Requests))
		}
		cmptest.Same(t, fmt.Sprintf("length %d: the list of requests", length), trueWindows(truth), windows(r))
	}
}

// windows are what can be known: requests of one batch are as good as each
// other.
func windows(r []Request) []string {
	var w []string
	for _, q := range r {
		w = append(w, fmt.Sprintf("%d-%d in %d..%d unfinished %v begun %v", q.Start, q.End, q.FirstStep, q.LastStep, q.Unfinished, q.Begun))
	}
	slices.Sort(w)
	return w
}

func trueWindows(truth tracegen.Truth) []string {
	var w []string
	for _, q := range truth.Requests {
		// That one has ended shows in a later decode only.
		open := !slices.ContainsFunc(truth.Steps[q.LastStep+1:], func(s tracegen.Step) bool { return s.DecodeRequests > 0 })
		w = append(w, fmt.Sprintf("%d-%d in %d..%d unfinished %v begun false", q.StartNS, q.EndNS, q.FirstStep, q.LastStep, open))
	}
	slices.Sort(w)
	return w
}

// With outputs of any length the numbers are still right: how many run in each
// step.
func TestInferredRequestsOfAnyLength(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 400, Layers: 1, Seed: 5})
	r, err := Infer(stepsOf(t, data))
	if err != nil {
		t.Fatal(err)
	}
	if len(r) != len(truth.Requests) {
		t.Errorf("%d requests, there are %d", len(r), len(truth.Requests))
	}
	for _, s := range truth.Steps {
		running := 0
		for _, q := range r {
			if q.FirstStep <= s.Index && s.Index <= q.LastStep {
				running++
			}
		}
		if s.DecodeRequests > 0 && running != s.PrefillRequests+s.DecodeRequests {
			t.Errorf("step %d: %d requests, there are %d", s.Index, running, s.PrefillRequests+s.DecodeRequests)
		}
	}
}

// vLLM's annotations tell as much: of steps, not of the moments between them.
func TestInferredRequestsOfAnnotations(t *testing.T) {
	for _, length := range []int{5, 20, 60} {
		data, truth := tracegen.Text(t, tracegen.Config{Producer: tracegen.CUDA, Steps: 300, Layers: 1, OutputLen: length, Seed: uint64(length)})
		r, err := Infer(stepsOf(t, data))
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, q := range r {
			got = append(got, fmt.Sprint(q.FirstStep, "..", q.LastStep))
		}
		for _, q := range truth.Requests {
			want = append(want, fmt.Sprint(q.FirstStep, "..", q.LastStep))
		}
		slices.Sort(got)
		slices.Sort(want)
		if len(want) < 10 {
			t.Errorf("length %d: %d requests are too few", length, len(want))
		}
		cmptest.Same(t, fmt.Sprintf("length %d: the steps of each request", length), want, got)
	}
}

// Steps are written as prompts:tokens+decodes, requests as their first and last step.
func TestInferredRequestsOfSteps(t *testing.T) {
	for _, c := range []struct{ name, steps, want string }{
		{"begun before", "0:0+2 0:0+2 0:0+1", "begun 0-1, begun 0-2"},
		{"one after another", "1:10+0 0:0+1 1:9+0 0:0+1", "0-1, 2-3"},
		{"the oldest goes first", "1:10+0 1:8+1 0:0+2 0:0+1", "0-2, 1-3"},
		{"a prompt in chunks", "1:64+0 1:64+0 1:30+0 0:0+1", "0-3"},
		{"a chunk beside a new one", "2:62+2 2:61+3 1:9+4 0:0+5", "begun 0-3, begun 0-3, 0-3, 0-3, 1-3"},
		{"a full step that left nothing", "1:64+0 1:63+1 1:10+2 0:0+3", "0-3, 1-3, 2-3"},
		{"one full step is no budget", "1:64+0 1:5+0 0:0+1", "0-0, 1-2"},
	} {
		run := &steps.Run{}
		for i, text := range strings.Fields(c.steps) {
			s := steps.Step{Index: i, Start: trace.Time(i), End: trace.Time(i) + 1}
			if _, err := fmt.Sscanf(text, "%d:%d+%d", &s.PromptRequests, &s.PromptTokens, &s.DecodeRequests); err != nil {
				t.Fatal(err)
			}
			s.Tokens = s.PromptTokens + s.DecodeRequests
			run.Steps = append(run.Steps, s)
		}
		all, err := Infer(run)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range all {
			text := fmt.Sprintf("%d-%d", r.FirstStep, r.LastStep)
			if r.Begun {
				text = "begun " + text
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s, want %s", c.name, strings.Join(got, ", "), c.want)
		}
	}
}
