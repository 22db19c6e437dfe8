package origin

import (
	"bytes"
	"testing"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
)

// same fails if two origins differ in anything.
func same(t *testing.T, got, want *Origin) {
	t.Helper()
	a, err := jsondoc.Compact(got)
	b, err2 := jsondoc.Compact(want)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func whole() *Origin {
	return &Origin{Version: "v1", Source: `a "b".json`, Call: "slice --step 5 x.json", Earlier: []string{"split --by step a.json", "slice"},
		Range: Range{-7, 1_780_000_000_000_000_123}, Steps: &Steps{5, 42, "vLLM on Gaudi"}}
}

// put writes a document of one event, with an origin.
func put(t *testing.T, doc string, o *Origin) string {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader([]byte(doc)), int64(len(doc)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	if o != nil {
		if err := o.Put(w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.SurveyParts(func(p *trace.Part) error {
		if p.Text != nil {
			w.Text(p.Text)
		}
		for i := range p.Events {
			w.Event(&p.Events[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const written = `{"tracekit":{"version":"v1","source":"a \"b\".json","call":"slice --step 5 x.json","earlier":["split --by step a.json","slice"],` +
	`"range":{"start_ns":-7,"end_ns":1780000000000000123},"steps":{"first":5,"first_ns":42,"by":"vLLM on Gaudi"}}`

func TestADocumentSaysWhereItIsFrom(t *testing.T) {
	const events = `"traceEvents":[{"ph":"i","ts":1,"pid":1,"tid":1,"name":"tracekit","args":{"tracekit":1}}]`
	for _, c := range []struct{ name, doc, want string }{
		{"events alone", "{" + events + "}", written + "," + events + "}"},
		{"white space", " {\n " + events + "\n }", " " + written + ",\n " + events + "\n }"},
		{"members before and behind", `{"a":{"tracekit":1},` + events + `,"b":"tracekit"}`, written + `,"a":{"tracekit":1},` + events + `,"b":"tracekit"}`},
		{"one before", `{"tracekit":{"call":"old","x":[1,{}]},"a":1,` + events + "}", written + `,"a":1,` + events + "}"},
		{"one before, later", `{"a":1, "tracekit":{}, ` + events + "}", written + `,"a":1,  ` + events + "}"},
		{"one behind", "{" + events + `,"a":1, "tracekit" : "old"}`, written + "," + events + `,"a":1}`},
		{"one alone behind", "{" + events + `, "tracekit":{},"b":2}`, written + "," + events + `,"b":2}`},
		{"a bare array", `[{"ph":"i","ts":1,"pid":1,"tid":1}]`, `[{"ph":"i","ts":1,"pid":1,"tid":1}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := put(t, c.doc, whole())
			if got != c.want {
				t.Fatalf("got  %s\nwant %s", got, c.want)
			}
			if got[0] == '[' {
				return
			}
			s, err := trace.NewSource(bytes.NewReader([]byte(got)), int64(len(got)), trace.SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			v, err := s.Survey(nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, FromTrace(v), whole())
			if again := put(t, got, nil); again != got {
				t.Errorf("through a verb that cuts nothing:\n%s", again)
			}
		})
	}
}

func TestNextKeepsTheSourceOfTheWholeTrace(t *testing.T) {
	c := &Call{Version: "v2", Source: "piece.json", Call: "slice --step 5 piece.json"}
	first := c.Next(nil, Range{1, 2})
	same(t, first, &Origin{Version: "v2", Source: "piece.json", Call: "slice --step 5 piece.json", Range: Range{1, 2}})
	want := &Origin{Version: "v2", Source: `a "b".json`, Call: c.Call, Earlier: []string{"split --by step a.json", "slice", "slice --step 5 x.json"}, Range: Range{3, 4}}
	same(t, c.Next(whole(), Range{3, 4}), want)
}

func TestTextWithoutAnOrigin(t *testing.T) {
	for _, text := range []string{"", "{", `{"traceEvents":[`, `{"tracekit":1,"traceEvents":[`, `{"tracekit":{"call":"x"`, `],"a":"tracekit"}`} {
		if o := FromDocument([]byte(text)); o != nil {
			t.Errorf("%s: %+v", text, o)
		}
	}
	o := FromDocument([]byte(`{"tracekit":{"call":7,"range":[],"steps":{"first":"x"},"earlier":{},"odd":null},"traceEvents":[`))
	same(t, o, &Origin{Call: "7", Steps: &Steps{}})
}
