package strip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

func TestOnlyArgsAreDropped(t *testing.T) {
	const before = `{"traceEvents": [
{"ph": "X", "name": "a", "cat": "cpu_op", "pid": 1, "tid": 1, "ts": 1.50, "dur": 2, "args": {"Input Dims": [[1, {"x": 2}]], "External id": 7, "Call stack": "a;b", "Python id": 3}},
{"ph": "X", "name": "no args", "pid": 1, "tid": 1, "ts": 5, "dur": 2, "args": {"Call\u0020stack": "q"}, "z": 1e3},
{"ph": "C", "name": "Call stack", "pid": 1, "ts": 5, "args": {"Call stack": 4}},
{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "p"}}
]}`
	for _, c := range []struct {
		o           Options
		first, then string
	}{
		{Options{Args: []string{"shapes"}}, `{"External id": 7, "Call stack": "a;b", "Python id": 3}`, `{"Call\u0020stack": "q"}`},
		{Options{Args: []string{"stack"}}, `{"Input Dims": [[1, {"x": 2}]], "External id": 7}`, `{}`},
		{Options{Python: true}, `{"Input Dims": [[1, {"x": 2}]], "External id": 7}`, `{}`},
		{Options{Args: []string{"External id"}}, `{"Input Dims": [[1, {"x": 2}]], "Call stack": "a;b", "Python id": 3}`, `{"Call\u0020stack": "q"}`},
		{Options{Args: []string{"shapes", "stack"}}, `{"External id": 7}`, `{}`},
		{Options{Args: []string{"all"}}, `{}`, `{}`},
	} {
		want := strings.Replace(before, `{"Input Dims": [[1, {"x": 2}]], "External id": 7, "Call stack": "a;b", "Python id": 3}`, c.first, 1)
		want = strings.Replace(want, `{"Call\u0020stack": "q"}`, c.then, 1)
		got, _ := stripped(t, []byte(before), c.o)
		// The name is written before what it names.
		wantEvents, wantNames := apart(parse(t, []byte(want)))
		gotEvents, gotNames := apart(parse(t, got))
		cmptest.Same(t, fmt.Sprintf("what %+v leaves", c.o), wantEvents, gotEvents)
		cmptest.Same(t, fmt.Sprintf("the names that %+v leaves", c.o), wantNames, gotNames)
	}
}

// What is left without hardware is what the profiler writes without it, on
// every producer that the generator knows.
func TestWithoutHardwareAsIfThereHadBeenNone(t *testing.T) {
	for seed := range uint64(2) {
		c := tracegen.Config{Seed: seed, Producer: tracegen.Gaudi, Steps: 12, Layers: 2, Python: seed%2 == 1, Hardware: true}
		with, _ := tracegen.Text(t, c)
		c.Hardware = false
		without, _ := tracegen.Text(t, c)
		got, _ := stripped(t, with, Options{Hardware: true})
		if len(with)-len(without) < 50_000 {
			t.Fatalf("seed %d: hardware is only %d bytes of %d", seed, len(with)-len(without), len(with))
		}
		parsed := parse(t, without)
		events, names := apart(parse(t, got))
		wantEvents, wantNames := left(parsed, func(*reference.Event) bool { return false })
		if d := cmptest.Diff(wantEvents, events); d != "" {
			t.Fatalf("seed %d: not the events of the trace without hardware (- want, + got):\n%s", seed, d)
		}
		// Names stand before what they name.
		slices.Sort(names)
		slices.Sort(wantNames)
		if d := cmptest.Diff(wantNames, names); d != "" {
			t.Fatalf("seed %d: not the names of the trace without hardware (- want, + got):\n%s", seed, d)
		}
		if all := len(parsed.Events) - len(wantEvents); len(names) != all {
			t.Fatalf("seed %d: %d names stay of the %d without hardware", seed, len(names), all)
		}
		if err := reference.CompareText(got, parsed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// TestWhatIsKnownOfEqualEvents: what is remembered of events that are equal changes
// neither output nor report. An inner source gives them no numbers.
func TestWhatIsKnownOfEqualEvents(t *testing.T) {
	pairs, devices := strings.Builder{}, strings.Builder{}
	for i := range 300 {
		for k, is := range []string{
			`"B", "cat": "cpu_op"`, `"B", "cat": "python_function"`, `"E", "cat": "cpu_op"`, `"E", "cat": "cpu_op"`,
		} {
			fmt.Fprintf(&pairs, `{"ph": %s, "name": "f", "pid": 1, "tid": 2, "ts": %d.000}, `, is, 10_000+4*i+k)
		}
		fmt.Fprintf(&devices, `{"ph": "X", "cat": "python_function", "name": "f", "pid": 0, "tid": 2, "ts": %d.000, "dur": 1.000, "args": {}}, `, 10_000+i)
		if i%50 == 49 { // the fourth tells that the process is a device's
			key := "grid"
			if i > 150 {
				key = "stream"
			}
			fmt.Fprintf(&devices, `{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": %d.000, "dur": 1.000, "args": {"%s": %d}}, `, 10_000+i, key, i)
		}
	}
	gaudi, _ := tracegen.Text(t, tracegen.Config{Seed: 4, Producer: tracegen.Gaudi, Python: true, Hardware: true, TargetBytes: 1 << 20, Odd: tracegen.Odd{BeginEnd: true, Async: true}})
	cuda, _ := tracegen.Text(t, tracegen.Config{Seed: 5, Producer: tracegen.CUDA, Python: true, Hardware: true, TargetBytes: 1 << 20, Odd: tracegen.Odd{BeginEnd: true}})
	traces := map[string][]byte{"gaudi": gaudi, "cuda": cuda}
	for name, text := range map[string]string{"pairs": pairs.String(), "devices": devices.String()} {
		traces[name] = []byte(`{"traceEvents": [` + text + `{"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "` + strings.Repeat("p", 400) + `"}}]}`)
	}
	for _, name := range realTraces(t) {
		traces[name] = recorded.Text(t, name)
	}
	for name, data := range traces {
		for _, o := range []Options{
			{Python: true}, {Hardware: true}, {Runtime: true}, {Hardware: true, Python: true}, {Cats: []string{"cpu_op", "kernel"}},
			{Python: true, Runtime: true, Counters: true, Memory: true, Instants: true},
		} {
			got, rep := stripped(t, data, o)
			want, wantRep := strippedFrom(t, data, trace.SourceOptions{Inner: true}, o)
			if !bytes.Equal(got, want) {
				t.Errorf("%s, %+v: %d bytes, without numbers %d", name, o, len(got), len(want))
			}
			cmptest.Same(t, fmt.Sprintf("%s, %+v: the report, as it is without numbers,", name, o), wantRep, rep)
		}
	}
}

func realTraces(t *testing.T) []string {
	files, err := filepath.Glob("../../../shared/traces/*.gz")
	if err != nil || len(files) == 0 {
		t.Skip("the real traces are not here")
	}
	return files
}

func TestPythonLeavesOfARealStack(t *testing.T) {
	for _, name := range realTraces(t) {
		if filepath.Base(name) != "vllm_graph_capture_pystack.pt.trace.json.gz" || testing.Short() {
			continue
		}
		out, _ := stripped(t, recorded.Text(t, name), Options{Python: true})
		if events, _ := apart(parse(t, out)); len(events) != 11309 {
			t.Fatalf("%d events stay, want 11309", len(events))
		}
		return
	}
	t.Skip("the trace is not here, or there is little time")
}

// Without hardware no event of a device's process stays but stray frames of Python, nor half
// of a flow that was whole: a process is a device's if its label says so or all of its
// events are such.
func TestHardwareLeavesNoEventOfADevice(t *testing.T) {
	device := []string{"kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "Kernel", "Memcpy", "Memset"}
	labelled := 0
	for _, name := range realTraces(t) {
		if testing.Short() && fileSize(t, name) > 1<<18 {
			continue
		}
		data := recorded.Text(t, name)
		gpu, had := map[string]bool{}, false
		each(t, data, func(e *trace.Event) {
			if e.IsMeta() && bytes.Contains(e.Args(), []byte(`"labels": "GPU`)) {
				gpu[string(e.Pid())] = true
			}
		})
		ofDevice := func(e *trace.Event) bool {
			return gpu[string(e.Pid())] && string(e.Cat()) != "python_function" && !e.IsMeta() || slices.Contains(device, string(e.Cat()))
		}
		each(t, data, func(e *trace.Event) { had = had || ofDevice(e) })
		if had {
			labelled++
		}
		out, _ := stripped(t, data, Options{Hardware: true})
		each(t, out, func(e *trace.Event) {
			if ofDevice(e) {
				t.Fatalf("%s: %.200s stays", filepath.Base(name), e.Raw())
			}
		})
		before := halves(t, data)
		for flow := range halves(t, out) {
			if !before[flow] {
				t.Fatalf("%s: half of the flow %q is kept", filepath.Base(name), flow)
			}
		}
	}
	if labelled < 3 {
		t.Fatalf("only %d traces have a device", labelled)
	}
}

// halves are the flows that have no start, or no end.
func halves(t *testing.T, data []byte) map[string]bool {
	phases := map[string]string{}
	each(t, data, func(e *trace.Event) {
		if e.IsFlow() {
			phases[fmt.Sprintf("%s %s %s", e.Cat(), e.Name(), e.ID())] += string(rune(e.Phase))
		}
	})
	half := map[string]bool{}
	for flow, all := range phases {
		if !strings.Contains(all, "s") || !strings.Contains(all, "f") {
			half[flow] = true
		}
	}
	return half
}

func each(t *testing.T, data []byte, visit func(e *trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.SurveyParts(func(p *trace.Part) error {
		for i := range p.Events {
			visit(&p.Events[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func fileSize(t *testing.T, name string) int64 {
	st, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// A tally of what is kept adds up to what is written.
func TestTallyAddsUp(t *testing.T) {
	data, _ := tracegen.Text(t, tracegen.Config{Seed: 1, Producer: tracegen.Gaudi, Steps: 6, Layers: 1, Hardware: true, Python: true})
	for _, o := range []Options{{Hardware: true}, {Python: true, Args: []string{"all"}}, {Flows: true, Counters: true}} {
		o.Tally = &pipeline.Tally{}
		out, _ := stripped(t, data, o)
		all, kept := len(parse(t, data).Events), len(parse(t, out).Events)
		var in, stay, bytesIn, bytesStay int64
		for _, r := range o.Tally.Rows() {
			in, stay = in+r.Events, stay+r.KeptEvents
			bytesIn, bytesStay = bytesIn+r.Bytes, bytesStay+r.KeptBytes
		}
		if int(in) != all || int(stay) != kept {
			t.Errorf("%+v: %d of %d events stay by the tally, %d of %d do", o, stay, in, kept, all)
		}
		if around := int64(len(data)) - bytesIn; around < 0 || int64(len(out))-bytesStay > around+1 || int64(len(out)) < bytesStay {
			t.Errorf("%+v: %d of %d bytes stay by the tally, %d of %d do", o, bytesStay, bytesIn, len(out), len(data))
		}
	}
}

func BenchmarkStripPython(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{Seed: 1, Producer: tracegen.CUDA, TargetBytes: 20e6, Hardware: true, Python: true})
	b.Run("reading alone", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			s, _ := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
			if _, err := s.SurveyParts(func(*trace.Part) error { return nil }); err != nil {
				b.Fatal(err)
			}
			s.Close()
		}
	})
	b.Run("strip", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			s, _ := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
			r, err := s.Read()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := Run(context.Background(), r, trace.NewWriter(io.Discard), Options{Python: true}); err != nil {
				b.Fatal(err)
			}
			r.Close()
			s.Close()
		}
	})
}

// A category is what it stands for, however it is written.
func TestEscapesInCategories(t *testing.T) {
	const data = `[{"ph":"i","cat":"a \"b\" \u00e9\\","ts":1,"pid":1,"tid":1},{"ph":"i","cat":"a","ts":2,"pid":1,"tid":1}]`
	const name = `a "b" é\`
	out, rep := stripped(t, []byte(data), Options{Cats: []string{name}})
	if events, _ := apart(parse(t, out)); len(events) != 1 || len(rep.Notes) > 0 || rep.Dropped[0].Kind != name {
		t.Errorf("%s stays: %+v", out, rep)
	}
}

// An end goes with the begin that it closes by name, in order of time, on a track or by
// an async id.
func TestEndsAreDroppedWithTheirBegins(t *testing.T) {
	const python = `"cat":"python_function"`
	for _, c := range []struct{ name, events, want string }{
		{"by name", `{"ph":"B","name":"a",` + python + `,"ts":1} {"ph":"B","name":"b","cat":"cpu_op","ts":2} {"ph":"E","name":"a","ts":3} {"ph":"E","name":"b","ts":4}`,
			`{"ph":"B","name":"b","cat":"cpu_op","ts":2} {"ph":"E","name":"b","ts":4}`},
		{"the innermost where none is named", `{"ph":"B",` + python + `,"ts":1} {"ph":"B","cat":"cpu_op","ts":2} {"ph":"E","ts":3} {"ph":"E","ts":4}`,
			`{"ph":"B","cat":"cpu_op","ts":2} {"ph":"E","ts":3}`},
		{"by id", `{"ph":"b","id":1,"name":"f.py(1): g","ts":1} {"ph":"b","id":1,"name":"x","ts":2} {"ph":"e","id":1,"name":"f.py(1): g","ts":3} {"ph":"e","id":1,"ts":4}`,
			`{"ph":"b","id":1,"name":"x","ts":2} {"ph":"e","id":1,"ts":4}`},
		{"an id of a process", `{"ph":"b","id2":{"local":1},"pid":1,"name":"f.py(1): g","ts":1} {"ph":"b","id2":{"local":1},"pid":2,"name":"x","ts":2} {"ph":"e","id2":{"local":1},"pid":2,"ts":3} {"ph":"e","id2":{"local":1},"pid":1,"ts":4}`,
			`{"ph":"b","id2":{"local":1},"pid":2,"name":"x","ts":2} {"ph":"e","id2":{"local":1},"pid":2,"ts":3}`},
		{"ends first in the file", `{"ph":"E","ts":3} {"ph":"B","cat":"cpu_op","ts":5} {"ph":"E","ts":6} {"ph":"B",` + python + `,"ts":2}`,
			`{"ph":"B","cat":"cpu_op","ts":5} {"ph":"E","ts":6}`},
		{"an end before a begin of its time", `{"ph":"B",` + python + `,"ts":1} {"ph":"B","cat":"cpu_op","ts":2} {"ph":"E","ts":2} {"ph":"E","ts":3}`,
			`{"ph":"B","cat":"cpu_op","ts":2} {"ph":"E","ts":3}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			array := func(events string) string { return "[" + strings.ReplaceAll(events, "} {", "},{") + "]" }
			out, _ := stripped(t, []byte(array(c.events)), Options{Python: true})
			if got := string(out); got != array(c.want) {
				t.Errorf("got\n%s\nwant\n%s", got, array(c.want))
			}
		})
	}
}

// Names of devices that come behind their events take a second reading, which keeps all in
// order; where that can't be had, what is in doubt waits for the end. Both leave the same.
func TestNamesAtTheEnd(t *testing.T) {
	const names = `{"ph":"M","name":"process_name","pid":1,"args":{"name":"/device:GPU:0"}},` +
		`{"ph":"M","name":"process_name","pid":2,"args":{"name":"python"}}`
	var events []string
	for i := range 40 {
		events = append(events,
			fmt.Sprintf(`{"ph":"X","name":"matmul","pid":1,"tid":1,"ts":%d,"dur":1}`, 10*i),
			fmt.Sprintf(`{"ph":"B","name":"host %d","pid":2,"tid":1,"ts":%d}`, i, 10*i+1),
			fmt.Sprintf(`{"ph":"B","name":"device %d","pid":1,"tid":2,"ts":%d}`, i, 10*i+1),
			fmt.Sprintf(`{"ph":"i","name":"note %d","pid":3,"tid":1,"ts":%d,"s":"t"}`, i, 10*i+2),
			fmt.Sprintf(`{"ph":"E","pid":2,"tid":1,"ts":%d}`, 10*i+3),
			fmt.Sprintf(`{"ph":"E","pid":1,"tid":2,"ts":%d}`, 10*i+4))
	}
	data := []byte("[" + strings.Join(events, ",\n") + ",\n" + names + "]")
	var want []string
	for _, e := range parse(t, data).Events {
		if e.Pid != "1" {
			want = append(want, e.Raw)
		}
	}
	for _, c := range []struct {
		name     string
		restarts func() bool
		inOrder  bool
	}{
		{"read again", func() bool { return true }, true},
		{"held", func() bool { return false }, false},
		{"nobody to ask", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, _ := stripped(t, data, Options{Hardware: true, Restarts: c.restarts})
			var got []string
			for _, e := range parse(t, out).Events {
				got = append(got, e.Raw)
			}
			if c.inOrder && !slices.Equal(got, want) {
				t.Errorf("not in order:\n%s", strings.Join(got, "\n"))
			}
			slices.Sort(got)
			if all := slices.Sorted(slices.Values(want)); !slices.Equal(got, all) {
				t.Errorf("%d events are left, want %d:\n%s", len(got), len(all), strings.Join(got, "\n"))
			}
		})
	}
}

// What waits is bounded where the trace can be read again.
func TestWaitingIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("[")
	for i := range 30_000 {
		fmt.Fprintf(&b, `{"ph":"X","name":"something","pid":%d,"tid":1,"ts":%d,"dur":1},`, i%7, i)
	}
	b.WriteString(`{"ph":"X","name":"last","pid":1,"tid":1,"ts":99999,"dur":1}]`)
	s, err := trace.NewSource(strings.NewReader(b.String()), int64(b.Len()), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	st := newStage(Options{Hardware: true, Restarts: func() bool { return true }})
	err = pipeline.Run(context.Background(), r, trace.NewWriter(io.Discard), st)
	if !errors.Is(err, ErrNames) || st.waiting > heldBytes+1000 {
		t.Errorf("%d bytes wait: %v", st.waiting, err)
	}
}
