package merged

import (
	"bytes"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

// each calls f for the events of a trace.
func each(t *testing.T, data string, f func(*trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader([]byte(data)), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Survey(func(e *trace.Event) error { f(e); return nil }); err != nil {
		t.Fatal(err)
	}
}

// Whoever laid out a trace again has not made its merged slices slices like others, and what
// a producer calls count is its own.
func TestOnlySlicesOfDownsampleCountAsMerged(t *testing.T) {
	for _, c := range []struct {
		name, args string
		want       bool
	}{
		{"2 × a", `{"tracekit.count": 2, "tracekit.busy": 1.000}`, true},
		{`2 \u00d7 a`, `{"tracekit.busy":1.0,"tracekit.count":2}`, true},
		{"2 × a", "{\n \"tracekit.ts\": 1,\n \"tracekit.count\" : 2,\n \"tracekit.busy\": 1}", true},
		{"2 × a", `{"count": 2, "busy": 1.000, "min": 1, "max": 1}`, false},
		{"2 × a", `{"tracekit.count": 2}`, false},
		{"2 × a", `{"note": "\"tracekit.count\": \"tracekit.busy\"", "count": 2}`, false},
		{"a", `{"tracekit.count": 2, "tracekit.busy": 1.000}`, false},
	} {
		each(t, `{"traceEvents":[{"ph":"X","name":"`+c.name+`","pid":1,"tid":1,"ts":1,"dur":1,"args":`+c.args+`}]}`, func(e *trace.Event) {
			if Is(e) != c.want {
				t.Errorf("%s %s: %v, want %v", c.name, c.args, !c.want, c.want)
			}
		})
	}
}

// What is written is read as it was.
func TestReadsWhatItWrites(t *testing.T) {
	name := func(name, cat string, count int64, times ...trace.Time) Name {
		return Name{Name: []byte(name), Cat: []byte(cat), Count: count, Busy: times[0], Self: times[1], Total: times[2]}
	}
	for _, c := range []struct {
		title string
		s     Slices
		want  string // name
		cat   string
	}{
		{"one name", Slices{Count: 3, Busy: 30, Min: 5, Max: 20, Names: []Name{name("a", "op", 3, 30, 30, 30)}, Outer: 30}, "3 × a", "op"},
		{"names of one category", Slices{Count: 3, Busy: 30, Min: 5, Max: 20, Names: []Name{name("aten::a", "op", 1, 20, 7, 20), name(`aten::\"b\\`, "op", 2, 10, 10, 4)}},
			"3 × aten::*", "op"},
		{"two categories", Slices{Count: 3, Busy: 30, Min: 5, Max: 20, Names: []Name{name("a", "op", 1, 20, 20, 20), name("b", "py", 2, 10, 3, 4)}, Inside: [][]byte{[]byte("py")}},
			"3 × a …", ""},
		{"a name of two categories", Slices{Count: 6, Busy: 31, Min: -1, Max: -1, Estimate: true,
			Names: []Name{name("a", "op", 1, 20, 20, 20), name("a", "", 2, 10, 3, 4), name("b", "py", 3, 1, 1, 1)}}, "6 × a …", ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			if got := string(c.s.AppendName(nil)); got != c.want && c.title != "" {
				t.Errorf("name %q, want %q", got, c.want)
			}
			_, shared := c.s.Cat()
			text := `{"traceEvents":[{"ph":"X","name":"` + c.want + `","cat":"` + c.cat + `","pid":1,"tid":1,"ts":1,"dur":1,"args":` + string(c.s.AppendArgs(nil, shared)) + `}]}`
			n := 0
			each(t, text, func(e *trace.Event) {
				n++
				var r Reader
				cmptest.Same(t, "slices", c.s, *r.Read(e))
				if !r.slices.IsComplete() {
					t.Error("names that add up are complete")
				}
			})
			if n != 1 {
				t.Errorf("%d events of %s", n, text)
			}
		})
	}
}

// What says less than downsample does, or nonsense, is read as far as it goes.
func TestIncompleteMergedSlicesAreReadAsFarAsTheyGo(t *testing.T) {
	for args, complete := range map[string]bool{
		`{"tracekit.count": 2, "tracekit.busy": 1, "tracekit.names": {"a": [1, 1.000]}}`:               false,
		`{"tracekit.count": 2, "tracekit.busy": 1}`:                                                    false,
		`{"tracekit.count": 2, "tracekit.busy": 1, "tracekit.names": {"a": [], "b": [2, 1, "x", {}]}}`: false,
		`{"tracekit.count": 2, "tracekit.busy": 1, "tracekit.names": {"a": [2, 1.000]}}`:               true,
	} {
		each(t, `[{"ph":"X","name":"2 × a","pid":1,"tid":1,"ts":1,"dur":1,"args":`+args+`}]`, func(e *trace.Event) {
			var r Reader
			if s := r.Read(e); s == nil || s.IsComplete() != complete {
				t.Errorf("%s: %+v", args, s)
			}
		})
	}
	for _, args := range []string{`{"tracekit.count": -2, "tracekit.busy": 1}`, `{"tracekit.count": "2", "tracekit.busy": 1}`, `{"tracekit.count": 2, "tracekit.busy": null}`} {
		each(t, `[{"ph":"X","name":"2 × a","pid":1,"tid":1,"ts":1,"dur":1,"args":`+args+`}]`, func(e *trace.Event) {
			var r Reader
			if s := r.Read(e); s != nil {
				t.Errorf("%s: %+v", args, s)
			}
		})
	}
}
