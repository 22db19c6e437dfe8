package strip

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

func stripped(t testing.TB, data []byte, o Options) ([]byte, pipeline.Report) {
	t.Helper()
	return strippedFrom(t, data, trace.SourceOptions{}, o)
}

func strippedFrom(t testing.TB, data []byte, from trace.SourceOptions, o Options) ([]byte, pipeline.Report) {
	t.Helper()
	read := func(f func(r *trace.Reader) error) error {
		s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), from)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		return f(r)
	}
	var out bytes.Buffer
	var rep pipeline.Report
	run := func(r *trace.Reader) (err error) {
		out.Reset()
		rep, err = Run(context.Background(), r, trace.NewWriter(&out), o)
		return err
	}
	err := read(run)
	if Relearns(err) {
		if o.Known, err = Learn(context.Background(), func() (trace.Stream, error) {
			s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), from)
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { s.Close() })
			return s.Read()
		}, o); err == nil {
			err = read(run)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), rep
}

func parse(t testing.TB, data []byte) *reference.Trace {
	t.Helper()
	parsed, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func text(ms []reference.Member, name string) string {
	for _, m := range slices.Backward(ms) {
		if m.Name == name {
			return trace.Unquote([]byte(m.Text))
		}
	}
	return ""
}

func cat(e *reference.Event) string { return text(e.Members, "cat") }

// plainly are options, and what they take, in plain words. Ends are not asked:
// they go with their begins.
var plainly = []struct {
	name  string
	o     Options
	takes func(e *reference.Event) bool
}{
	{"python", Options{Python: true}, func(e *reference.Event) bool { return cat(e) == "python_function" }},
	{"counters", Options{Counters: true}, func(e *reference.Event) bool { return e.Phase == "C" }},
	{"instants", Options{Instants: true}, func(e *reference.Event) bool { return strings.Contains("iIR", e.Phase) && e.Phase != "" }},
	{"flows", Options{Flows: true}, func(e *reference.Event) bool { return strings.Contains("stf", e.Phase) && e.Phase != "" }},
	{"cat", Options{Cats: []string{"cpu_op", "cuda_runtime"}}, func(e *reference.Event) bool {
		return cat(e) == "cpu_op" || cat(e) == "cuda_runtime"
	}},
	{"many", Options{Counters: true, Flows: true, Cats: []string{"kernel"}}, func(e *reference.Event) bool {
		return e.Phase == "C" || e.Phase == "s" || e.Phase == "t" || e.Phase == "f" || cat(e) == "kernel"
	}},
	{"nothing there", Options{Cats: []string{"nonesuch"}}, func(*reference.Event) bool { return false }},
}

// left is what is kept of a trace: events as written, and apart from them the names.
func left(parsed *reference.Trace, takes func(e *reference.Event) bool) (events, names []string) {
	goes := map[int]bool{}
	for i := range parsed.Events {
		goes[i] = takes(&parsed.Events[i])
	}
	for _, p := range append(reference.Pairs(parsed), reference.AsyncPairs(parsed)...) {
		if p.End >= 0 {
			goes[p.End] = goes[p.Begin]
		}
	}
	usedPid, usedTrack := map[string]bool{}, map[reference.Track]bool{}
	for i := range parsed.Events {
		if e := &parsed.Events[i]; e.Phase != "M" && !goes[i] {
			events = append(events, e.Raw)
			usedPid[e.Pid], usedTrack[e.Track] = true, true
		}
	}
	var metadata []int
	for i := range parsed.Events {
		e := &parsed.Events[i]
		used := usedPid[e.Pid]
		if strings.HasPrefix(text(e.Members, "name"), "thread_") {
			used = usedTrack[e.Track]
		}
		stray := text(e.Members, "pid") == "1" && strings.Contains(e.Raw, `"vLLM"`) // it is meant for another process
		if e.Phase == "M" && (used || stray || text(e.Members, "pid") == "") {
			metadata = append(metadata, i)
		}
	}
	first, again := reference.Distinct(parsed, metadata)
	for _, i := range append(first, again...) {
		names = append(names, parsed.Events[i].Raw)
	}
	return events, names
}

func apart(parsed *reference.Trace) (events, names []string) {
	for _, e := range parsed.Events {
		if e.Phase == "M" {
			names = append(names, e.Raw)
		} else {
			events = append(events, e.Raw)
		}
	}
	return events, names
}

func judge(t *testing.T, data []byte, what string) (gone int) {
	t.Helper()
	parsed := parse(t, data)
	for _, p := range plainly {
		out, rep := stripped(t, data, p.o)
		got, gotNames := apart(parse(t, out))
		want, wantNames := left(parsed, p.takes)
		if p.o.Python { // what their args lose is judged by another test
			got, want = withoutArgs(t, got), withoutArgs(t, want)
		}
		if d := cmptest.Diff(want, got); d != "" {
			t.Fatalf("%s, %s: other events stay (- want, + got):\n%s", what, p.name, d)
		}
		slices.Sort(gotNames)
		slices.Sort(wantNames)
		if d := cmptest.Diff(wantNames, gotNames); d != "" {
			t.Fatalf("%s, %s: other names stay (- want, + got):\n%s", what, p.name, d)
		}
		var lost int64
		for _, d := range rep.Dropped {
			if d.Kind != "args" {
				lost += d.Events
			}
		}
		if int(lost) != len(parsed.Events)-len(got)-len(gotNames) {
			t.Fatalf("%s, %s: %d events are said to go, and %d do", what, p.name, lost, len(parsed.Events)-len(got)-len(gotNames))
		}
		gone += int(lost)
		// White space before a bare array is of no document.
		if strings.TrimSpace(parsed.Head) == "[" {
			parsed.Head = "["
		}
		if err := reference.CompareText(out, parsed); err != nil {
			t.Fatalf("%s, %s: %v", what, p.name, err)
		}
	}
	return gone
}

// withoutArgs are the members of events but for their args.
func withoutArgs(t *testing.T, events []string) []string {
	var all []string
	for _, e := range parse(t, []byte("["+strings.Join(events, ",")+"]")).Events {
		all = append(all, fmt.Sprint(slices.DeleteFunc(e.Members, func(m reference.Member) bool { return m.Name == "args" })))
	}
	return all
}

func TestStripAgreesWithTheNaiveReference(t *testing.T) {
	gone, traces := 0, 150
	if testing.Short() {
		traces = 40
	}
	for seed := range uint64(traces) {
		data := reference.Random(rand.New(rand.NewPCG(seed, 11)), 5+int(seed%80))
		gone += judge(t, data, fmt.Sprint("seed ", seed))
	}
	if gone < 10*traces {
		t.Fatalf("only %d events went", gone)
	}
}

func TestStripAgreesWithTheNaiveReferenceOnRealTraces(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	for i, name := range files {
		if i > 1 && testing.Short() {
			break
		}
		judge(t, recorded.Text(t, name), name)
	}
}
