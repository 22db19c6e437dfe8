package merge

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"tracekit/internal/testkit/ranks"
	"tracekit/transform/internal/clocks"
)

func TestClocksAreThoseOfTheRun(t *testing.T) {
	ms := 1e6
	for _, c := range []struct {
		name  string
		run   ranks.Config
		by    string
		error float64 // ns at the median, of the worst rank
	}{
		{name: "comms ids", run: ranks.Config{Args: ranks.CommsID}},
		{name: "sequence", run: ranks.Config{Args: ranks.Seq}},
		{name: "order", run: ranks.Config{Args: ranks.Order}},
		{name: "order, begun later", run: ranks.Config{Args: ranks.Order, Late: 5}},
		{name: "names alone", run: ranks.Config{Args: ranks.Names, Late: 3}},
		{name: "outliers", run: ranks.Config{Args: ranks.Seq, Outliers: 0.3}},
		{name: "other bases", run: ranks.Config{Args: ranks.Seq, Bases: []int64{1_775_078_550_000_000_000, 1_767_189_312_000_000_000, 0}}},
		{name: "epoch", run: ranks.Config{Args: ranks.Seq, Bases: []int64{0}}},
		{name: "far apart", run: ranks.Config{Args: ranks.CommsID, Offsets: []float64{0, 4e12, -3e12, 1e12}}},
		{name: "hosts", run: ranks.Config{Args: ranks.CommsID, Hosts: true}},
		{name: "steps alone", run: ranks.Config{Args: ranks.None}, by: clocks.BySteps, error: 40_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := c.run
			run.Ranks, run.PerHost, run.Steps, run.Layers, run.Noise, run.Seed = 4, 1, 28, 3, 1500, 7
			if run.Offsets == nil {
				run.Offsets = []float64{0, 3 * ms, -7 * ms, 0.2 * ms}
			}
			run.Drifts = []float64{0, 20, -35, 0}
			if run.Hosts {
				run.Ranks, run.PerHost = 8, 2
			}
			inputs, _ := inputsOf(&run)
			p, d := merged(t, inputs, options(t, true))
			if c.by == "" {
				c.by, c.error = clocks.ByCollectives, 2000
			}
			if p.Clocks == nil || p.Clocks.By != c.by {
				t.Fatalf("clocks by %+v", p.Clocks)
			}
			_, worst := clockError(t, d)
			if worst > c.error {
				t.Errorf("off by %.0f ns at the median\n%s", worst, p.clockLines())
			}
		})
	}
}

func TestDriftOfALongRun(t *testing.T) {
	run := ranks.Config{
		Ranks: 3, PerHost: 1, Steps: 2000, Layers: 2, Args: ranks.Seq, Noise: 2000, Outliers: 0.1, Seed: 3,
		Offsets: []float64{0, 5e6, -5e6}, Drifts: []float64{0, 40, -15},
	}
	exact := 1.5
	if testing.Short() {
		run.Steps, exact = 700, 6
	}
	inputs, _ := inputsOf(&run)
	p, d := merged(t, inputs, options(t, true))
	for i, h := range p.Clocks.Hosts {
		if h.Name != p.Clocks.Reference && math.Abs(h.DriftPPM+(run.Drifts[i]-run.Drifts[0])) > exact {
			t.Errorf("%s: drift is %.3f ppm, and not %.3f", h.Name, h.DriftPPM, run.Drifts[0]-run.Drifts[i])
		}
	}
	if all, worst := clockError(t, d); worst > 2000 {
		t.Errorf("off by %.0f ns at the median, %.0f of the worst rank", all, worst)
	}
}

func TestTooFewMatchesCorrectNothing(t *testing.T) {
	run := ranks.Config{Ranks: 2, PerHost: 1, Steps: 3, Layers: 6, Args: ranks.Seq, Offsets: []float64{0, 3e6}}
	inputs, sources := inputsOf(&run)
	p, d := merged(t, inputs, options(t, true))
	if h := p.Clocks.Hosts[1]; h.Corrected || h.Matches != 18 || h.Why == "" {
		t.Errorf("%+v", h)
	}
	if got, want := len(d.Events), len(parse(t, sources[0]).Events)+len(parse(t, sources[1]).Events); got < want {
		t.Errorf("%d events of %d", got, want)
	}
}

func TestOneHostHasOneClock(t *testing.T) {
	run := ranks.Config{Ranks: 4, PerHost: 4, Hosts: true, Steps: 20, Layers: 6, Args: ranks.Seq}
	inputs, _ := inputsOf(&run)
	if p, _ := merged(t, inputs, options(t, true)); p.Clocks != nil {
		t.Errorf("clocks of one host are corrected: %+v", p.Clocks)
	}
}

// Times keep their nanoseconds where Perfetto reads them as doubles of microseconds, as long as the
// traces lie no more than 101 days apart, whatever their bases are; else it is said.
func TestMergedTimesKeepTheirNanoseconds(t *testing.T) {
	const day = int64(86400e9)
	trace := func(base, at int64) []byte {
		micros := fmt.Sprintf("%d.%03d", at/1000, at%1000)
		return fmt.Appendf(nil, `{"baseTimeNanoseconds":%d,"traceEvents":[{"ph":"X","name":"w","pid":1,"tid":1,"ts":%s,"dur":1}]}`, base, micros)
	}
	const first = 1_743_521_598_000_000_000 // a base of PyTorch's
	for _, c := range []struct {
		name         string
		base, a, b   int64 // base of b beyond that of a, and times
		exact, notes bool
	}{
		{"one base", 0, 80 * day, 90*day + 1, true, false},
		{"the next base", 7_889_238e9, 80 * day, 40*day + 1, true, false},
		{"far apart", 400 * day, 80 * day, 40*day + 1, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, d := merged(t, []Input{inputOf("a", trace(first, c.a)), inputOf("b", trace(first+c.base, c.b))}, options(t, false))
			events := withoutMetadata(d.Events)
			want := c.base + c.b - c.a
			if got := nanoseconds(t, events[1]["ts"]) - nanoseconds(t, events[0]["ts"]); got != want {
				t.Errorf("%d ns between them, want %d", got, want)
			}
			as := func(v any) int64 { // as Perfetto reads it
				f, err := v.(json.Number).Float64()
				if err != nil {
					t.Fatal(err)
				}
				return int64(math.Round(f * 1000))
			}
			if exact := as(events[1]["ts"]) == nanoseconds(t, events[1]["ts"]); exact != c.exact {
				t.Errorf("ts %v is exact: %v", events[1]["ts"], exact)
			}
			if said := strings.Contains(strings.Join(p.Notes, "\n"), "days apart"); said != c.notes {
				t.Errorf("notes: %q", p.Notes)
			}
			if wall := p.base + nanoseconds(t, events[0]["ts"]); wall != first+c.a {
				t.Errorf("the first is at %d by the clock, want %d", wall, first+c.a)
			}
		})
	}
}

// Of a trace in which nothing is shown, and which does not say what its times count from, no event
// lands before time zero, where a viewer drops it.
func TestWhatIsNotShownIsNotBeforeZero(t *testing.T) {
	const object = `{"traceEvents":[{"ph":"O","name":"o","id":1,"pid":1,"tid":1,"ts":%d}%s]}`
	const instant = `,{"ph":"i","name":"i","pid":1,"tid":1,"ts":0}`
	base := `{"baseTimeNanoseconds":1767189312000000000,"traceEvents":[{"ph":"X","name":"w","pid":1,"tid":1,"ts":4104512345.678,"dur":1}]}`
	epoch := `[{"ph":"X","name":"w","pid":1,"tid":1,"ts":1767193416512345.678,"dur":1}]`
	for name, texts := range map[string][]string{
		"an object and a base":   {fmt.Sprintf(object, 6, ""), base},
		"an instant at zero":     {fmt.Sprintf(object, 6, instant), base},
		"beside one without":     {fmt.Sprintf(object, 6, ""), `[{"ph":"X","name":"w","pid":1,"tid":1,"ts":9,"dur":1}]`, base},
		"an object and an epoch": {fmt.Sprintf(object, 6, ""), epoch, base},
		"no base at all":         {fmt.Sprintf(object, 6, ""), `[{"ph":"X","name":"w","pid":1,"tid":1,"ts":9,"dur":1}]`},
	} {
		t.Run(name, func(t *testing.T) {
			var inputs []Input
			for i, text := range texts {
				inputs = append(inputs, inputOf(fmt.Sprint(i), []byte(text)))
			}
			_, d := merged(t, inputs, options(t, false))
			for _, e := range withoutMetadata(d.Events) {
				if strings.HasPrefix(fmt.Sprint(e["ts"]), "-") {
					t.Errorf("%v", e)
				}
			}
		})
	}
}
