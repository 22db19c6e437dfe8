package downsample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// A budget is never passed. What the error names as the least is enough.
func TestBudgetIsKept(t *testing.T) {
	eachRandom(t, 200, func(t *testing.T, rng *rand.Rand, data []byte) {
		o := randomOptions(rng)
		if !o.budget() {
			o.MaxEvents = int64(1 + rng.IntN(100))
		}
		out, rep, err := try(data, o, 50)
		var small *BudgetError
		if errors.As(err, &small) {
			if o.MaxEvents > 0 {
				o.MaxEvents = small.Events
			} else {
				o.TargetSize = small.Bytes + slack
			}
			out, rep, err = try(data, o, 50)
		}
		if err != nil {
			t.Fatal(err)
		}
		if o.MaxEvents > 0 && (rep.EventsOut > o.MaxEvents || len(parsed(t, out).Events) > int(o.MaxEvents)) {
			t.Fatalf("%d events for a budget of %d", rep.EventsOut, o.MaxEvents)
		}
		if o.TargetSize > 0 && int64(len(out)) > o.TargetSize {
			t.Fatalf("%d bytes for a budget of %d", len(out), o.TargetSize)
		}
	})
}

// many makes a trace with a busy track and a quiet one, whose slices all last as
// long as each other; every hundredth is a step.
func many(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"traceEvents":[`)
	for i := range n {
		name := "op"
		if i%100 == 0 {
			name = fmt.Sprintf("ProfilerStep#%d", i)
		}
		fmt.Fprintf(&b, `{"ph":"X","cat":"user_annotation","name":"%s","pid":1,"tid":1,"ts":%d,"dur":1},`+"\n", name, 3*i)
		fmt.Fprintf(&b, `{"ph":"C","name":"c","pid":1,"ts":%d,"args":{"v":%d}},`+"\n", 3*i, 1000*b2i(i == n/3)+i%7)
	}
	for i := range 20 {
		fmt.Fprintf(&b, `{"ph":"X","cat":"op","name":"quiet","pid":1,"tid":2,"ts":%d,"dur":0.001},`+"\n", i)
	}
	b.WriteString(`{"ph":"M","name":"process_name","pid":1,"args":{"name":"p"}}]}`)
	return []byte(b.String())
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Where all slices are as long as each other, a budget is filled too, evenly over
// the time; steps and the spikes of counters stay.
func TestBudgetIsFilled(t *testing.T) {
	data := many(5000)
	for _, o := range []Options{
		{MaxEvents: 1000}, {MaxEvents: 4000}, {TargetSize: 50_000}, {TargetSize: 300_000},
		{MaxEvents: 1000, Resolution: ns(0)}, {TargetSize: 60_000, Resolution: ns(0)}, {MaxEvents: 2000, TargetSize: 100_000},
	} {
		out, rep, err := try(data, o, 500)
		if err != nil {
			t.Fatal(o, err)
		}
		if f := o.filled(cost{rep.EventsOut, rep.BytesOut - slack}); f > 1 || f < least {
			t.Errorf("%+v: %.3f of the budget", o, f)
		}
		for what, n := range map[string]int{"quiet": 1, "ProfilerStep#": 50, `"v":100`: 1} {
			if got := bytes.Count(out, []byte(what)); got < n {
				t.Errorf("%+v: %d of %s, want %d", o, got, what, n)
			}
		}
		if o.Resolution == nil {
			evenly(t, parsed(t, out), 15_000_000)
		}
	}
}

// evenly sees to it that each tenth of the time has its part of the short slices.
func evenly(t *testing.T, p *reference.Trace, end int64) {
	t.Helper()
	var tenths [10]int
	all := 0
	for i := range p.Events {
		if e := &p.Events[i]; text(e, "name") == "op" {
			tenths[e.TS*10/end]++
			all++
		}
	}
	for i, n := range tenths {
		if n < all/20 || n > all/5 {
			t.Errorf("%d of %d slices are in tenth %d", n, all, i)
		}
	}
}

func TestSmallRealTracesFillBudgets(t *testing.T) {
	eachReal(t, func(t *testing.T, data []byte) {
		n := int64(len(parsed(t, data).Events))
		for _, merge := range []*trace.Time{nil, ns(0)} {
			for part := int64(2); part <= 10; part += 4 {
				o := Options{MaxEvents: n / part, Resolution: merge}
				_, rep, err := try(data, o, 500)
				if errors.As(err, new(*BudgetError)) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if f := o.filled(cost{events: rep.EventsOut}); f > 1 || n > 500 && f < least {
					t.Errorf("1/%d: %.3f of the budget of %d", part, f, o.MaxEvents)
				}
			}
		}
	})
}

// Thousands of small tracks fill a budget together.
func TestManyTracksFillABudget(t *testing.T) {
	var b strings.Builder
	b.WriteString("[")
	const n = 4000
	for i := range n {
		for k := range 3 {
			fmt.Fprintf(&b, `{"ph":"X","name":"a","pid":1,"tid":%d,"ts":%d,"dur":%d},`, i+1, 10*i+1000*k, 1+(i+k)%7)
		}
	}
	b.WriteString("]")
	for _, o := range []Options{{MaxEvents: 3 * n / 2}, {MaxEvents: n + n/10}} {
		_, rep, err := try([]byte(b.String()), o, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if f := o.filled(cost{events: rep.EventsOut}); f > 1 || f < least {
			t.Errorf("%d events for a budget of %d", rep.EventsOut, o.MaxEvents)
		}
	}
}

func TestBudgetTooSmall(t *testing.T) {
	_, _, err := try(many(1000), Options{MaxEvents: 2}, 500)
	var small *BudgetError
	if !errors.As(err, &small) || small.Events != 3 || !strings.Contains(err.Error(), "3 events") {
		t.Fatal(err)
	}
}

// A stack of Python at a twentieth of its events keeps what can be seen.
func TestPythonStackAtATwentieth(t *testing.T) {
	data := recorded.Text(t, "../../../shared/traces/vllm_graph_capture_pystack.pt.trace.json.gz")
	n := 0
	long := func(data []byte) map[string]int {
		all := map[string]int{}
		each(t, data, func(e *trace.Event) {
			n++
			if e.Phase == 'X' && (e.Dur >= 500_000 || strings.HasPrefix(string(e.Name()), "execute_context_")) {
				all[string(e.Raw())]++
			}
		})
		return all
	}
	want := long(data)
	o := Options{MaxEvents: int64(n / 20)}
	out, rep, err := try(data, o, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	got := long(out)
	for raw, n := range want {
		if got[raw] != n {
			t.Errorf("%d of %d are left: %s", got[raw], n, raw)
		}
	}
	if f := float64(rep.EventsOut) / float64(o.MaxEvents); f > 1 || f < least || len(want) < 100 {
		t.Errorf("%d events, %d of them long", rep.EventsOut, len(want))
	}
}

func each(t testing.TB, data []byte, f func(*trace.Event)) {
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Survey(func(e *trace.Event) error { f(e); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestCanceled(t *testing.T) {
	data := many(100)
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	if _, err := Run(ctx, s, trace.NewWriter(&out), Options{MinDur: 1, Spill: create}); !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Fatal(err, out.Len())
	}
}

func BenchmarkTargetSize(b *testing.B) {
	data := many(50_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := try(data, Options{TargetSize: int64(len(data)) / 20}, sortMemory); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzRun(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 4 {
		f.Add(reference.Random(rng, 30), rng.Uint64())
	}
	f.Add([]byte(`[{"ph":"B","ts":1},{"ph":"E","ts":"x"},{"ph":"C","ts":-1,"args":{"a":NaN}},`), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		o := randomOptions(rand.New(rand.NewPCG(seed, 2)))
		out, rep, err := try(data, o, 7+len(data)/500)
		if err != nil {
			return
		}
		again, err := trace.NewSource(bytes.NewReader(out), int64(len(out)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		v, err := again.Survey(func(*trace.Event) error { n++; return nil })
		if err != nil || v.Damage.Lost() || n != rep.EventsOut {
			t.Fatalf("%d events, not %d: %v %v\n%s", n, rep.EventsOut, err, v, out)
		}
	})
}

// A size is filled from 95 % on and never passed, whatever it is, as far as the trace has that
// much and what has to be kept takes less.
func TestSizesAreFilled(t *testing.T) {
	filled := 0
	sizes := func(t *testing.T, data []byte, parts ...int64) {
		t.Helper()
		for _, part := range parts {
			size := int64(len(data)) * part / 100
			out, _, err := try(data, Options{TargetSize: size}, sortMemory)
			if errors.As(err, new(*BudgetError)) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			filled++
			if share := float64(len(out)) / float64(size); share > 1 || share < least-0.001 {
				t.Errorf("%d %% of %d bytes: %.3f of that", part, len(data), share)
			}
		}
	}
	for _, n := range []int{3_000, 9_000} {
		sizes(t, many(n), 5, 10, 20, 40, 60, 80, 90)
	}
	rng := rand.New(rand.NewPCG(4, 4))
	var b strings.Builder
	for range 40 {
		part := nested(rng, false)
		b.Write(bytes.ReplaceAll(part[len(`{"traceEvents":[`):len(part)-2], []byte(`"tid":1`), fmt.Appendf(nil, `"tid":%d`, 1+rng.IntN(1000))))
		b.WriteByte(',')
	}
	sizes(t, []byte(`{"traceEvents":[`+strings.TrimSuffix(b.String(), ",")+`]}`), 50, 60, 70, 80, 90)
	if filled < 15 {
		t.Errorf("only %d sizes could be filled", filled)
	}
}

// The rows of the table add up to what is written, the names too that the last run of a thread
// lists for those before it.
func TestTableAddsUpToTheOutput(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"traceEvents":[`)
	for i := range 40_000 {
		fmt.Fprintf(&b, `{"ph":"X","cat":"op","name":"handle %d","pid":1,"tid":1,"ts":%d,"dur":1},`+"\n", i, 3*i)
	}
	b.WriteString(`{"ph":"X","cat":"op","name":"last","pid":1,"tid":1,"ts":200000,"dur":1}]}`)
	out, rep, err := try([]byte(b.String()), Options{TargetSize: 400_000}, sortMemory)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(rep.Table[len(rep.Table)-1])
	var kB float64
	if _, err := fmt.Sscanf(strings.Join(all[7:9], " "), "%f kB", &kB); err != nil {
		t.Fatalf("%v in %q", err, all)
	}
	if !strings.Contains(strings.Join(rep.Table, "\n"), ofNames) {
		t.Errorf("no row of names in\n%s", strings.Join(rep.Table, "\n"))
	}
	if written := float64(len(out)) / 1000; kB < written-0.5 || kB > written {
		t.Errorf("the table has %.1f kB, the output %.1f:\n%s", kB, written, strings.Join(rep.Table, "\n"))
	}
}
