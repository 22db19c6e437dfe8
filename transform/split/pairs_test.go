package split

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	keepfilter "tracekit/transform/filter"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// inShort lists what of a trace begins and ends, as b test0 @1.
func inShort(t *testing.T, data []byte) string {
	t.Helper()
	parsed, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range parsed.Events {
		if e := &parsed.Events[i]; e.Phase != "M" {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", e.Phase, member(e, "name")))+fmt.Sprintf(" @%g", float64(e.TS)/1000))
		}
	}
	return strings.Join(all, "\n")
}

// TestPairsOfReports asserts what is left of begins and ends that people reported: async slices
// of one id that overlap, of ids that count within their process, of one time, and those of
// threads whose ends name nobody. What is open at an edge is cut there, and what is filtered is
// so by its begin.
func TestPairsOfReports(t *testing.T) {
	for _, c := range []struct {
		sample   string
		from, to string
		expr     string
		want     []string
	}{
		{"23-async-overlap-one-id", "@1", "@3", "", []string{"b testparent @1", "b test0 @1", "e test0 @3", "b test1 @1", "e test1 @3", "e testparent @3"}},
		{"23-async-overlap-one-id", "", "", `name == "test1"`, []string{"b test1 @1", "e test1 @4"}},
		{"24-async-id2-local-ints", "@25", "@35", "", []string{"b write @25", "b write @25", "b write @25", "e write @30", "e write @35", "e write @35"}},
		{"24-async-id2-local-ints", "", "", `pid == 2`, []string{"b write @15", "e write @35"}},
		{"29-nested-async-same-ts", "@0.5", "@2", "", []string{"b Routine Req @0.5", "b 31 @0.5", "b Routine @0.5", "e 31 @1", "e Routine @2", "e Routine Req @2"}},
		{"29-nested-async-same-ts", "", "", `name == "Routine"`, []string{"b Routine @0", "e Routine @2"}},
		{"40-be-abutting-perfetto432", "@104562", "@209948", "", []string{"B Event2 @104562", "E @209124", "B Event3 @209124", "E @209300",
			"B Event4 @209300", "B Event5 @209626", "E @209626", "E @209909"}},
		{"40-be-abutting-perfetto432", "", "", `name == "Event4" || name == "Event6"`, []string{"B Event4 @209300", "E @209626", "B Event6 @209948", "E @210012"}},
	} {
		t.Run(c.sample+" "+c.from+c.expr, func(t *testing.T) {
			data := readCase(t, c.sample+".json")
			var out bytes.Buffer
			var err error
			if c.expr == "" {
				_, err = slice.Run(t.Context(), source(t, data), trace.NewWriter(&out), slice.Options{
					Range: window.Range{From: bound(t, c.from), To: bound(t, c.to)}})
			} else {
				var x *filter.Expr
				if x, err = filter.Parse(c.expr); err != nil {
					t.Fatal(err)
				}
				_, err = keepfilter.Run(t.Context(), source(t, data), trace.NewWriter(&out), keepfilter.Options{Expr: x})
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmptest.Diff(strings.Join(c.want, "\n"), strings.ReplaceAll(inShort(t, out.Bytes()), "31  ", "31 ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFlowsThatLaunchNothing asserts that work follows a call by a flow only if the flow starts in
// a slice of a thread: a start among async slices, and one that no end follows, join nothing, so
// that the work is judged by its own time.
func TestFlowsThatLaunchNothing(t *testing.T) {
	const kernels = `{"ph":"X","cat":"kernel","name":"early","pid":0,"tid":7,"ts":60,"dur":10},
{"ph":"X","cat":"kernel","name":"late","pid":0,"tid":7,"ts":160,"dur":10},`
	for name, c := range map[string]struct{ events, want string }{
		"from a thread": {`{"ph":"X","cat":"cuda_runtime","name":"launch","pid":1,"tid":1,"ts":50,"dur":5},
{"ph":"s","cat":"ac2g","name":"ac2g","id":1,"pid":1,"tid":1,"ts":50},
{"ph":"f","bp":"e","cat":"ac2g","name":"ac2g","id":1,"pid":0,"tid":7,"ts":160}`, "X early @60\nX late @160\nX launch @50\ns ac2g @50\nf ac2g @160"},
		"from an async slice": {`{"ph":"b","cat":"r","name":"request","id":5,"pid":1,"tid":1,"ts":50},
{"ph":"e","cat":"r","name":"request","id":5,"pid":1,"tid":1,"ts":55},
{"ph":"s","cat":"ac2g","name":"ac2g","id":1,"pid":1,"tid":1,"ts":50},
{"ph":"f","bp":"e","cat":"ac2g","name":"ac2g","id":1,"pid":0,"tid":7,"ts":160}`, "X early @60\nb request @50\ne request @55"},
		"without an end": {`{"ph":"X","cat":"cuda_runtime","name":"launch","pid":1,"tid":1,"ts":50,"dur":5},
{"ph":"s","cat":"ac2g","name":"ac2g","id":1,"pid":1,"tid":1,"ts":50}`, "X early @60\nX launch @50"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			data := []byte(`{"traceEvents":[` + kernels + c.events + `]}`)
			rep, err := slice.Run(t.Context(), source(t, data), trace.NewWriter(&out), slice.Options{
				Range: window.Range{From: bound(t, "@40"), To: bound(t, "@100")}, Device: slice.Launched})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmptest.Diff(c.want, inShort(t, out.Bytes())); diff != "" {
				t.Errorf("%s\n%v", diff, rep.Notes)
			}
		})
	}
}
