package trace_test

import (
	"encoding/json"
	"strings"
	"testing"

	"tracekit/trace"
)

// Quotes that are not escaped in a member before the events, as PyTorch's INFO had them, cost that
// member alone: Perfetto reads on from the array of events, too.
func TestQuotesInMembersBeforeTheEvents(t *testing.T) {
	const events = `"traceEvents" : [{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}],"z":1}`
	for _, c := range []struct{ head, want string }{
		{`{"INFO":"Starting "x" now",`, `"INFO":"Starting "`},
		{`{"a":1,"INFO":"say "hi"",`, `"a":1`},
		{`{"INFO":"--name "a b", x", `, `"INFO":"--name "`},
		{`{"INFO":"a"b,`, `"INFO":"a"`},
		{`{"a":1,"INFO":"one" two" three",`, `"a":1`},
		{`{"a":1,"INFO":"the "traceEvents" of "x"",`, `"a":1`},
		{`{"INFO":"Starting "` + strings.Repeat("x", 900_000) + `" now",`, `"INFO":"Starting "`},
	} {
		out, ok := throughReader(t, []byte(c.head+events))
		if !ok || !json.Valid(out) || !strings.Contains(string(out), c.want) || !strings.Contains(string(out), `"name":"a"`) || !strings.Contains(string(out), `"z":1`) {
			t.Errorf("%.60s…: %v, %.200s", c.head, ok, out)
		}
	}
	for _, text := range []string{
		`{"INFO":"Starting "x" now","other":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}]}`,
		`{"INFO":"Starting "x" now","traceEvents":{"ph":"X"}}`,
		`{"INFO":"Starting "` + strings.Repeat("x", 1<<20) + `" now",` + events,
	} {
		if out, ok := throughReader(t, []byte(text)); ok {
			t.Errorf("%.60s… is a trace: %.200s", text, out)
		}
	}
	s, err := trace.NewSource(strings.NewReader(`{"INFO":"Starting "x" now",`+events), -1, trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := s.Survey(nil)
	if err != nil || !v.Damage.Lost() || v.Damage.Finds()[0].Count != 1 || v.Damage.Finds()[0].First != 19 {
		t.Errorf("%v, %+v", err, v.Damage.Finds())
	}
}
