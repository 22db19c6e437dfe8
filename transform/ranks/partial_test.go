package ranks

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/jsondoc"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/ranks"
	"tracekit/trace"
	"tracekit/transform/report"
)

// measured is what a trace in memory adds.
func measured(t testing.TB, name string, text []byte) (*Trace, *report.Report) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, r, err := Measure(context.Background(), s, name, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

// run is what the ranks of a run add, one each.
func run(t testing.TB, c *ranks.Config) (all []*Partial) {
	t.Helper()
	for rank := range c.Ranks {
		m, _ := measured(t, fmt.Sprintf("rank-%d.json", rank), c.Trace(rank))
		all = append(all, merged(t, &Partial{Traces: []*Trace{m}}))
	}
	return all
}

func merged(t testing.TB, all ...*Partial) *Partial {
	t.Helper()
	p, err := Merge(all...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// again is a partial report that was written and read.
func again(t testing.TB, p *Partial) *Partial {
	t.Helper()
	q, err := Read(bytes.NewReader(written(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func written(t testing.TB, p *Partial) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func resultOf(t testing.TB, p *Partial) *Result {
	t.Helper()
	r, err := p.Report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t testing.TB, p *Partial) string {
	t.Helper()
	out, err := jsondoc.Marshal(resultOf(t, p))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Partial reports make the report of all traces at once, however they are grouped, in whatever order,
// and even if some come twice.
func TestPartialReportsMergeInAnyOrder(t *testing.T) {
	for _, args := range []ranks.Args{ranks.CommsID, ranks.Seq, ranks.Order, ranks.Names, ranks.None} {
		c := ranks.Config{Ranks: 6, PerHost: 2, Hosts: args != ranks.Order, Steps: 12, Layers: 4, Args: args, Offsets: []float64{0, 3e6, -7e6}, Drifts: []float64{0, 20}, Noise: 700, Seed: 5}
		all := run(t, &c)
		at := merged(t, all...)
		want, bytesOf := text(t, at), written(t, at)
		rng := rand.New(rand.NewPCG(uint64(args), 1))
		groupings := 12
		if testing.Short() {
			groupings = 3
		}
		for range groupings {
			left := slices.Clone(all)
			for len(left) > 1 {
				rng.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
				n := 2 + rng.IntN(len(left)-1)
				left = append(left[n:], again(t, merged(t, left[:n]...)))
				if rng.IntN(3) == 0 {
					left = append(left, all[rng.IntN(len(all))])
				}
			}
			if d := cmptest.Diff(want, text(t, left[0])); d != "" {
				t.Fatalf("args %d: another order makes another report:\n%s", args, d)
			}
			if !bytes.Equal(bytesOf, written(t, left[0])) {
				t.Fatalf("args %d: another order makes another partial report", args)
			}
		}
	}
}

func TestPartialReportsAreKnownByContent(t *testing.T) {
	c := ranks.Config{Ranks: 1, Steps: 2, Layers: 1}
	plain := written(t, run(t, &c)[0])
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(plain)
	w.Close()
	for _, x := range []struct {
		name string
		text []byte
		is   bool
	}{
		{"plain", plain, true}, {"gzip", packed.Bytes(), true}, {"start", plain[:1000], true}, {"nothing", nil, false},
		{"a trace", c.Trace(0), false}, {"JSON", []byte(`{"tracekit": 1}`), false}, {"half a header", packed.Bytes()[:5], false},
	} {
		if got := Is(x.text); got != x.is {
			t.Errorf("%s: is a partial report: %v", x.name, got)
		}
	}
	if p, err := Read(bytes.NewReader(packed.Bytes())); err != nil || !bytes.Equal(written(t, p), plain) {
		t.Errorf("the packed one is another: %v", err)
	}
}

// What is broken is refused, and makes no panic.
func TestBrokenPartialReports(t *testing.T) {
	c := ranks.Config{Ranks: 1, Steps: 3, Layers: 2, Args: ranks.Seq}
	good := string(written(t, run(t, &c)[0]))
	for _, x := range []struct{ name, text, says string }{
		{"cut", good[:len(good)/2], "damaged"},
		{"newer", strings.Replace(good, `"tracekit_partial_report":1`, `"tracekit_partial_report":9`, 1), "version 9"},
		{"other JSON", `{"a":1}`, ErrNotPartial.Error()},
		{"no trace", `{"tracekit_partial_report":1,"traces":[null]}`, "a trace is missing"},
		{"steps", `{"tracekit_partial_report":1,"traces":[{"file":"x","steps":"gICA"}]}`, "x: its numbers"},
		{"kind", `{"tracekit_partial_report":1,"traces":[{"file":"x","collectives":"AAAAAAAA"}]}`, "x: its numbers"},
		{"sketch", `{"tracekit_partial_report":1,"traces":[{"file":"x","kernels":[{"durations":"AAA="}]}]}`, "x: its numbers"},
	} {
		_, err := Read(strings.NewReader(x.text))
		if err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v, without %q", x.name, err, x.says)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := []byte(good)
		for range 1 + rng.IntN(4) {
			b[rng.IntN(len(b))] = byte(rng.IntN(256))
		}
		p, err := Read(bytes.NewReader(b))
		if err == nil {
			_, err = p.Report()
		}
		if err != nil && errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// What a partial report has of a trace is what a report of it alone has.
func TestReportOfAPartial(t *testing.T) {
	c := ranks.Config{Ranks: 1, Steps: 9, Layers: 3, Args: ranks.Seq}
	m, want := measured(t, "a.json", c.Trace(0))
	got, err := again(t, &Partial{Version: version, Traces: []*Trace{m}}).Traces[0].Report()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Steps {
		s := want.Steps[i]
		s.Label, s.Requests, s.Tokens, s.PromptRequests, s.DecodeRequests = got.Steps[i].Label, nil, nil, nil, nil
		cmptest.Same(t, "step", s, got.Steps[i])
	}
	cmptest.Same(t, "gaps", want.GapTotals, got.GapTotals)
	for i := range want.Gaps {
		g := want.Gaps[i]
		g.DeviceBusy, g.DeviceIdle = nil, nil
		cmptest.Same(t, "gap", g, got.Gaps[i])
	}
	for i := range want.Kernels {
		k := want.Kernels[i]
		k.Mean, k.Min, k.Max, k.Share = 0, nil, nil, 0
		cmptest.Same(t, "kernel", k, got.Kernels[i])
	}
}

func TestSketchesAreAsExactAsStated(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s, parts := newSketch(), []sketch{newSketch(), newSketch(), newSketch()}
	var all []trace.Time
	for range 20000 {
		d := trace.Time(1 + rng.ExpFloat64()*float64(int64(1)<<rng.IntN(30)))
		all = append(all, d)
		s.add(d, 1)
		parts[rng.IntN(3)].add(d, 1)
	}
	slices.Sort(all)
	sum := newSketch()
	for _, i := range []int{2, 0, 1} {
		if err := sum.addColumns(parts[i].columns()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(sum.columns(), s.columns()) {
		t.Error("sketches of parts make another one")
	}
	for _, percent := range []int{1, 10, 50, 90, 99, 100} {
		want := float64(all[(len(all)*percent+99)/100-1])
		if got := float64(s.quantile(float64(percent))); got < want*(1-SketchError) || got > want*(1+SketchError) {
			t.Errorf("p%d is %g, not %g", percent, got, want)
		}
	}
}
