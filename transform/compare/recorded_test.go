package compare

import (
	"encoding/json"
	"strings"
	"testing"

	"tracekit/internal/jsondoc"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/schema"
)

// counted counts what begins in the step of a trace, by category and name.
func counted(t testing.TB, text []byte) map[string]map[string][2]float64 {
	t.Helper()
	var doc struct {
		TraceEvents []struct {
			Ph, Cat, Name string
			Ts, Dur       float64
		} `json:"traceEvents"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string][2]float64{"kernel": {}, "operator": {}}
	from, to := 0.0, 0.0
	for _, e := range doc.TraceEvents {
		if strings.HasPrefix(e.Name, "ProfilerStep") && e.Cat == "user_annotation" {
			from, to = e.Ts, e.Ts+e.Dur
		}
	}
	for _, e := range doc.TraceEvents {
		kind := map[string]string{"kernel": "kernel", "gpu_memcpy": "kernel", "gpu_memset": "kernel", "cpu_op": "operator"}[e.Cat]
		if kind == "" || e.Ph != "X" || e.Ts < from || e.Ts >= to {
			continue
		}
		n := all[kind][e.Name]
		all[kind][e.Name] = [2]float64{n[0] + 1, n[1] + e.Dur*1000}
	}
	return all
}

// What was added, has gone and has changed in a recorded pair is what a plain count of its
// events says.
func TestARecordedPairIsCounted(t *testing.T) {
	before, after := recorded.Text(t, "testdata/hta_control.json.gz"), recorded.Text(t, "testdata/hta_test.json.gz")
	r := pair(t, before, after)
	a, b := counted(t, before), counted(t, after)
	for kind, list := range map[string][]Row{"kernel": r.Kernels, "operator": r.Operators} {
		type row struct {
			status string
			events [2]int64
		}
		want, got := map[string]row{}, map[string]row{}
		for _, side := range []map[string][2]float64{a[kind], b[kind]} {
			for name := range side {
				w := row{events: [2]int64{int64(a[kind][name][0]), int64(b[kind][name][0])}}
				switch {
				case w.events[0] == 0:
					w.status = "new"
				case w.events[1] == 0:
					w.status = "gone"
				}
				want[name] = w
			}
		}
		folded := map[string]row{}
		for name, w := range want {
			if f := fold(name); w.status != "" && f != name {
				s := folded[f]
				s.events[0], s.events[1] = s.events[0]+w.events[0], s.events[1]+w.events[1]
				folded[f] = s
			}
		}
		for name, w := range want {
			if f := folded[fold(name)]; w.status != "" && f.events[0] > 0 && f.events[1] > 0 {
				delete(want, name)
				want[fold(name)] = f
			}
		}
		for _, x := range list {
			got[x.Name] = row{x.Status, [2]int64{x.EventsBefore, x.EventsAfter}}
			if at := a[kind][x.Name]; kind == "kernel" && got[x.Name].status == "" && !strings.Contains(x.Name, "…") {
				within(t, x.Name, x.Before, at[1])
			}
		}
		cmptest.Same(t, kind+"s", want, got)
		if len(got) < 50 {
			t.Errorf("only %d %ss", len(got), kind)
		}
	}
	if len(r.Notes) == 0 || !strings.HasPrefix(r.Notes[0], "other hardware: 8 × NVIDIA A100-PG509-200 before") {
		t.Errorf("notes %q", r.Notes)
	}
}

// The document is as the schema in docs says, to the last member.
func TestDocumentsMeetTheSchema(t *testing.T) {
	s := schema.Read(t, "../../docs/compare.schema.json")
	a, _, _ := made{seed: 1, steps: 20}.write()
	b, _, _ := made{seed: 2, steps: 20, extra: 50_000, large: 0.5}.write()
	for name, r := range map[string]*Result{
		"a pair": pair(t, a, b), "itself": pair(t, a, a), "no steps": pair(t, []byte(`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]`), a),
		"recorded":       pair(t, recorded.Text(t, "testdata/hta_control.json.gz"), b),
		"nothing chosen": Compare([]Run{{"a", []*Input{read(t, "a", a, Selection{Phase: "prefill"})}}}, []Run{{"b", []*Input{read(t, "b", b, Selection{})}}}),
	} {
		text, err := jsondoc.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		s.Judge(t, name, text)
	}
}
