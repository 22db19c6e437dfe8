package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/report"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// fileOf returns a Source of a file with some text, and who it is; nil if it is of another kind.
func fileOf(t *testing.T, text []byte) (*trace.Source, trace.Identity) {
	t.Helper()
	r := bytes.NewReader(text)
	s, err := trace.NewSource(r, r.Size(), trace.SourceOptions{})
	if err != nil {
		return nil, trace.Identity{}
	}
	t.Cleanup(func() { s.Close() })
	id, err := trace.Identify(r, r.Size(), time.Unix(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	return s, id
}

// indexOf returns the index of a text as it comes out of a file; nil if the text is no trace.
func indexOf(t *testing.T, text []byte) *trace.Index {
	t.Helper()
	s, id := fileOf(t, text)
	if s == nil {
		return nil
	}
	x, err := Build(t.Context(), s, id, nil)
	if err != nil {
		return nil
	}
	if x, err = trace.ParseIndex(x.Append(nil)); err != nil {
		t.Fatal(err)
	}
	return x
}

// measured is all that a report says.
type measured struct {
	Report      *report.Report
	Attribution string
	Shortest    trace.Time
	Device      []string
	Document    string
	Err         string
}

// measure reports of a text, by an index unless that is nil.
func measure(t *testing.T, text []byte, x *trace.Index, o report.Options) (m measured) {
	t.Helper()
	s, id := fileOf(t, text)
	if x != nil {
		if err := s.Use(x, id); err != nil {
			t.Fatal(err)
		}
	}
	o.Temp = func() (*spill.File, error) { return spill.Create("") }
	if o.Communication {
		o.Device = func(e *trace.Event, repeats bool) { m.Device = append(m.Device, fmt.Sprint(string(e.Raw()), repeats)) }
		o.Document = func(text []byte) { m.Document += string(text) }
	}
	r, err := report.Run(t.Context(), s, o)
	if err != nil {
		m.Err = err.Error()
		return m
	}
	attributed, err := json.Marshal(r.Attribution)
	if err != nil {
		t.Fatal(err)
	}
	m.Attribution, m.Shortest = string(attributed), r.Shortest
	r.Attribution, r.Survey = nil, nil
	m.Report = r
	return m
}

// reports are ways to ask for one.
func reports(t *testing.T) map[string]report.Options {
	bound := func(text string) window.Bound {
		b, err := window.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	middle := &window.Range{From: bound("30%"), To: bound("70%")}
	choice, err := steps.ParseChoice("1..2")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]report.Options{
		"all":         {},
		"a range":     {Range: middle},
		"of a rank":   {Range: middle, Communication: true},
		"the capture": {Range: &window.Range{Capture: true}},
		"steps":       {Range: &window.Range{Steps: &choice}},
		"a process":   {Markers: steps.Options{Pid: "1"}},
		"attributed": {Communication: true, Windows: func(r *report.Report) []report.Window {
			third := r.Length() / 3
			return []report.Window{{Start: r.From, End: r.From.Add(third), Cell: 0}, {Start: r.From.Add(third), End: r.To, Cell: 1}}
		}},
	}
}

// mustAgree fails the test if any report of a text is another with an index of it.
func mustAgree(t *testing.T, name string, text []byte) (has bool) {
	t.Helper()
	x := indexOf(t, text)
	if x == nil {
		return false
	}
	s, id := fileOf(t, text)
	if err := s.Use(x, id); err != nil {
		t.Fatal(err)
	}
	if !report.NewFirst().Restore(s) {
		t.Errorf("%s: the index has nothing for reports", name)
	}
	for how, o := range reports(t) {
		if !cmptest.Same(t, name+": "+how, measure(t, text, nil, o), measure(t, text, x, o)) {
			t.Logf("%s", text[:min(len(text), 5000)])
		}
	}
	return true
}

// A report by an index is that of the trace read twice: of what was recorded, of what was generated, and of what
// no profiler writes.
func TestReportsByAnIndex(t *testing.T) {
	names := []string{"vllm*.gz", "gaudi/unified.json.gz", "gaudi/idle.json.gz", "merged/*", "cases/7*"}
	rounds := 60
	if !testing.Short() {
		names, rounds = []string{"*.gz", "gaudi/*.gz", "merged/*", "cases/*"}, 150
	}
	for _, pattern := range names {
		files, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil {
				mustAgree(t, file, text)
			}
		}
	}
	for i, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 8, Layers: 1, Hardware: true, Python: true, Warmup: 2},
		{Producer: tracegen.CUDA, Steps: 8, Layers: 1, Hardware: true, Python: true, Epoch: true},
		{Producer: tracegen.SGLang, Steps: 8, Layers: 1, Hardware: true, Odd: tracegen.Odd{BeginEnd: true, Async: true, BindFlows: true, NaN: true, Truncate: true}},
	} {
		text, _ := tracegen.Text(t, c)
		mustAgree(t, fmt.Sprint("generated ", i), text)
	}
	mustAgree(t, "operations and modules", []byte(`[{"ph":"M","name":"process_name","pid":3,"args":{"name":"/device:TPU:0"}},
{"ph":"M","name":"thread_name","pid":3,"tid":1,"args":{"name":"XLA Modules"}},{"ph":"M","name":"thread_name","pid":3,"tid":2,"args":{"name":"XLA Ops"}},
{"ph":"X","name":"jit_step","pid":3,"tid":1,"ts":10,"dur":90},{"ph":"X","name":"fusion","pid":3,"tid":2,"ts":20,"dur":40},{"ph":"X","name":"copy","pid":3,"tid":2,"ts":70,"dur":20}]`))
	found := 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 31))
		text := muddle(rng, 5+rng.IntN(120))
		if seed%4 == 0 {
			text = reference.Random(rng, 5+rng.IntN(80))
		}
		if seed%5 == 0 && len(text) > 0 { // damage
			text[rng.IntN(len(text))] = byte(rng.Uint32())
		}
		if mustAgree(t, fmt.Sprint("seed ", seed), text) {
			found++
		}
	}
	if found < rounds/2 {
		t.Errorf("%d of %d are traces", found, rounds)
	}
}

// muddle is a trace of hosts and devices in every order, with names anywhere.
func muddle(rng *rand.Rand, n int) []byte {
	one := func(of ...string) string { return of[rng.IntN(len(of))] }
	cats := []string{"kernel", "cuda_runtime", "cpu_op", "python_function", "gpu_memcpy", "user_annotation", "gpu_user_annotation", "", "odd", "external", "Kernel", "Trace", "cuda_driver"}
	names := []string{"ProfilerStep#1", "ProfilerStep#2", "nccl:all_reduce", "ncclDevKernel_AllReduce", "gemm", "a.py(3): f", "b.py(4): g", "decode", "prefill", "cudaLaunchKernel", "execute_1_2", "launch"}
	pids := []string{"0", "1", "2", `"Spans"`, "-3"}
	tids := []string{"0", "7", "20", `"stream 7"`, `"x"`}
	var events []string
	for i := range n {
		ts := i * 10
		if rng.IntN(3) == 0 {
			ts = rng.IntN(n * 10)
		}
		head := fmt.Sprintf(`"pid":%s,"tid":%s,"ts":%d`, one(pids...), one(tids...), ts)
		args := fmt.Sprintf(`"args":{%s}`, one(`"correlation":`+fmt.Sprint(rng.IntN(9)), `"stream":7,"correlation":3`, `"External id":4`, `"bytes":1`, `"recipe":"r","Engine":"TPC"`, `"tracekit.count":3,"tracekit.busy":2.5,"tracekit.names":{"gemm":[2,1.5]}`))
		switch rng.IntN(10) {
		case 0:
			what := one("process_name", "thread_name", "process_labels")
			events = append(events, fmt.Sprintf(`{"ph":"M","name":"%s",%s,"args":{"name":"%[3]s","labels":"%[3]s"}}`, what, head, one("python", "GPU 0", "stream 7", "Steps", "CPU", "HPU 0", "TPC", "vLLM", "XLA Modules", "XLA Ops", "/device:TPU:0")))
		case 1, 2:
			events = append(events, fmt.Sprintf(`{"ph":"%s","cat":"%s","name":"%s",%s,%s}`, one("B", "E"), one(cats...), one(names...), head, args))
		case 3:
			events = append(events, fmt.Sprintf(`{"ph":"%s","cat":"ac2g","name":"ac2g","id":%d,"bp":"e",%s}`, one("s", "f"), rng.IntN(9), head))
		case 4:
			events = append(events, fmt.Sprintf(`{"ph":"C","name":"queue",%s,"args":{"v":%d}}`, head, i))
		default:
			events = append(events, fmt.Sprintf(`{"ph":"X","cat":"%s","name":"%s","dur":%s,%s,%s}`, one(cats...), one(names...)+one("", "", " 3"), one("0", "5", "30", "2.5", "300"), head, args))
		}
	}
	device := one(``, `"deviceProperties":[{"id":0,"name":"NVIDIA H100"},{"id":1,"name":"Intel Gaudi3"}],`)
	return []byte(fmt.Sprintf(`{%s"schemaVersion":1,"traceEvents":[%s],"displayTimeUnit":"ms"%s}`, device, strings.Join(events, ",\n"), one(``, `,"deviceProperties":[{"id":2,"name":"NVIDIA H100"}]`)))
}

// What was forged is refused, or has other reports: it does no harm.
func TestForgedReports(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	text := muddle(rng, 150)
	good := indexOf(t, text)
	snapshot := good.Get(report.IndexName())
	rounds, read := 150, 0
	if testing.Short() {
		rounds = 50
	}
	for range rounds {
		bad := slices.Clone(snapshot)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		s, id := fileOf(t, text)
		x, err := s.Index(t.Context(), id, nil)
		if err != nil {
			t.Fatal(err)
		}
		x.Put(report.IndexName(), bad, 1<<20)
		for _, kept := range []string{steps.CaptureName, steps.IndexName()} {
			x.Put(kept, good.Get(kept), 1<<20)
		}
		for _, o := range []report.Options{{}, reports(t)["attributed"]} {
			if measure(t, text, x, o).Err == "" {
				read++
			}
		}
	}
	if read < rounds {
		t.Errorf("%d of %d are read", read, 2*rounds)
	}
}

// What a report has to know is left out where it would find no room, and so is what would take too much memory
// to learn: reports are what they are without an index.
func TestReportsOfManyThreads(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`{"traceEvents":[`)
	n := 20_000
	for i := range n {
		fmt.Fprintf(&b, `{"ph":"X","cat":"cpu_op","name":"a","pid":%d,"tid":%d,"ts":%d,"dur":1},`, i%97, i*7919%n, i)
	}
	b.WriteString(`{"ph":"i","name":"end","pid":1,"tid":1,"ts":5,"s":"t"}]}`)
	x := indexOf(t, b.Bytes())
	if x.Get(report.IndexName()) != nil {
		t.Error("it found room")
	}
	o := reports(t)["a range"]
	cmptest.Same(t, "the report", measure(t, b.Bytes(), nil, o), measure(t, b.Bytes(), x, o))
}
