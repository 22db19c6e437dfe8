package report

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// between is a range on the trace's own clock.
func between(t testing.TB, from, to int64) *window.Range {
	t.Helper()
	bound := func(ns int64) window.Bound {
		b, err := window.Parse("@" + string(trace.AppendMicros(nil, trace.Time(ns))))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return &window.Range{From: bound(from), To: bound(to)}
}

// draw makes a trace of frames and kernels that overlap, tie, and stand in no
// order.
func draw(rng *rand.Rand) []byte {
	var events []string
	slice := func(cat, name string, pid, tid int, start, dur int64) {
		events = append(events, fmt.Sprintf(`{"ph":"X","cat":%q,"name":%q,"pid":%d,"tid":%d,"ts":%s,"dur":%s}`, cat, name, pid, tid,
			trace.AppendMicros(nil, trace.Time(start)), trace.AppendMicros(nil, trace.Time(dur))))
	}
	names := []string{"a.py(1): f", "a.py(2): g", "<built-in method get of dict object at 0x7f01>", "<built-in method get of dict object at 0x7f02>", "nn.Module: Layer_0"}
	for range 2 + rng.IntN(40) {
		at, dur := rng.Int64N(60), rng.Int64N(20)
		switch rng.IntN(4) {
		case 0, 1:
			slice("python_function", names[rng.IntN(len(names))], 7, 7+rng.IntN(2), at, dur)
		case 2:
			slice("kernel", []string{"gemm", `soft"max`}[rng.IntN(2)], rng.IntN(2), 20+rng.IntN(2), at, dur)
		case 3:
			slice([]string{"gpu_memcpy", "gpu_user_annotation", "cpu_op"}[rng.IntN(3)], "copy", rng.IntN(2), 20+rng.IntN(3), at, dur)
		}
	}
	if rng.IntN(2) == 0 {
		slices.SortFunc(events, func(a, b string) int {
			return cmp.Compare(strings.SplitAfter(a, `"ts":`)[1], strings.SplitAfter(b, `"ts":`)[1])
		})
	}
	return []byte(`{"traceEvents":[{"ph":"i","name":"zero","pid":7,"tid":7,"ts":0,"s":"t"},` + strings.Join(events, ",\n") + `,{"ph":"i","name":"last","pid":7,"tid":7,"ts":0.1}]}`)
}

func TestRandomTracesAgreeWithTheNaiveReference(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 8))
		data := draw(rng)
		r := measured(t, data, Options{})
		judge(t, data, r, int64(r.Zero), int64(r.To)+1)
		from := rng.Int64N(50)
		to := from + 1 + rng.Int64N(40)
		judge(t, data, measured(t, data, Options{Range: between(t, from, to)}), from, to)
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, data)
		}
	}
}

func TestDeferredSlicesComeBackInOrder(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 9))
		data := draw(rng)
		want := measured(t, data, Options{})
		for _, held := range []int{1, 2, 3, 7} {
			r := measured(t, data, Options{held: held, Temp: spill.In(dir)})
			what := fmt.Sprintf("seed %d, %d held: ", seed, held)
			cmptest.Same(t, what+"Python", want.Python, r.Python)
			cmptest.Same(t, what+"devices", want.Devices, r.Devices)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v are left: %v", left, err)
	}
}

func TestReportsOfGeneratedTracesMatchTheirTruth(t *testing.T) {
	for _, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 60, Hardware: true, Python: true, Layers: 1},
		{Producer: tracegen.CUDA, Steps: 4, Hardware: true, Python: true, Layers: 1},
		{Producer: tracegen.SGLang, Steps: 20, Hardware: true, Layers: 1, Seed: 3},
		{Producer: tracegen.Gaudi, Steps: 200, Array: true},
	} {
		t.Run(fmt.Sprint(c.Producer, c.Steps), func(t *testing.T) {
			data, truth := tracegen.Text(t, c)
			r := measured(t, data, Options{})
			judgeSteps(t, r, &truth)
			judgeBuckets(t, r, &truth)
			judgeCompiles(t, r, &truth)
			if !c.Python || c.Producer != tracegen.CUDA {
				return
			}
			judge(t, data, r, truth.MinNS, truth.MaxNS+1)
		})
	}
}

func judgeSteps(t *testing.T, r *Report, truth *tracegen.Truth) {
	t.Helper()
	if len(r.Steps) != len(truth.Steps) || len(r.Gaps) != len(truth.Steps)-1 {
		t.Fatalf("%d steps and %d gaps, want %d and one less", len(r.Steps), len(r.Gaps), len(truth.Steps))
	}
	for i, w := range truth.Steps {
		s := &r.Steps[i]
		if s.Index != i || int64(s.Start) != w.StartNS || int64(s.Start+s.Duration) != w.EndNS || s.Phase != w.Phase || s.Warmup != w.Warmup {
			t.Fatalf("step %+v, want %+v", s, w)
		}
		if i == 0 {
			continue
		}
		g := &r.Gaps[i-1]
		if end := truth.Steps[i-1].EndNS; int64(g.Start) != end || int64(g.Duration) != w.StartNS-end || g.After != i-1 {
			t.Fatalf("gap %+v before step %d, want it from %d to %d", g, i, end, w.StartNS)
		}
	}
}

func judgeBuckets(t *testing.T, r *Report, truth *tracegen.Truth) {
	t.Helper()
	count := 0
	byPhase := map[string][]trace.Time{}
	for i := range truth.Steps {
		s := &truth.Steps[i]
		for _, b := range s.Batches {
			count++
			key := fmt.Sprint(b.Phase, s.Warmup)
			if truth.Producer == tracegen.Gaudi {
				byPhase[key] = append(byPhase[key], trace.Time(b.EndNS-b.StartNS))
			} else {
				byPhase[key] = append(byPhase[key], trace.Time(s.EndNS-s.StartNS))
			}
		}
	}
	if len(r.Phases) != len(byPhase) {
		t.Fatalf("%d phases, want %d", len(r.Phases), len(byPhase))
	}
	for _, b := range r.Phases {
		cmptest.Same(t, "the sum of "+b.Phase, naiveSum(byPhase[fmt.Sprint(b.Phase, b.Warmup)]), b.Durations)
	}
	for _, b := range r.Buckets {
		count -= b.Count
	}
	if count != 0 {
		t.Errorf("%d batches are in no bucket", count)
	}
}

// naiveSum finds quantiles by counting.
func naiveSum(all []trace.Time) Durations {
	d := Durations{Count: len(all)}
	at := func(percent int) trace.Time {
		best := trace.MaxTime
		for _, v := range all {
			below := 0
			for _, u := range all {
				if u <= v {
					below++
				}
			}
			if below*100 >= percent*len(all) {
				best = min(best, v)
			}
		}
		return best
	}
	for _, v := range all {
		d.Total += v
	}
	d.Mean = trace.Time((int64(d.Total)*2 + int64(d.Count)) / (2 * int64(d.Count)))
	d.P50, d.P90, d.P99, d.Max = at(50), at(90), at(99), slices.Max(all)
	return d
}

func judgeCompiles(t *testing.T, r *Report, truth *tracegen.Truth) {
	t.Helper()
	want := []Recompilation{}
	for i := range truth.Steps {
		for _, b := range truth.Steps[i].Batches {
			if c := b.Compile; c != nil && truth.Producer == tracegen.Gaudi {
				want = append(want, Recompilation{trace.Time(c.StartNS), trace.Time(c.EndNS - c.StartNS), c.Recipe, "", i})
			}
		}
	}
	cmptest.Same(t, "the list of recompilations", want, r.Recompilations)
}

func TestReportOfATraceWrittenByHand(t *testing.T) {
	const data = `[
{"ph":"X","cat":"python_function","name":"a.py(1): f","pid":1,"tid":1,"ts":0,"dur":10},
{"ph":"X","cat":"python_function","name":"a.py(2): g","pid":1,"tid":1,"ts":2,"dur":3},
{"ph":"X","cat":"python_function","name":"a.py(1): f","pid":1,"tid":1,"ts":3,"dur":1},
{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=3]","pid":1,"tid":1,"ts":0,"dur":4},
{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=4]","pid":1,"tid":1,"ts":6,"dur":2},
{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":1,"dur":4,"args":{"stream":7}},
{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":8,"ts":4,"dur":2,"args":{"stream":8}},
{"ph":"X","cat":"kernel","name":"l","pid":0,"tid":7,"ts":7,"dur":1,"args":{"stream":7}},
{"ph":"X","cat":"gpu_user_annotation","name":"step[DECODE bs=3]","pid":0,"tid":7,"ts":1,"dur":7}]`
	r := measured(t, []byte(data), Options{})
	// f runs alone in 0-2, 3-4 within g, and 5-10; g in 2-3 and 4-5.
	for _, f := range r.Python {
		got := fmt.Sprint(f.Function, f.Calls, f.Self, f.Total)
		if got != "a.py(1): f2 8000 10000" && got != "a.py(2): g1 2000 3000" {
			t.Error(got)
		}
	}
	// Work is from 1 to 6 and from 7 to 8: the device rests for 1 in between.
	d := r.Devices[0]
	if len(r.Devices) != 1 || d.Busy != 6000 || d.Idle != 1000 || d.Engines[0].Busy != 5000 || d.Engines[1].Busy != 2000 {
		t.Errorf("%+v", r.Devices)
	}
	// The gap is from 4 to 6, and all of it has work on stream 8.
	if len(r.Gaps) != 1 || r.Gaps[0].Start != 4000 || r.Gaps[0].Duration != 2000 || *r.Gaps[0].DeviceIdle != 0 {
		t.Errorf("%+v", r.Gaps)
	}
	if s := r.Steps; len(s) != 2 || *s[0].DeviceBusy != 3000 || *s[0].DeviceIdle != 1000 || *s[1].DeviceBusy != 1000 || *s[1].Requests != 4 {
		t.Errorf("%+v", r.Steps)
	}
	if b := r.Buckets; len(b) != 1 || b[0].Bucket != "≤4 requests" || b[0].Mean != 3000 || b[0].P50 != 2000 || b[0].Max != 4000 {
		t.Errorf("%+v", r.Buckets)
	}
	if k := r.Kernels; len(k) != 2 || k[0].Name != "k" || k[0].Total != 6000 || k[0].Share != 6.0/7 {
		t.Errorf("%+v", r.Kernels)
	}
}

// What can't be told apart by what is shown of it comes in the same order each time.
func TestWhatLooksTheSameKeepsItsOrder(t *testing.T) {
	var events []string
	for _, pid := range []string{`1`, `"1"`} {
		for _, tid := range []string{`0`, `7`, `"7"`} {
			for _, c := range [][2]string{{"python_function", "f"}, {"python_function", `\u0066`}, {"kernel", "k"}, {"kernel", `\u006b`}} {
				events = append(events, fmt.Sprintf(`{"ph":"X","cat":"%s","name":"%s","pid":%s,"tid":%s,"ts":%d,"dur":1,"args":{"stream":7}}`,
					c[0], c[1], pid, tid, len(events)))
			}
		}
	}
	events = append(events, `{"ph":"M","name":"thread_name","pid":"1","tid":7,"args":{"name":"called"}}`)
	data := []byte("[" + strings.Join(events, ",") + "]")
	first := measured(t, data, Options{})
	if len(first.Python) < 8 || len(first.Kernels) != 2 || len(first.Devices) != 2 {
		t.Fatalf("%+v", first)
	}
	for range 20 {
		if again := measured(t, data, Options{}); !cmptest.Same(t, "a report of the same trace", first, again) {
			return
		}
	}
}

func TestASteppedRangeHoldsItsStepsAndTheGapsBehindThem(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 30, Hardware: true, Layers: 1})
	choice, err := steps.ParseChoice("7..9")
	if err != nil {
		t.Fatal(err)
	}
	all := measured(t, data, Options{})
	r := measured(t, data, Options{Range: &window.Range{Steps: &choice}})
	if len(r.Steps) != 3 || len(r.Gaps) != 3 || r.Steps[0].Index != 7 || int64(r.To) != truth.Steps[10].StartNS {
		t.Fatalf("%d steps, %d gaps, up to %d", len(r.Steps), len(r.Gaps), r.To)
	}
	// What stands in steps and gaps is no other than in a report of the whole.
	for i := range r.Steps {
		if g, w := *r.Steps[i].DeviceBusy, *all.Steps[7+i].DeviceBusy; g != w {
			t.Errorf("step %d: busy for %d, %d in the whole", 7+i, g, w)
		}
		if g, w := *r.Gaps[i].DeviceIdle, *all.Gaps[7+i].DeviceIdle; g != w {
			t.Errorf("gap %d: idle for %d, %d in the whole", 7+i, g, w)
		}
	}
}

func TestRealTracesAreMeasuredWithinTheirBounds(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.json.gz")
	more, _ := filepath.Glob("../../../shared/traces/*.json.gz")
	for _, name := range append(files, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r := measured(t, data, Options{})
		var text, table bytes.Buffer
		if err := r.WriteText(&text, TextOptions{Rows: 4}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(text.String(), "\n"); n > 45 {
			t.Errorf("%s: %d lines", name, n)
		}
		narrow(t, name, r)
		for _, tab := range r.Tables() {
			if err := tab.Write(&table); err != nil {
				t.Fatal(err)
			}
		}
		self := trace.Time(0)
		for _, f := range r.Python {
			self += f.Self
			if f.Self > f.Total || f.Self < 0 {
				t.Errorf("%s: %+v", name, f)
			}
		}
		for _, d := range r.Devices {
			if d.Busy < 0 || d.Idle < 0 {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// narrow checks that a terminal of 80 places has no line that it would break.
func narrow(t *testing.T, name string, r *Report) {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteText(&text, TextOptions{Rows: 4, Screen: term.Screen{Width: 80}}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if n := len([]rune(line)) - 1; n > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("%s: a line of %d characters: %s", name, n, line)
		}
	}
}

func TestAmountsFitTheirUnit(t *testing.T) {
	for ns, want := range map[trace.Time]string{
		0: "0 ns", 999: "999 ns", 1000: "1.00 µs", 9994: "9.99 µs", 9995: "10.0 µs", 99_949: "99.9 µs", 99_950: "100 µs",
		999_600: "1.00 ms", 1_500_000_000: "1.50 s", 599_000_000_000: "599 s", 3_725_000_000_000: "62m05s",
	} {
		if got := Amount(ns); got != want {
			t.Errorf("%d ns: %s, want %s", ns, got, want)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{TargetBytes: 20 << 20, Hardware: true, Python: true})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		measured(b, data, Options{})
	}
}
