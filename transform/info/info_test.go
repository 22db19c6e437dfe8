package info

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/term"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

func source(t testing.TB, data []byte) *trace.Source {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func inspect(t testing.TB, data []byte, o Options) *Info {
	t.Helper()
	i, _, err := Inspect(t.Context(), source(t, data), o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// realTraces are those of testdata, packed as they are.
func realTraces(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

func TestRandomTracesAgreeWithTheNaiveReference(t *testing.T) {
	for seed := range seeds(300) {
		rng := rand.New(rand.NewPCG(seed, 11))
		data := reference.Random(rng, 5+rng.IntN(80))
		judge(t, data, inspect(t, data, Options{}))
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, data)
		}
	}
}

func TestRealTracesAgreeWithTheNaiveReference(t *testing.T) {
	for name, data := range realTraces(t) {
		t.Run(name, func(t *testing.T) { judge(t, unpack(t, data), inspect(t, data, Options{})) })
	}
}

// judge compares what was counted with what the naive reference counts.
func judge(t *testing.T, data []byte, i *Info) {
	t.Helper()
	want := plainly(t, data)
	got := tallies{}
	for _, k := range i.Kinds {
		got.add("kind "+k.Phase+" "+k.Cat, tally{k.Events, int64(k.Busy)})
	}
	for _, p := range i.Processes {
		got.add("process "+p.Pid, tally{p.Events, 0})
		for _, n := range p.Threads {
			got.add("thread "+p.Pid+" "+n.Tid, tally{n.Events, int64(n.Busy)})
		}
		if !slices.IsSortedFunc(p.Threads, func(a, b Thread) int { return int(b.Busy - a.Busy) }) {
			t.Errorf("threads are not in order: %+v", p.Threads)
		}
	}
	if !inOrder(parse(t, data)) { // which end belongs to which begin, one reading can't know
		got.forgetBusy()
		want.forgetBusy()
	}
	cmptest.Same(t, "the census", want, got)
	judgeBytes(t, data, i)
}

// judgeBytes checks that nothing but what stands around events is on no account.
func judgeBytes(t *testing.T, data []byte, i *Info) {
	t.Helper()
	if i.Bytes != int64(len(data)) {
		t.Errorf("%d bytes, want %d", i.Bytes, len(data))
	}
	parsed, raw := parse(t, data), int64(0)
	for k := range parsed.Events {
		raw += int64(len(parsed.Events[k].Raw))
	}
	var kinds, processes, threads int64
	for _, k := range i.Kinds {
		kinds += k.Bytes
		if k.Phase != "M" {
			processes += k.Bytes
		}
	}
	if commas := int64(len(parsed.Events)); kinds < raw || kinds+commas > i.Bytes {
		t.Errorf("kinds have %d bytes, events %d, the trace %d", kinds, raw, i.Bytes)
	}
	for _, p := range i.Processes {
		processes -= p.Bytes
		for _, n := range p.Threads {
			threads += n.Bytes
		}
		threads -= p.Bytes
	}
	if processes != 0 || threads != 0 {
		t.Errorf("%d bytes are in no process, %d in no thread", processes, threads)
	}
}

func TestStepsAndRequestsOfGeneratedTraces(t *testing.T) {
	for _, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 120, Hardware: true, Layers: 1, OutputLen: 12},
		{Producer: tracegen.CUDA, Steps: 60, Layers: 1},
		{Producer: tracegen.SGLang, Steps: 60, Layers: 1, Odd: tracegen.Odd{Async: true}},
	} {
		t.Run(string(c.Producer), func(t *testing.T) {
			data, truth := tracegen.Text(t, c)
			i := inspect(t, data, Options{})
			if i.Events != truth.Events || int64(i.Zero) != truth.MinNS || int64(i.Last) != truth.MaxNS {
				t.Errorf("%d events from %d to %d, want %d from %d to %d", i.Events, i.Zero, i.Last, truth.Events, truth.MinNS, truth.MaxNS)
			}
			judgeSteps(t, i, &truth)
			judgeCompiles(t, i, &truth)
			judgeRequests(t, i, &truth, c.Odd.Async)
		})
	}
}

func judgeSteps(t *testing.T, i *Info, truth *tracegen.Truth) {
	t.Helper()
	type key struct {
		phase  string
		warmup bool
	}
	durations := map[key][]int64{}
	for _, s := range truth.Steps {
		k := key{s.Phase, s.Warmup}
		durations[k] = append(durations[k], s.EndNS-s.StartNS)
	}
	if i.Steps == nil || i.Steps.Count != len(truth.Steps) || len(i.Steps.Phases) != len(durations) {
		t.Fatalf("steps are %+v, want %d in %d phases", i.Steps, len(truth.Steps), len(durations))
	}
	for _, p := range i.Steps.Phases {
		d := durations[key{p.Phase, p.Warmup}]
		slices.Sort(d)
		median, most := d[(len(d)-1)/2], d[len(d)-1]
		if p.Count != len(d) || int64(p.P50) != median || int64(p.Max) != most {
			t.Errorf("%+v, want %d steps, median %d, longest %d", p, len(d), median, most)
		}
		of := slices.DeleteFunc(slices.Clone(truth.Steps), func(s tracegen.Step) bool { return s.Phase != p.Phase || s.Warmup != p.Warmup })
		if int64(p.First) != of[0].StartNS || int64(p.Last) != of[len(of)-1].EndNS {
			t.Errorf("%+v, want from %d to %d", p, of[0].StartNS, of[len(of)-1].EndNS)
		}
	}
}

func judgeCompiles(t *testing.T, i *Info, truth *tracegen.Truth) {
	t.Helper()
	n, total, first, last := 0, int64(0), int64(0), int64(0)
	for _, s := range truth.Steps {
		for _, b := range s.Batches {
			if c := b.Compile; c != nil {
				if n++; n == 1 {
					first = c.StartNS
				}
				total += c.EndNS - c.StartNS
				last = max(last, c.EndNS)
			}
		}
	}
	if r := i.Recompilations; r.Count != n || int64(r.Total) != total || int64(r.First) != first || int64(r.Last) != last {
		t.Errorf("recompilations are %+v, want %d of %d ns from %d to %d", r, n, total, first, last)
	}
}

func judgeRequests(t *testing.T, i *Info, truth *tracegen.Truth, named bool) {
	t.Helper()
	r := i.Requests
	if r == nil {
		if named || truth.Producer == tracegen.Gaudi {
			t.Error("no requests")
		}
		return
	}
	unfinished := 0
	for _, q := range truth.Requests {
		if q.Unfinished {
			unfinished++
		}
	}
	if r.Count != len(truth.Requests) || r.Unfinished != unfinished || (r.Source == "events") != named {
		t.Errorf("requests are %+v, want %d, of which %d unfinished", r, len(truth.Requests), unfinished)
	}
}

func TestProducersAreFoundByTheDocument(t *testing.T) {
	all := realTraces(t)
	i := inspect(t, all["vllm_decode_one_step.json.gz"], Options{})
	if i.Producer != "vLLM, PyTorch's profiler" || i.Wall != "2026-03-17T01:12:10.853487683Z" || i.Format != "gzip" {
		t.Errorf("%q, %q, %q", i.Producer, i.Wall, i.Format)
	}
	i = inspect(t, all["triton_one_kernel.json.gz"], Options{})
	for _, want := range []Hint{{"deviceProperties", "8 × NVIDIA A100-PG509-200"}, {"cupti_version", "18"}} {
		if !slices.Contains(i.Hints, want) {
			t.Errorf("%v does not have %v", i.Hints, want)
		}
	}
	data, _ := tracegen.Text(t, tracegen.Config{Steps: 3, Hardware: true, Layers: 1})
	if i = inspect(t, data, Options{}); !strings.Contains(i.Producer, "Gaudi") {
		t.Errorf("%q", i.Producer)
	}
	if i = inspect(t, []byte(`[{"ph":"i","ts":5}]`), Options{}); i.Producer != "unknown" || i.Wall != "" {
		t.Errorf("%q, %q", i.Producer, i.Wall)
	}
}

// TestInspectLooksAtEveryEvent is for pages that are made in the same reading.
func TestInspectLooksAtEveryEvent(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 3, Layers: 1})
	var text, events int
	inspect(t, data, Options{Look: func(p *trace.Part) {
		text += len(p.Text)
		events += len(p.Events)
	}})
	if int64(events) != truth.Events || text == 0 {
		t.Errorf("%d events and %d bytes of the document", events, text)
	}
}

func TestTextFitsAScreen(t *testing.T) {
	data, _ := tracegen.Text(t, tracegen.Config{Steps: 200, Hardware: true, Python: true, Layers: 1, OutputLen: 9})
	all := realTraces(t)
	all["generated"] = data
	for name, data := range all {
		i := inspect(t, data, Options{loadable: 1})
		var b bytes.Buffer
		if err := i.WriteText(&b, TextOptions{Name: name, Rows: 6}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		b.Reset()
		if err := i.WriteText(&b, TextOptions{Name: name, Rows: 6, Screen: term.Screen{Width: 80}}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(line)) - 1; n > 80 {
				t.Errorf("%s: a line of %d characters for a screen of 80: %s", name, n, line)
			}
		}
		if len(lines) > 42 || strings.Contains(b.String(), "\x1b") {
			t.Errorf("%s: %d lines\n%s", name, len(lines), b.String())
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{TargetBytes: 20 << 20, Hardware: true, Python: true})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		inspect(b, data, Options{})
	}
}

func TestATraceOfNothing(t *testing.T) {
	for _, text := range []string{`[]`, `{"traceEvents":[]}`, `[{"ph":"M","name":"process_name","pid":1,"args":{"name":"x"}}]`} {
		var b bytes.Buffer
		i := inspect(t, []byte(text), Options{})
		if err := i.WriteText(&b, TextOptions{Name: "t", Rows: 6}); err != nil {
			t.Fatal(err)
		}
		if len(i.Predictions) > 0 || fmt.Sprint(i.Last-i.Zero) != "0" || !strings.Contains(b.String(), "no markers of steps") {
			t.Errorf("%s: %+v\n%s", text, i, b.String())
		}
	}
}

// seeds is how many random traces are drawn.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return n / 8
	}
	return n
}

// What no tab of a browser holds is said to be so, with what shows it.
func TestTooBigForATab(t *testing.T) {
	for _, c := range []struct {
		bytes int64
		want  bool
	}{{1_200_000_000, false}, {1_200_000_001, true}} {
		var b bytes.Buffer
		if err := (&Info{Bytes: c.bytes}).WriteText(&b, TextOptions{Name: "x.json", Rows: 3}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "tracekit open"); got != c.want {
			t.Errorf("%d bytes: it names open: %v\n%s", c.bytes, got, &b)
		}
	}
}
