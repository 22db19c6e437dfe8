package downsample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	sieve "tracekit/transform/filter"
	"tracekit/transform/info"
	"tracekit/transform/page"
	"tracekit/transform/pipeline"
	"tracekit/transform/report"
	"tracekit/transform/steps"
)

func sourceOf(t testing.TB, data []byte) *trace.Source {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// counted is a number of slices and a time, and whether the time is an estimate.
type countedTime struct {
	N        int64
	Time     int64
	Estimate bool
}

// infoFigures are what info says of slices, by category and by thread.
func infoFigures(t testing.TB, data []byte) map[string]countedTime {
	t.Helper()
	i, _, err := info.Inspect(context.Background(), sourceOf(t, data), info.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]countedTime{}
	add := func(key string, n int64, busy trace.Time, estimate bool) {
		if n > 0 || busy > 0 {
			v := all[key]
			all[key] = countedTime{v.N + n, v.Time + int64(busy), v.Estimate || estimate}
		}
	}
	for _, k := range i.Kinds {
		if k.Phase != "b" && k.Phase != "e" {
			add("category "+k.Cat, k.Slices, k.Busy, k.Estimate)
		}
	}
	for _, p := range i.Processes {
		for _, v := range p.Threads {
			add(fmt.Sprintf("thread %s %s", p.Pid, v.Tid), v.Slices, v.Busy, v.Estimate)
		}
	}
	return all
}

// reportFigures are what report says of kernels, engines and Python functions.
func reportFigures(t testing.TB, data []byte) map[string]countedTime {
	t.Helper()
	r, err := report.Run(context.Background(), sourceOf(t, data), report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]countedTime{}
	for _, k := range r.Kernels {
		all["kernel "+k.Cat+" "+k.Name] = countedTime{k.Count, int64(k.Total), k.Estimate}
		if k.Min != nil {
			all["shortest "+k.Cat+" "+k.Name] = countedTime{0, int64(*k.Min), k.Estimate}
		}
		if k.Max != nil {
			all["longest "+k.Cat+" "+k.Name] = countedTime{0, int64(*k.Max), k.Estimate}
		}
	}
	for _, d := range r.Devices {
		all["device "+d.Pid] = countedTime{d.Events, int64(d.Busy), d.Estimate}
		all["device ends "+d.Pid] = countedTime{0, int64(d.Last), d.Estimate}
		all["device begins "+d.Pid] = countedTime{0, int64(d.First), d.Estimate}
		for _, g := range d.Engines {
			all["engine "+d.Pid+" "+g.Tid] = countedTime{g.Events, int64(g.Busy), g.Estimate}
		}
	}
	for _, f := range r.Python {
		key := f.Pid + " " + f.Tid + " " + f.Function
		all["self of "+key] = countedTime{f.Calls, int64(f.Self), f.Estimate}
		all["total of "+key] = countedTime{f.Calls, int64(f.Total), f.Estimate}
	}
	return all
}

// pageFigures are what the page of info says: the time of slices by category, and how many
// there are on a lane.
func pageFigures(t testing.TB, data []byte) map[string]countedTime {
	t.Helper()
	d, err := page.Collect(context.Background(), sourceOf(t, data), steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]countedTime{}
	for _, c := range d.Categories {
		if c.Busy > 0 && c.Phase == "X" {
			all["category "+c.Cat] = countedTime{0, int64(c.Busy), false}
		}
	}
	for _, l := range d.Lanes {
		all["lane "+l.Process+"/"+l.Name+"/"+l.Kind] = countedTime{l.Total, 0, false}
	}
	return all
}

// sameFiguresOf holds figures of an output to those of the input, but for what is said to be
// an estimate: times, and by name numbers too.
func sameFiguresOf(t testing.TB, in, out []byte, figures func(testing.TB, []byte) map[string]countedTime) (exact, estimates int) {
	t.Helper()
	want, got := figures(t, in), figures(t, out)
	named := func(key string) bool {
		return slices.ContainsFunc([]string{"kernel ", "self of ", "total of "}, func(p string) bool { return strings.HasPrefix(key, p) })
	}
	unlisted := false // by name
	for key, g := range got {
		switch w := want[key]; {
		case g.Estimate && named(key):
			estimates++
			want[key], unlisted = g, true
		case g.Estimate:
			estimates++
			want[key] = countedTime{w.N, g.Time, true}
		default:
			exact++
		}
	}
	if unlisted {
		maps.DeleteFunc(want, func(key string, _ countedTime) bool { _, is := got[key]; return !is && named(key) })
	}
	for key := range want { // not known
		if _, is := got[key]; !is && (len(key) > 8 && (key[:8] == "shortest" || key[:8] == "longest ")) {
			delete(want, key)
			estimates++
		}
	}
	if !cmptest.Same(t, "what is read of the output", want, got) && len(in) < 20_000 {
		t.Logf("\n%s\n%s", in, out)
	}
	return exact, estimates
}

// disguised makes the categories of a nested trace those of a profiler.
func disguised(data []byte, x, y string) []byte {
	data = bytes.ReplaceAll(data, []byte("cat x"), []byte(x))
	return bytes.ReplaceAll(data, []byte("cat y"), []byte(y))
}

// What info and report say of a trace, they say of what downsample makes of it: how many
// slices there are, how long they take by name, category and thread.
func TestVerbsReadMergedSlicesAsWhatTheyStandFor(t *testing.T) {
	exact, estimates := 0, 0
	check := func(t *testing.T, data []byte, o Options) {
		t.Helper()
		out, _, err := try(data, o, 7+len(data)/500)
		if errors.As(err, new(*BudgetError)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, figures := range []func(testing.TB, []byte) map[string]countedTime{infoFigures, reportFigures, pageFigures} {
			e, about := sameFiguresOf(t, data, out, figures)
			exact, estimates = exact+e, estimates+about
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	seeds := uint64(40)
	if testing.Short() {
		seeds = 12
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 15))
		data := nested(rng, false)
		d := int64(1000 * (1 + rng.IntN(100)))
		check(t, disguised(data, "python_function", "cpu_op"), Options{Resolution: ns(d)})
		check(t, disguised(data, "kernel", "gpu_memcpy"), Options{Resolution: ns(d)})
		check(t, disguised(data, "kernel", "kernel"), Options{Resolution: ns(d)})
	}
	eachReal(t, func(t *testing.T, data []byte) {
		for _, d := range []int64{5_000, 50_000, 1_000_000} {
			check(t, data, Options{Resolution: ns(d)})
		}
		check(t, data, Options{TargetSize: int64(len(data) / 2)})
	})
	t.Logf("%d exact, %d estimates", exact, estimates)
	if exact < 3*estimates {
		t.Errorf("%d figures are exact, and %d estimates", exact, estimates)
	}
}

// filtered is what a filter leaves of a trace.
func filtered(t testing.TB, data []byte, expr string) ([]byte, pipeline.Report) {
	t.Helper()
	x, err := filter.Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	rep, err := sieve.Run(context.Background(), sourceOf(t, data), w, sieve.Options{Expr: x})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), rep
}

// A filter finds as many slices, of the same names and with the same time, in what downsample
// has made of a trace as in the trace.
func TestFilterFindsWhatWasMerged(t *testing.T) {
	narrow := 0
	check := func(t *testing.T, data []byte, d int64, exprs ...string) {
		t.Helper()
		out := runOn(t, data, Options{Resolution: ns(d)})
		for _, x := range exprs {
			left, rep := filtered(t, out, x)
			whole, _ := filtered(t, data, x)
			want, got := measure(t, slicesOf(t, parsed(t, whole))), measure(t, slicesOf(t, parsed(t, left)))
			same := cmptest.Same(t, x+": numbers of slices", want.Count, got.Count)
			if !cmptest.Same(t, x+": time of slices", want.Busy, got.Busy) || !same {
				t.FailNow()
			}
			if strings.Contains(strings.Join(rep.Notes, "\n"), "those of their names") {
				narrow++
			}
		}
	}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 16))
		check(t, nested(rng, false), int64(1000*(1+rng.IntN(100))), `cat == "cat x"`, `name == "a" || cat != "cat x" && name == "b"`, `!(name in ("a", "c"))`)
	}
	eachReal(t, func(t *testing.T, data []byte) {
		check(t, data, 50_000, `cat == "kernel"`, `cat == "cpu_op" && name =~ "^aten::"`, `ph == "X" && !(cat =~ "python")`)
	})
	if narrow < 50 {
		t.Errorf("only %d filters took names out of merged slices", narrow)
	}
}

// Of merged slices only bounds of their durations are known: what may meet a condition is
// kept, and said to be so.
func TestFilterSaysWhatIsNotKnown(t *testing.T) {
	const doc = `{"traceEvents":[{"ph":"X","cat":"k","name":"a","pid":1,"tid":1,"ts":0,"dur":2},{"ph":"X","cat":"k","name":"b","pid":1,"tid":1,"ts":3,"dur":5}]}`
	out := runOn(t, []byte(doc), Options{Resolution: ns(20_000)})
	for expr, want := range map[string][2]int{
		"dur > 1us": {1, 0}, "dur > 3us": {1, 2}, "dur > 5us": {0, 0}, `args.tracekit.count == 2`: {1, 0}, `args.x == 1`: {0, 0}, `name == "b" && dur > 3us`: {1, 1},
	} {
		left, rep := filtered(t, out, expr)
		n, maybe := len(slicesOf(t, parsed(t, left))), 0
		for _, note := range rep.Notes {
			if strings.Contains(note, "may meet the condition or not") {
				fmt.Sscan(note, &maybe)
			}
		}
		if got := [2]int{n, maybe}; got != want {
			t.Errorf("%s: %d slices, %d doubtful, want %v: %q", expr, n, maybe, want, rep.Notes)
		}
	}
}

// Names that runs do not list stand in few of them, and nothing is counted twice or lost.
func TestNamesThatRunsDoNotList(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"traceEvents":[`)
	const n = 30_000
	for i := range n {
		fmt.Fprintf(&b, `{"ph":"X","cat":"c%d","name":"a name of its own, as some profilers write them, with ids in it: %d","pid":1,"tid":%d,"ts":%d,"dur":1,"args":{"stack":"%s"}},`,
			i%2, i, 1+i/20_000, 3*i, strings.Repeat("x", 60))
	}
	b.WriteString(`{"ph":"X","cat":"c","name":"end","pid":1,"tid":3,"ts":90000000,"dur":1}]}`)
	data := []byte(b.String())
	o := Options{TargetSize: int64(len(data)) * 7 / 10}
	out, rep, err := try(data, o, sortMemory)
	if err != nil {
		t.Fatal(err)
	}
	if said := bytes.Count(out, []byte(`"tracekit.rest"`)); said < 2 || said > 10 {
		t.Errorf("%d runs say what others do not list: %q", said, rep.Notes[0])
	}
	sameFigures(t, measure(t, slicesOf(t, parsed(t, out))), measure(t, slicesOf(t, parsed(t, data))))
}
