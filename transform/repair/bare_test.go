package repair

import (
	"encoding/json"
	"fmt"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// Text without quotes in args becomes a string up to where the args go on, and the other args stay.
func TestBareTextInArgs(t *testing.T) {
	for text, want := range map[string]any{
		"N/A": "N/A", "not available": "not available", "12 ms": "12 ms", "cuda:0": "cuda:0", "std::vector<int>": "std::vector<int>",
		"torch.float32": "torch.float32", "torch.Size([1, 2])": "torch.Size([1, 2])", "a[0]": "a[0]", "12:30:01 UTC": "12:30:01 UTC", "<none>": "<none>",
		"(1, 2)": "(1, 2)", "-inf s": "-inf s", "50%": "50%", "0x1F": "0x1F", "nan": "nan", "None": nil, "True": true, "+5": 5.0, "5.": 5.0, "12 ": 12.0,
		"[not available, cuda:0, 3 ms]": []any{"not available", "cuda:0", "3 ms"},
		`{"a":not available,"b":N/A}`:   map[string]any{"a": "not available", "b": "N/A"},
		"undefined":                     "undefined", `C\x`: `C\x`,
	} {
		for place, args := range map[string]string{"between": `"k":1,"x":%s,"z":3`, "last": `"k":1,"z":3,"x":%s`, "first": `"x": %s , "k":1,"z":3`} {
			in := fmt.Sprintf(`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2,"args":{%s}},{"ph":"i","name":"b","ts":3,"pid":1,"tid":1}]}`, fmt.Sprintf(args, text))
			out, set, _, err := repairText(t, []byte(in), Options{})
			if err != nil || len(set) > 0 {
				t.Errorf("%s, %s: %v, set aside: %s", text, place, err, set)
				continue
			}
			var doc struct {
				TraceEvents []struct{ Args map[string]any }
			}
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Errorf("%s, %s: %v: %s", text, place, err, out)
				continue
			}
			cmptest.Same(t, text+", "+place, map[string]any{"k": 1.0, "x": want, "z": 3.0}, doc.TraceEvents[0].Args)
		}
	}
}

// PyTorch's profiler once wrote N/A for an occupancy that it did not know, without quotes.
func TestReportedBareWords(t *testing.T) {
	out, _, _, err := repairText(t, reported(t, "61-na-word.json"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		TraceEvents []struct {
			Name string
			Args map[string]any
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, e := range doc.TraceEvents {
		got[e.Name] = e.Args
	}
	cmptest.Same(t, "the args", map[string]any{
		"a": map[string]any{"est. achieved occupancy %": "N/A", "k": 1.0}, "b": map[string]any{"k": 2.0},
	}, map[string]any{"a": got["a"], "b": got["b"]})
}

// Quotes in a member before the events cost that member, and no event.
func TestQuotesInMembersBeforeTheEvents(t *testing.T) {
	for _, head := range []string{`"INFO":"Starting "x" now"`, `"INFO":"say "hi""`, `"INFO":"--name "a b", x"`, `"INFO":["Starting "x" now"]`, `"a":1,"INFO":"a"b`} {
		in := "{" + head + `,"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},{"ph":"i","name":"b","ts":3,"pid":1,"tid":1}]}`
		out, _, _, err := repairText(t, []byte(in), Options{})
		var doc struct{ TraceEvents []struct{ Name string } }
		if err != nil || json.Unmarshal(out, &doc) != nil || len(doc.TraceEvents) != 2 {
			t.Errorf("%s: %v, %s", head, err, out)
		}
	}
}
