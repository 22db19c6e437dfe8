package compare

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/jsondoc"
	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/ranks"
	"tracekit/transform/report"
)

func source(t testing.TB, text []byte) *trace.Source {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// reported is the report of a trace as JSON.
func reported(t testing.TB, text []byte, forCompare bool) string {
	t.Helper()
	run := report.Run
	if forCompare {
		run = ReportOf
	}
	r, err := run(t.Context(), source(t, text), report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsondoc.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func readReport(t testing.TB, doc string, sel Selection) *Input {
	t.Helper()
	in, err := FromReport(strings.NewReader(doc), "a", sel)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func one(in *Input) []Run { return []Run{{"a", []*Input{in}}} }

// A report that was written for it makes the comparison that its trace makes.
func TestReportsForCompareAreAsGoodAsTraces(t *testing.T) {
	texts := map[string][]byte{"no steps": []byte(`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]`)}
	texts["a"], _, _ = made{seed: 1, steps: 60, large: 0.3}.write()
	texts["b"], _, _ = made{seed: 2, steps: 60, large: 0.4, gemm: 0.2, extra: 50_000}.write()
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}, {"no steps", "no steps"}, {"a", "no steps"}} {
		for _, sel := range []Selection{{}, {Phase: "decode"}, {Bucket: "64"}} {
			a, b := texts[pair[0]], texts[pair[1]]
			want := Compare(one(read(t, "a", a, sel)), one(read(t, "a", b, sel)))
			got := Compare(one(readReport(t, reported(t, a, true), sel)), one(readReport(t, reported(t, b, true), sel)))
			judgeSums(t, got)
			cmptest.Same(t, strings.Join(pair[:], " and "), want, got)
		}
	}
}

// Of a report that has sums alone, or one that does not add up, nothing is called significant but what
// steps tell, and nothing is called new because the other side knows more.
func TestReportsWithSumsAloneProveNothing(t *testing.T) {
	a, _, _ := made{seed: 1, steps: 60}.write()
	b, _, _ := made{seed: 2, steps: 60, gemm: 0.2}.write()
	full := reported(t, a, true)
	broken := strings.Replace(full, `"times_ns": [`, `"times_ns": [1, `, 1)
	added := strings.Replace(full, `"times_ns": [
          `, `"times_ns": [
          1`, 1)
	if broken == full || added == full {
		t.Fatal("nothing is broken")
	}
	traced := func() *Input { return read(t, "b", b, Selection{}) }
	for name, r := range map[string]*Result{
		"reports":          Compare(one(readReport(t, reported(t, a, false), Selection{})), one(readReport(t, reported(t, b, false), Selection{}))),
		"one report":       Compare(one(readReport(t, reported(t, a, false), Selection{})), one(traced())),
		"lists of lengths": Compare(one(readReport(t, broken, Selection{})), one(traced())),
		"another sum":      Compare(one(readReport(t, added, Selection{})), one(traced())),
		"skipped steps":    Compare(one(readReport(t, full, Selection{Skip: 3})), one(traced())),
	} {
		if r.Answer.Verdict != Slower || len(r.Explained)+len(r.Attribution)+len(r.Operators) > 0 || len(r.Kernels) < 3 {
			t.Errorf("%s: %s, %d and %d rows", name, r.Answer.Verdict, len(r.Explained), len(r.Kernels))
		}
		for _, row := range append(slices.Clone(r.Kernels), r.Python...) {
			if row.P != nil || row.Significant || row.Status != "" {
				t.Errorf("%s: %+v", name, row)
			}
		}
		if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, "read from reports") }) {
			t.Errorf("%s: notes %q", name, r.Notes)
		}
	}
}

// Partial reports have the steps, gaps and kernels of each of their traces, which are one run.
func TestPartialReportsAreCompared(t *testing.T) {
	a, _, _ := made{seed: 1, steps: 60}.write()
	b, _, _ := made{seed: 2, steps: 60, gemm: 0.2}.write()
	partial := func(texts ...[]byte) (all []*Input) {
		p := &ranks.Partial{}
		for i, text := range texts {
			m, _, err := ranks.Measure(t.Context(), source(t, text), string(rune('a'+i)), report.Options{})
			if err != nil {
				t.Fatal(err)
			}
			p.Traces = append(p.Traces, m)
		}
		var out bytes.Buffer
		m, err := ranks.Merge(p)
		if err == nil {
			err = m.Write(&out)
		}
		if err == nil {
			p, err = ranks.Read(&out)
		}
		if err == nil {
			all, err = FromPartial(p, "p", Selection{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	got := Compare([]Run{{"p", partial(a, a)}}, []Run{{"p", partial(b)}})
	want := Compare([]Run{{"p", []*Input{read(t, "p: a", a, Selection{}), read(t, "p: b", a, Selection{})}}}, one(read(t, "b", b, Selection{})))
	cmptest.Same(t, "phases", want.Phases, got.Phases)
	cmptest.Same(t, "gaps", want.Gaps, got.Gaps)
	cmptest.Same(t, "devices", want.DeviceBusy, got.DeviceBusy)
	if len(got.Before.Runs) != 1 || len(got.Before.Runs[0].Traces) != 2 || len(got.Python) > 0 || len(got.Kernels) < 3 || got.Kernels[0].P != nil {
		t.Errorf("%+v", got)
	}
}

// A run that is given twice is no proof.
func TestARunThatIsGivenTwiceIsNoSecondObservation(t *testing.T) {
	a, _, _ := made{seed: 1, steps: 60}.write()
	b, _, _ := made{seed: 2, steps: 60}.write()
	twice := func(text []byte) []Run {
		return []Run{{"x", []*Input{read(t, "x", text, Selection{})}}, {"y", []*Input{read(t, "y", text, Selection{})}}}
	}
	r := Compare(twice(a), twice(b))
	if r.Answer.Verdict != Same || alarms(r) > 0 {
		t.Errorf("%+v: %d things changed", r.Answer, alarms(r))
	}
	if len(r.Notes) != 2 || !strings.HasPrefix(r.Notes[0], "y has the steps of x") {
		t.Errorf("notes %q", r.Notes)
	}
}
