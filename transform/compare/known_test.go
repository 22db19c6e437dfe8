package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/report"
	"tracekit/transform/steps"
)

// made is a run of a server as it would be traced, with changes that are known.
type made struct {
	seed   uint64
	steps  int
	gemm   float64 // how much longer the kernel gemm takes
	extra  int64   // ns of a new function of Python
	large  float64 // share of the steps with 64 requests, which take twice as long
	drift  float64 // by which the last step takes longer than the first
	silent bool    // no step differs from another
}

// write returns the trace, and how long its steps and their gaps, and in them gemm, took.
func (r made) write() (text []byte, took, gemm float64) {
	rng := rand.New(rand.NewPCG(r.seed, 30))
	noise := func() float64 {
		if r.silent {
			return 1
		}
		return 1 + 0.02*rng.NormFloat64()
	}
	var events []string
	slice := func(cat, name string, pid, tid int, start, end int64, args string) {
		events = append(events, fmt.Sprintf(`{"ph":"X","cat":%q,"name":%q,"pid":%d,"tid":%d,"ts":%s,"dur":%s,"args":{%s}}`, cat, name, pid, tid,
			trace.AppendMicros(nil, trace.Time(start)), trace.AppendMicros(nil, trace.Time(end-start)), args))
	}
	at, launch := int64(1_000_000), 0
	kernels := []struct {
		op, name string
		ns       float64
	}{{"aten::mm", "void gemm<128>(float*)", 400e3}, {"aten::softmax", "softmax", 100e3}, {"aten::mm", "void gemm<128>(float*)", 200e3}, {"aten::add", "add", 50e3}}
	for i := range r.steps {
		start, slow, requests := at, 1+r.drift*float64(i)/float64(r.steps), 8
		if rng.Float64() < r.large {
			slow, requests = 2*slow, 64
		}
		ready := at
		t := at + 10_000
		for _, k := range kernels {
			launch++
			slice("cpu_op", k.op, 5, 1, t, t+9_000, "")
			slice("cuda_runtime", "cudaLaunchKernel", 5, 1, t+2_000, t+6_000, fmt.Sprintf(`"correlation":%d`, launch))
			ns := k.ns * slow * noise()
			if strings.Contains(k.name, "gemm") {
				ns *= 1 + r.gemm
				gemm += math.Floor(ns)
			}
			begin := max(ready, t+8_000)
			ready = begin + int64(ns)
			slice("kernel", k.name, 0, 7, begin, ready, fmt.Sprintf(`"stream":7,"correlation":%d`, launch))
			t += 10_000
		}
		slice("cuda_runtime", "cudaStreamSynchronize", 5, 1, t, ready, "")
		t = ready
		sample := int64(60e3 * noise())
		slice("python_function", "sampler.py(20): sample", 5, 1, t, t+sample, "")
		t += sample
		if r.extra > 0 {
			slice("python_function", "check.py(1): validate", 5, 1, t, t+r.extra, "")
			t += r.extra
		}
		slice("python_function", "engine.py(10): step", 5, 1, start+1, t+1000, "")
		t += 2_000
		slice("user_annotation", fmt.Sprintf("execute_context_0(0)_generation_%d(%d)", requests, requests), 5, 1, start, t, "")
		at = t + int64(20e3*noise())
		if i == r.steps-1 {
			took += float64(t - start)
		} else {
			took += float64(at - start)
		}
	}
	return []byte(`{"traceEvents":[` + strings.Join(events, ",\n") + `]}`), took / float64(r.steps), gemm / float64(r.steps)
}

func read(t testing.TB, name string, text []byte, sel Selection) *Input {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	in, _, err := Measure(t.Context(), s, name, report.Options{}, sel)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func pair(t testing.TB, a, b []byte) *Result {
	t.Helper()
	r := Compare([]Run{{"a", []*Input{read(t, "a", a, Selection{})}}}, []Run{{"b", []*Input{read(t, "b", b, Selection{})}}})
	judgeSums(t, r)
	return r
}

// judgeSums holds the law: what the change is made of adds up to it.
func judgeSums(t testing.TB, r *Result) {
	t.Helper()
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9*max(1, math.Abs(r.Whole.Before), math.Abs(r.Whole.After)) {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	near("step and shift", r.Step.Change+r.Shift.Change, r.Whole.Change)
	var explained, places, mix Change
	for _, row := range r.Explained {
		explained = Change{Before: explained.Before + row.Before, After: explained.After + row.After, Change: explained.Change + row.Change.Change}
	}
	for _, p := range r.Attribution {
		places = Change{Before: places.Before + p.Before, After: places.After + p.After, Change: places.Change + p.Change.Change}
	}
	for _, m := range r.Mix {
		mix.Change += m.Change
	}
	for _, d := range []Change{explained, places} {
		near("the sum before", d.Before, r.Step.Before)
		near("the sum after", d.After, r.Step.After)
		near("the sum of changes", d.Change, r.Step.Change)
	}
	near("the mix", mix.Change, r.Shift.Change)
	root := r.Tree()
	near("the tree", root.Change, r.Step.Change)
	var judge func(b *Branch)
	judge = func(b *Branch) {
		if len(b.Children) == 0 {
			return
		}
		sum := 0.0
		for i := range b.Children {
			sum += b.Children[i].Change
			judge(&b.Children[i])
		}
		near("the branches of "+b.Name, sum, b.Change)
	}
	judge(root)
}

func within(t testing.TB, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.01*math.Abs(want) {
		t.Errorf("%s is %.0f, want %.0f", what, got, want)
	}
}

func first(t testing.TB, r *Result, want string) {
	t.Helper()
	if len(r.Answer.Because) == 0 || !strings.HasPrefix(r.Answer.Because[0], want) {
		t.Errorf("because %q, want %q first", r.Answer.Because, want)
	}
}

func TestASlowerKernelIsFound(t *testing.T) {
	a, before, gemmBefore := made{seed: 1, steps: 100}.write()
	b, after, gemmAfter := made{seed: 2, steps: 100, gemm: 0.2}.write()
	r := pair(t, a, b)
	if r.Answer.Verdict != Slower {
		t.Errorf("%+v", r.Answer)
	}
	first(t, r, "kernel void gemm<128>(float*): +")
	within(t, "the change of a step", r.Step.Change, after-before)
	within(t, "the change of gemm", r.Explained[0].Change.Change, gemmAfter-gemmBefore)
	within(t, "the change of gemm in the list of kernels", r.Kernels[0].Change.Change, gemmAfter-gemmBefore)
	if k := r.Kernels[0]; k.Name != "void gemm<128>(float*)" || k.EventsBefore != 200 || k.EventsAfter != 200 || math.Abs(*k.Percent-20) > 2 {
		t.Errorf("%+v", k)
	}
	for _, row := range append(r.Kernels[1:], r.Python...) {
		if row.Significant && row.Name != "engine.py(10): step" { // which waits for the device
			t.Errorf("%+v did not change", row)
		}
	}
	// It stands under the operator that launched it.
	if p := r.Attribution[0]; p.Phase != "decode" || p.Operator != "aten::mm" || p.Name != "void gemm<128>(float*)" {
		t.Errorf("%+v", p)
	}
}

func TestANewFunctionIsFound(t *testing.T) {
	a, before, _ := made{seed: 3, steps: 100}.write()
	b, after, _ := made{seed: 4, steps: 100, extra: 80_000}.write()
	r := pair(t, a, b)
	first(t, r, "python check.py(1): validate: +80.0 µs a step, new")
	within(t, "the change of a step", r.Step.Change, after-before)
	within(t, "the function", r.Explained[0].Change.Change, 80_000)
	if p := r.Python[0]; p.Status != "new" || p.Name != "check.py(1): validate" || !p.Significant {
		t.Errorf("%+v", p)
	}
	back := pair(t, b, a)
	if p := back.Python[0]; p.Status != "gone" || back.Answer.Verdict != Faster {
		t.Errorf("the other way round %+v, %+v", p, back.Answer)
	}
}

func TestAShiftedMixIsNotACostlierStep(t *testing.T) {
	a, before, _ := made{seed: 5, steps: 300, large: 0.2}.write()
	b, after, _ := made{seed: 6, steps: 300, large: 0.6}.write()
	r := pair(t, a, b)
	first(t, r, "other kinds of steps: +")
	within(t, "the change of all steps", r.Whole.Change, after-before)
	within(t, "the shift", r.Shift.Change, after-before)
	if r.Step.Significant || r.Answer.Verdict != Same || !r.Shift.Significant {
		t.Errorf("like with like %+v, shift %+v: %s", r.Step, r.Shift, r.Answer.Verdict)
	}
	if p := r.FailsAbove(1); p != nil {
		t.Errorf("%+v got no slower", p)
	}
	if len(r.Phases) != 1 || len(r.Buckets) != 2 {
		t.Errorf("%d phases, %d buckets", len(r.Phases), len(r.Buckets))
	}
}

// A recompilation more is found, and its step is not taken for a slow one.
func TestARecompilationMoreIsFound(t *testing.T) {
	var text bytes.Buffer
	truth, err := tracegen.Generate(&text, tracegen.Config{Producer: tracegen.Gaudi, Steps: 120, Layers: 1, Hardware: true})
	if err != nil {
		t.Fatal(err)
	}
	batch := truth.Steps[60].Batches[0]
	for i := 60; truth.Steps[i].Phase != "decode" || batch.Compile != nil; i++ {
		batch = truth.Steps[i+1].Batches[0]
	}
	extra := fmt.Sprintf(`, {"pid":%d,"tid":3,"ph":"X","name":"GRAPH COMPILE: model_new.recipe","ts":%s,"dur":2500000.0,"args":null}`, pidOf(t, text.Bytes()),
		trace.AppendMicros(nil, trace.Time(batch.StartNS)))
	at := bytes.LastIndexByte(text.Bytes(), ']')
	after := append(append(bytes.Clone(text.Bytes()[:at]), extra...), text.Bytes()[at:]...)
	r := pair(t, text.Bytes(), after)
	first(t, r, "recompilations: ")
	c := r.Recompilations
	if c.After != c.Before+1 || c.AfterTime-c.BeforeTime != 2.5e9 || c.Recipes[0].Recipe != "model_new.recipe" {
		t.Errorf("%+v", c)
	}
	aside := r.After.Runs[0].SetAside.Recompile - r.Before.Runs[0].SetAside.Recompile
	if aside != 1 || r.Answer.Verdict != Same {
		t.Errorf("%d more steps set aside, %s", aside, r.Answer.Verdict)
	}
}

// pidOf is the process of vLLM's own events.
func pidOf(t *testing.T, text []byte) int64 {
	var doc struct {
		TraceEvents []struct {
			Name string
			Pid  any
		} `json:"traceEvents"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, e := range doc.TraceEvents {
		if e.Name == "prepare_input_tensors" {
			return int64(e.Pid.(float64))
		}
	}
	t.Fatal("no step")
	return 0
}

func TestATraceAgainstItself(t *testing.T) {
	for _, m := range []made{{seed: 7, steps: 60}, {seed: 8, steps: 60, drift: 0.3}, {seed: 9, steps: 200, large: 0.4}, {seed: 1, steps: 40, silent: true}, {seed: 1, steps: 1}} {
		text, _, _ := m.write()
		r := pair(t, text, text)
		if n := alarms(r); n > 0 || r.Whole.Change != 0 {
			t.Errorf("%+v: %d things changed", m, n)
		}
	}
}

// alarms counts what is called significant.
func alarms(r *Result) (n int) {
	var all []*Change
	for _, list := range [][]Phase{r.Phases, r.Buckets} {
		for i := range list {
			all = append(all, list[i].Median)
		}
	}
	for _, list := range [][]Row{r.Explained, r.Kernels, r.Operators, r.Python, r.Communication} {
		for i := range list {
			all = append(all, &list[i].Change)
		}
	}
	for i := range r.Attribution {
		all = append(all, &r.Attribution[i].Change)
	}
	for _, d := range append(all, &r.Step, &r.Shift, &r.Whole, r.Gaps, r.DeviceBusy, r.DeviceIdle) {
		if d != nil && d.Significant {
			n++
		}
	}
	return n
}

func TestHalvesOfASteadyRun(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 5
	}
	found := 0
	for seed := range seeds {
		text, _, _ := made{seed: uint64(seed), steps: 80}.write()
		half := func(choice string) Run {
			return Run{choice, []*Input{read(t, choice, text, Selection{Steps: choose(t, choice)})}}
		}
		r := Compare([]Run{half("0..39")}, []Run{half("40..79")})
		judgeSums(t, r)
		if n := alarms(r); n > 0 {
			found++
			t.Logf("seed %d: %d things changed: %+v", seed, n, r.Answer)
		}
	}
	if found > seeds*5/100 {
		t.Errorf("%d of %d runs differ from themselves", found, seeds)
	}
}

// Several runs a side tell what a pair does not.
func TestSeveralRunsASide(t *testing.T) {
	side := func(seed uint64, gemm float64, n int) (runs []Run) {
		for i := range n {
			text, _, _ := made{seed: seed + uint64(i), steps: 60, gemm: gemm}.write()
			runs = append(runs, Run{fmt.Sprint(i), []*Input{read(t, "run", text, Selection{})}})
		}
		return runs
	}
	r := Compare(side(20, 0, 3), side(30, 0.2, 2))
	judgeSums(t, r)
	first(t, r, "kernel void gemm<128>(float*): +")
	if r.Answer.Verdict != Slower || !strings.HasPrefix(r.Answer.Proof, "3 runs before and 2 after") {
		t.Errorf("%+v", r.Answer)
	}
	same := Compare(side(40, 0, 3), side(50, 0, 3))
	if same.Answer.Verdict != Same {
		t.Errorf("%+v", same.Answer)
	}
	// Runs that differ among themselves by as much as the sides do prove nothing.
	odd := Compare(append(side(60, 0, 1), side(61, 0.4, 1)...), append(side(62, 0.1, 1), side(63, 0.5, 1)...))
	if odd.Answer.Verdict != Same {
		t.Errorf("%+v", odd.Answer)
	}
}

func choose(t testing.TB, text string) *steps.Choice {
	t.Helper()
	c, err := steps.ParseChoice(text)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// What communicates is what expressions call a collective: by name, by library, or since its thread
// is an engine that moves data between devices.
func TestCommunicationIsWhatExpressionsCallACollective(t *testing.T) {
	slice := func(name string, tid, start, took int) string {
		return fmt.Sprintf(`{"ph":"X","cat":"kernel","name":%q,"pid":0,"tid":%d,"ts":%d,"dur":%d,"args":{"stream":%[3]d,"correlation":%[4]d}}`, name, tid, start, took)
	}
	text := []byte("[" + strings.Join([]string{
		`{"ph":"M","name":"thread_name","pid":0,"tid":9,"args":{"name":"[D0] NIC 3"}}`,
		slice("void vllm::cross_device_reduce_1stage<half, 2>", 7, 10, 3),
		slice("all-reduce.12", 7, 20, 4),
		slice("copy", 9, 30, 5),
		slice("copy", 7, 40, 6),
		slice("mcclKernel_AllReduce_RING", 7, 50, 7),
		slice("my_all_reduce_free_kernel", 7, 60, 8),
	}, ",\n") + "]")
	r := pair(t, text, text)
	amounts := func(list []Row, kind report.Kind) map[string]float64 {
		all := map[string]float64{}
		for i := range list {
			if list[i].Kind == string(kind) {
				all[list[i].Name] += list[i].Before
			}
		}
		return all
	}
	communication := map[string]float64{"void vllm::cross_device_reduce_1stage<half, 2>": 3e3, "all-reduce.12": 4e3, "copy": 5e3, "mcclKernel_AllReduce_RING": 7e3}
	cmptest.Same(t, "communication", communication, amounts(r.Communication, report.CommunicationTime))
	cmptest.Same(t, "communication among kernels", communication, amounts(r.Kernels, report.CommunicationTime))
	cmptest.Same(t, "other kernels", map[string]float64{"copy": 6e3, "my_all_reduce_free_kernel": 8e3}, amounts(r.Kernels, report.KernelTime))
	cmptest.Same(t, "what communication hides behind nothing", communication, amounts(r.Explained, report.CommunicationTime))
}
