package reference

import (
	"strings"
	"testing"
)

func TestParseContainers(t *testing.T) {
	for _, c := range []struct{ source, head, tail string }{
		{`[]`, `[`, `]`},
		{"\n[ {\"ts\" : 1.50 } , {} ]\n", "\n[", "]\n"},
		{`{"a":[{"traceEvents":[]}], "traceEvents" : [{"ts" : 1.50 },{}],"z":null}`, `{"a":[{"traceEvents":[]}], "traceEvents" : [`, `],"z":null}`},
		{"[{\"ts\" : 1.50 },{},\n", "[", ""},
		{"[{\"ts\" : 1.50 },{}", "[", ""},
	} {
		tr, err := Parse([]byte(c.source))
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		if tr.Head != c.head || tr.Tail != c.tail {
			t.Errorf("%s: head %q, tail %q", c.source, tr.Head, tr.Tail)
		}
		if strings.Contains(c.source, "1.50") && (len(tr.Events) != 2 || tr.Events[0].Raw != `{"ts" : 1.50 }` || tr.Events[0].TS != 1500) {
			t.Errorf("%s: events %+v", c.source, tr.Events)
		}
		if err := CompareText(Render(tr, Slice(tr, Options{To: 2000})), tr); err != nil {
			t.Errorf("%s: %v", c.source, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, source := range []string{
		"", "5", "{}", `{"traceEvents":{}}`, `{"traceEvents":[]`, `[1]`, `[{]`, `[{"a":1`, `[{},,`,
		`{"traceEvents":[],"traceEvents":[]}`, `[]]`, `[{"ts":NaN}]`,
	} {
		if _, err := Parse([]byte(source)); err == nil {
			t.Errorf("%s: no error", source)
		}
	}
}

func TestZeroAndEnd(t *testing.T) {
	tr, err := Parse([]byte(`[{"ph":"M","ts":1},{"ph":"s","ts":2},{"ts":3},{"ph":"X","ts":-4,"dur":900},{"ph":"X"},
		{"ph":"C","ts":7},{"ph":"X","ts":"6","dur":"5"},{"ph":"i","ts":8,"dur":50},{"ph":"f","ts":99},{"ph":"T","ts":9,"dur":-5}]`))
	if err != nil {
		t.Fatal(err)
	}
	if zero, ok := Zero(tr); !ok || zero != 6000 {
		t.Errorf("Zero = %d, %v", zero, ok)
	}
	if end, ok := End(tr); !ok || end != 11000 {
		t.Errorf("End = %d, %v", end, ok)
	}
	if _, ok := Zero(&Trace{}); ok {
		t.Error("an empty trace has a zero")
	}
}
