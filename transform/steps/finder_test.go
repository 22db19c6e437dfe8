package steps

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// ev writes a slice; times are whole µs.
func ev(cat, name, pid, tid string, ts, dur int) string {
	if cat != "" {
		cat = `"cat":"` + cat + `",`
	}
	return fmt.Sprintf(`{"ph":"X",%s"name":"%s","pid":%s,"tid":%s,"ts":%d,"dur":%d}`, cat, name, pid, tid, ts, dur)
}

func doc(events ...string) []byte {
	return []byte(`{"traceEvents":[` + strings.Join(events, ",\n") + `]}`)
}

func note(name string, ts, dur int) string { return ev("user_annotation", name, "7", "7", ts, dur) }

func high(name string, ts, dur int) string { return ev("", name, "9", "3", ts, dur) }

// told writes the steps of a run: label, start and end in µs.
func told(r *Run) string {
	var s []string
	for i := range r.Steps {
		t := &r.Steps[i]
		s = append(s, fmt.Sprintf("%s %d-%d", t.Label, t.Start/1000, t.End/1000))
	}
	return strings.Join(s, ", ")
}

func TestOutermostStepsOfOneTrackInOrder(t *testing.T) {
	r := find(t, doc(
		note("step[DECODE bs=3]", 300, 50),
		note("step[DECODE bs=1]", 100, 90),
		note("step[DECODE bs=2]", 110, 20), // inside the one before
		note("step[DECODE bs=1]", 100, 90), // the same again
		note("step[DECODE bs=4]", 340, 50), // overlaps, but is not inside
		note("step[DECODE bs=9]", 390, 0),  // begins where the one before ends
		ev("gpu_user_annotation", "step[DECODE bs=1]", "0", "7", 105, 90),
		ev("cpu_op", "step[DECODE bs=5]", "7", "7", 500, 90),
		ev("user_annotation", "step[DECODE bs=6]", "8", `"other"`, 600, 90),
		`{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=7]","pid":7,"tid":7,"ts":700}`,
		`{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=8]","pid":7,"tid":7,"ts":-9,"dur":3}`,
		`{"ph":"i","cat":"user_annotation","name":"step[DECODE bs=8]","pid":7,"tid":7,"ts":800}`,
	), Options{})
	if got, want := told(r), "step[DECODE bs=1] 100-190, step[DECODE bs=3] 300-350, step[DECODE bs=4] 340-390, step[DECODE bs=9] 390-390"; got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	if want := `4 steps by SGLang on pid 7, tid 7, such as "step[DECODE bs=1]"; not taken: 1 step by SGLang on pid 8, tid other`; r.String() != want {
		t.Errorf("got  %v\nwant %s", r, want)
	}
	for i, want := range [][2]trace.Time{{100_000, 300_000}, {300_000, 340_000}, {340_000, 390_000}, {390_000, 390_001}} {
		if from, to := r.Window(i); from != want[0] || to != want[1] {
			t.Errorf("window %d: %d to %d, want %v", i, from, to, want)
		}
	}
}

func TestChoiceOfRow(t *testing.T) {
	frame := func(ts int) string { return ev("python_function", "vllm/v1/engine/core.py(3): step", "7", "7", ts, 5) }
	scoped := note("gpu_model_runner: forward", 20, 5)
	for _, c := range []struct {
		name, producer string
		events         []string
	}{
		{"a server before a training loop", "vLLM", []string{note("ProfilerStep#1", 1, 9), note("ProfilerStep#2", 10, 9), note("execute_context_0(0)_generation_1(1)", 2, 3)}},
		{"training before scopes", "PyTorch's profiler", []string{scoped, scoped, note("ProfilerStep#1", 1, 9), frame(3), frame(50)}},
		{"scopes before frames", "vLLM's scopes", []string{scoped, frame(30), frame(50)}},
		{"frames where there is nothing else", "the Python stack", []string{frame(30), note("else", 1, 2)}},
		{"the most steps", "SGLang", []string{note("execute_new_1_cached_2", 1, 5), note("step[IDLE]", 2, 1), note("step[IDLE]", 4, 1)}},
		{"the upper row at a tie", "vLLM of 2025", []string{note("step[IDLE]", 2, 1), note("execute_new_1_cached_2", 1, 5)}},
		{"an older profiler", "PyTorch's profiler", []string{ev("Operator", "ProfilerStep#4", "7", "7", 1, 2)}},
		{"Gaudi", "vLLM on Gaudi", []string{high("decode", 1, 5), note("ProfilerStep#1", 0, 9)}},
	} {
		if r := find(t, doc(c.events...), Options{}); r.Producer != c.producer {
			t.Errorf("%s: taken are %v", c.name, r)
		}
	}
}

func TestChoiceOfTrack(t *testing.T) {
	on := func(pid, tid string, ts int) string { return ev("user_annotation", "ProfilerStep#3", pid, tid, ts, 2) }
	data := doc(on("5", "5", 1), on(`"rank 1"`, `"main"`, 3), on("4", "5", 10), on("4", "5", 20), on(`"rank 1"`, `"main"`, 30))
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "2 steps by PyTorch's profiler on pid rank 1, tid main"}, // the first of two with as many
		{Options{Pid: "5"}, "1 step by PyTorch's profiler on pid 5, tid 5"},
		{Options{Tid: "5"}, "2 steps by PyTorch's profiler on pid 4, tid 5"},
		{Options{Pid: "rank 1", Tid: "main"}, "2 steps by PyTorch's profiler on pid rank 1, tid main"},
	} {
		if r := find(t, data, c.o); r.Seen.String() != c.want {
			t.Errorf("%+v: %v, want %s", c.o, r.Seen, c.want)
		}
	}
	_, err := learn(t, data, Options{Pid: "6"}).Run()
	var missing *NoMarkersError
	if !errors.As(err, &missing) || len(missing.Elsewhere) != 3 || !strings.Contains(err.Error(), "on pid 6") {
		t.Errorf("error %v", err)
	}
}

func TestMarkersOfTheUser(t *testing.T) {
	data := doc(note("execute_new_1_cached_2", 1, 5), note("tick 12 of 99", 10, 5), note("tick 13 of 99", 20, 5), note("tick x of 99", 30, 5),
		note(`tick \"14\" of 99`, 40, 5), ev("gpu_user_annotation", "tick 15 of 99", "0", "7", 50, 5), ev("cpu_op", "tick 11 of 99", "7", "7", 5, 2))
	r := find(t, data, Options{Marker: regexp.MustCompile(`^tick "?(?P<number>\d+)"? `)})
	if got, want := told(r), `tick 11 of 99 5-7, tick 12 of 99 10-15, tick 13 of 99 20-25, tick "14" of 99 40-45`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for i := range r.Steps {
		if r.Steps[i].Number != int64(11+i) {
			t.Errorf("step %d has number %d", i, r.Steps[i].Number)
		}
	}
	_, err := learn(t, data, Options{Marker: regexp.MustCompile("tock")}).Run()
	var missing *NoMarkersError
	if !errors.As(err, &missing) || err.Error() != "no markers of steps" {
		t.Fatalf("error %v", err)
	}
	if got := strings.Join(missing.Details(), "; "); !strings.HasPrefix(got, `looked for tock; the commonest annotations are "tick # of #" (2), `) {
		t.Error(got)
	}
}

func TestMarkersOfTheUserOnGaudi(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 40, Layers: 1})
	r := find(t, data, Options{Marker: regexp.MustCompile("^decode$")})
	i := 0
	for _, s := range truth.Steps {
		for _, b := range s.Batches {
			if b.Phase != tracegen.Decode {
				continue
			}
			got := r.Steps[i]
			if int64(got.Start) != b.StartNS || got.Requests != int32(b.Requests) || got.Bucket.Batch != int32(b.BucketSize) ||
				got.Phase != Decode || got.Recompiled() != (b.Compile != nil) || got.Warmup != s.Warmup {
				t.Errorf("batch %d: %+v, want %+v", i, got, b)
			}
			i++
		}
	}
	if i != len(r.Steps) {
		t.Errorf("%d steps, there are %d", len(r.Steps), i)
	}
}

func TestNothingToBeFound(t *testing.T) {
	var events []string
	for i := range 12 {
		for range i + 1 {
			events = append(events, note(fmt.Sprintf("task%c %d", 'a'+i, len(events)), len(events), 1))
		}
	}
	_, err := learn(t, doc(events...), Options{}).Run()
	var missing *NoMarkersError
	if !errors.As(err, &missing) {
		t.Fatalf("error %v", err)
	}
	var names []string
	for _, n := range missing.Names {
		names = append(names, fmt.Sprintf("%s %d", n.Name, n.Count))
	}
	want := "taskl # 12, taskk # 11, taskj # 10, taski # 9, taskh # 8, taskg # 7, taskf # 6, taske # 5, taskd # 4, taskc # 3"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("names %s\nwant  %s", got, want)
	}
	if !slices.Contains(missing.LookedFor, "ProfilerStep#…") || !slices.Contains(missing.LookedFor, "step[…") {
		t.Errorf("looked for %q", missing.LookedFor)
	}
	missing.Names[0].Name = strings.Repeat("ä", 100)
	if got, want := missing.Names[0].String(), `"`+strings.Repeat("ä", 60)+`…" (12)`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err = learn(t, doc(), Options{}).Run(); !errors.As(err, &missing) || missing.Details()[1] != "there are no annotations at all" {
		t.Errorf("error %v", err)
	}
}

func TestCensusIsBounded(t *testing.T) {
	var c census
	for i := range 3 * maxShapes {
		c.add([]byte(strings.Repeat("x", i%97) + strings.Repeat("y", i/97)))
	}
	if len(c.counts) != maxShapes {
		t.Errorf("%d shapes", len(c.counts))
	}
}

func TestLearnAllocatesForMarkersOnly(t *testing.T) {
	data, _ := tracegen.Text(t, tracegen.Config{Producer: tracegen.CUDA, Steps: 3, Layers: 2, Hardware: true, Python: true})
	var events []trace.Event
	f := learn(t, data, Options{})
	learnAll(t, data, func(e *trace.Event) {
		before := len(f.marks)
		if f.Learn(e); len(f.marks) == before {
			events = append(events, e.Clone())
		}
	})
	if len(events) < 500 {
		t.Fatalf("only %d events", len(events))
	}
	if n := testing.AllocsPerRun(3, func() {
		for i := range events {
			f.Learn(&events[i])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLearn(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{Producer: tracegen.CUDA, Steps: 20, Layers: 8, Hardware: true, Python: true})
	var events []trace.Event
	learnAll(b, data, func(e *trace.Event) { events = append(events, e.Clone()) })
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := NewFinder(Options{})
		for i := range events {
			f.Learn(&events[i])
		}
	}
}
