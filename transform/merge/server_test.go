package merge

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/ranks"
	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
	"tracekit/transform/strip"
	"tracekit/transform/window"
)

func gaudi(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open("../../testdata/gaudi/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The high-level events that vLLM wrote into a file of their own stand beside what PyTorch
// recorded, at the moments that the float64 of their time means.
func TestServerEventsAreMergedIntoTheirTrace(t *testing.T) {
	torch, server := gaudi(t, "server.pt.trace"), gaudi(t, "server_events")
	closed := append(bytes.TrimSuffix(bytes.TrimSpace(server), []byte(",")), ']')
	var events []struct {
		Name    string
		TS, Dur float64
		Pid     int
	}
	if err := json.Unmarshal(closed, &events); err != nil {
		t.Fatal(err)
	}
	p, d := merged(t, []Input{inputOf("server_events_x.json", server), inputOf("vllm.1.pt.trace.json", torch)}, options(t, true))
	if len(p.Ranks) != 1 || len(p.Ranks[0].Files) != 2 || p.Clocks != nil {
		t.Fatalf("%+v", p.Ranks)
	}
	cmptest.Same(t, "base", parse(t, torch).base, d.base)
	want := parse(t, torch).Events
	got := withoutMetadata(d.Events)
	behind := got[len(got)-len(events):]
	for i, e := range events {
		whole, quarter := math.Modf(e.TS)
		at := (int64(whole)-d.base/1000)*1000 + int64(quarter*1000)
		if n := nanoseconds(t, behind[i]["ts"]); n != at || behind[i]["name"] != e.Name || behind[i]["pid"] != json.Number(strconv.Itoa(e.Pid)) {
			t.Fatalf("event %d is %v, at %d and not at %d", i, behind[i], n, at)
		}
	}
	if n := len(withoutMetadata(want)) + len(events); len(got) != n {
		t.Errorf("%d events of %d", len(got), n)
	}
	for key, v := range parse(t, torch).members {
		if key != "traceEvents" && string(d.members[key]) != string(v) {
			t.Errorf("%s is %s", key, d.members[key])
		}
	}
}

func TestServerEventsFindTheirRank(t *testing.T) {
	torch, server := gaudi(t, "server.pt.trace"), gaudi(t, "server_events")
	other := bytes.ReplaceAll(torch, []byte(`"rank":0`), []byte(`"rank":1`))
	other = bytes.ReplaceAll(other, []byte(`"pid":1,`), []byte(`"pid":77,`))
	p, _ := merged(t, []Input{inputOf("b.json", other), inputOf("a.json", torch), inputOf("server_events_x.json", server)}, options(t, false))
	if len(p.Ranks) != 2 {
		t.Fatalf("%d ranks", len(p.Ranks))
	}
	cmptest.Same(t, "files of rank 0", []string{"a.json", "server_events_x.json"}, p.Ranks[0].Files)
	cmptest.Same(t, "files of rank 1", []string{"b.json"}, p.Ranks[1].Files)
}

func TestRanksByName(t *testing.T) {
	text := []byte(`{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":1}]}`)
	for _, c := range []struct{ files, want []string }{
		{[]string{"rank-10.json", "rank-9.json"}, []string{"rank 9", "rank 10"}},
		{[]string{"x_rank1.json", "x_rank0.json"}, []string{"rank 0", "rank 1"}},
		{[]string{"17-TP-1-EP-0.json", "17-TP-0-EP-0.json"}, []string{"TP0", "TP1"}},
		{[]string{"dp0_pp0_tp1_dcp0_ep0_rank5.17.json", "dp0_pp0_tp0_dcp0_ep0_rank4.17.json"}, []string{"rank 4", "rank 5"}},
		{[]string{"TP0-EP1.json", "TP0-EP0.json"}, []string{"EP0", "EP1"}},
		{[]string{"TP1-EP1.json", "TP0-EP0.json", "TP1-EP0.json"}, []string{"TP0-EP0", "TP1-EP0", "TP1-EP1"}},
		{[]string{"frank1.json", "step2.json"}, []string{"rank 0", "rank 1"}},
		{[]string{"rank1.json", "other.json"}, []string{"rank 0", "rank 1"}},
		{[]string{"rank1.json", "rank1.json"}, []string{"rank 0", "rank 1"}}, // nothing tells them apart
	} {
		var inputs []Input
		for _, name := range c.files {
			inputs = append(inputs, inputOf(name, text))
		}
		p, err := Learn(context.Background(), inputs, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Ranks {
			got = append(got, r.Label)
		}
		cmptest.Same(t, c.files[0], c.want, got)
	}
}

// Where traces state the same rank, something else tells them apart, in labels that are read again.
func TestRanksThatAreTheSame(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string // folder, name, host, rank
		want  []string
	}{
		{"hosts", []string{"a x.json node1 0", "a y.json node2 0", "a z.json node2 1"}, []string{"rank 0 (node1) by distributedInfo and host", "rank 0 (node2) by distributedInfo and host", "rank 1 by distributedInfo"}},
		{"files", []string{"a x.json node1 0", "a y.json.gz node1 0"}, []string{"rank 0 (x) by distributedInfo and file", "rank 0 (y) by distributedInfo and file"}},
		{"one host is not known", []string{"a x.json - 0", "a y.json node1 0"}, []string{"rank 0 (x) by distributedInfo and file", "rank 0 (y) by distributedInfo and file"}},
		{"folders", []string{"a x.json - 0", "b x.json - 0"}, []string{"rank 0 (a) by distributedInfo and folder", "rank 0 (b) by distributedInfo and folder"}},
		{"nothing", []string{"a x.json - 0", "a x.json - 0"}, []string{"rank 0 by order", "rank 1 by order"}},
		{"the names of files", []string{"a rank-0.json - 0", "a rank-1.json - 0"}, []string{"rank 0 by name", "rank 1 by name"}},
		{"groups", []string{"a x-TP0.json - -", "b x-TP0.json - -", "a x-TP1.json - -"}, []string{"TP0 (a) by name and folder", "TP0 (b) by name and folder", "TP1 by name"}},
		{"odd hosts", []string{`a x.json a"(b):rank9 0`, "a y.json b 0"}, []string{"rank 0 (a__b__rank9) by distributedInfo and host", "rank 0 (b) by distributedInfo and host"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var inputs []Input
			for _, file := range c.files {
				f := strings.Fields(file)
				text := `{`
				if f[2] != "-" {
					text += fmt.Sprintf(`"host_name": %q, `, f[2])
				}
				if f[3] != "-" {
					text += fmt.Sprintf(`"distributedInfo": {"rank": %s}, `, f[3])
				}
				in := inputOf(f[1], []byte(text+`"traceEvents":[{"ph":"X","name":"a","pid":"Spans","tid":1,"ts":1,"dur":1},{"ph":"M","name":"process_name","pid":7,"args":{"name":"python"}}]}`))
				in.Folder = f[0]
				inputs = append(inputs, in)
			}
			p, err := Learn(context.Background(), inputs, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got, labels []string
			for _, r := range p.Ranks {
				got, labels = append(got, r.Label+" by "+r.By), append(labels, r.Label)
			}
			cmptest.Same(t, c.name, c.want, got)

			var once bytes.Buffer
			if _, err := p.Write(context.Background(), trace.NewWriter(&once)); err != nil {
				t.Fatal(err)
			}
			if p, err = Learn(context.Background(), []Input{inputOf("merged.json", once.Bytes())}, Options{}); err != nil {
				t.Fatal(err)
			}
			var again []string
			for _, r := range p.Ranks {
				again = append(again, r.Label)
			}
			cmptest.Same(t, c.name+", merged and read again", labels, again)
		})
	}
}

// Ids of two ranks in one file, as SGLang's merger leaves them, are told apart as in two.
func TestRanksOfOneFile(t *testing.T) {
	for _, name := range []string{"03-sglang-merged", "04-merged-ids-collide"} {
		data, err := os.ReadFile("../../testdata/cases/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		_, d := merged(t, []Input{inputOf(name, data)}, options(t, true))
		owner := map[string]string{}
		for _, e := range d.Events {
			pid, _ := e["pid"].(string)
			rank, _, _ := bytes.Cut([]byte(pid), []byte("]"))
			for _, id := range idsOf(e) {
				of := id.kind + " " + toText(id.in[id.key])
				if by, known := owner[of]; known && by != string(rank) {
					t.Fatalf("%s: %s is of %s and %s", name, of, by, rank)
				}
				owner[of] = string(rank)
			}
		}
		if got, want := len(withoutMetadata(d.Events)), len(withoutMetadata(parse(t, data).Events)); got != want || len(owner) == 0 {
			t.Errorf("%s: %d events of %d", name, got, want)
		}
	}
}

func toText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func TestArchivesKeepTheBytes(t *testing.T) {
	run := ranks.Config{Ranks: 3, PerHost: 1, Steps: 12, Layers: 3, Args: ranks.Seq, Offsets: []float64{0, 2e6, -1e6}, Bases: []int64{1_775_078_550_000_000_000, 1_767_189_312_000_000_000}}
	inputs, sources := inputsOf(&run)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(sources[2])
	z.Close()
	inputs[2] = inputOf("rank-2.json.gz", packed.Bytes())
	for _, kind := range []string{"tar", "zip"} {
		p, err := Learn(context.Background(), inputs, options(t, true))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		a := NewTar(&out)
		if kind == "zip" {
			a = NewZip(&out, func() (*spill.File, error) { return spill.Create(t.TempDir()) })
		}
		if n, err := p.WriteArchive(context.Background(), a); err != nil || n != 3 {
			t.Fatal(n, err)
		}
		members := read(t, kind, out.Bytes())
		var m manifest
		if err := json.Unmarshal(members[manifestName], &m); err != nil {
			t.Fatal(err)
		}
		for i, f := range m.Manifest.Files {
			if f.Path != fmt.Sprintf("rank-%d.json", i) || !bytes.Equal(members[f.Path], sources[i]) {
				t.Errorf("%s: %s is another", kind, f.Path)
			}
			want := run.Base(i) - int64(run.Offsets[i]) - (run.Base(1) - int64(run.Offsets[1]))
			got := int64(0)
			if f.Clocks != nil {
				got = f.Clocks.Offset
				cmptest.Same(t, "the reference", "rank-1.json", f.Clocks.SyncTo.File)
			}
			if math.Abs(float64(got-want)) > 2000 {
				t.Errorf("%s: %s is moved by %d, and not by %d", kind, f.Path, got, want)
			}
		}
	}
}

func read(t *testing.T, kind string, data []byte) map[string][]byte {
	t.Helper()
	members := map[string][]byte{}
	take := func(name string, r io.Reader, err error) {
		if err == nil {
			members[name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if kind == "zip" {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			take(f.Name, r, err)
		}
		return members
	}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return members
		}
		if err != nil {
			t.Fatal(err)
		}
		take(h.Name, r, nil)
	}
}

// A range is one of the merged trace, whatever the clocks and bases of ranks are.
func TestRangeOfTheMergedTrace(t *testing.T) {
	run := ranks.Config{Ranks: 3, PerHost: 1, Steps: 30, Layers: 3, Args: ranks.Seq, Offsets: []float64{0, 2e9, -1e9}, Bases: []int64{1_775_078_550_000_000_000, 1_767_189_312_000_000_000}}
	inputs, sources := inputsOf(&run)
	o := options(t, true)
	from, _ := window.Parse("2ms")
	to, _ := window.Parse("4ms")
	o.Slice = &slice.Options{Range: window.Range{From: from, To: to}, Boundary: slice.Whole}
	o.Strip = &strip.Options{Python: true, Flows: true}
	_, d := merged(t, inputs, o)
	const near = 3000 // ns: clocks are corrected no better
	begin := ranks.Start + 1_000_000 - 2_000 + 2_000_000
	got := map[string]bool{}
	for _, e := range d.Events {
		if _, key, _, ok := truth(e); ok {
			got[key] = true
			if e["cat"] == "python_function" || e["ph"] == "s" {
				t.Fatalf("%v is there", e)
			}
		}
	}
	for rank, text := range sources {
		n := 0
		for _, e := range parse(t, text).Events {
			_, key, at, ok := truth(e)
			if !ok || e["ph"] != "X" || e["cat"] == "python_function" {
				continue
			}
			end := at + nanoseconds(t, e["dur"])
			inside, outside := at > begin+near && end < begin+2_000_000-near, end < begin-near || at > begin+2_000_000+near
			if inside && !got[key] || outside && got[key] {
				t.Errorf("rank %d: %v, kept: %v", rank, e, got[key])
			}
			if inside {
				n++
			}
		}
		if n == 0 {
			t.Errorf("nothing of rank %d is in the range", rank)
		}
	}
}

// What was merged before keeps its ranks, and nothing gets a second one before it.
func TestMergedTracesMerge(t *testing.T) {
	run := ranks.Config{Ranks: 4, PerHost: 2, Steps: 4, Layers: 3, Args: ranks.Seq}
	inputs, _ := inputsOf(&run)
	write := func(inputs []Input) []byte {
		p, err := Learn(context.Background(), inputs, options(t, false))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := p.Write(context.Background(), trace.NewWriter(&out)); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	a, b := write(inputs[:2]), write(inputs[2:])
	p, d := merged(t, []Input{inputOf("b.json", b), inputOf("a.json", a)}, options(t, false))
	var labels []string
	for _, r := range p.Ranks {
		labels = append(labels, r.Label)
	}
	cmptest.Same(t, "ranks", []string{"rank 0", "rank 1", "rank 2", "rank 3"}, labels)
	owner := map[string]int{}
	names := map[string]bool{}
	for _, e := range d.Events {
		if e["name"] == "process_name" {
			names[e["args"].(map[string]any)["name"].(string)] = true
		}
		rank, _, _, ok := truth(e)
		for _, id := range idsOf(e) {
			of := id.kind + " " + toText(id.in[id.key])
			if by, known := owner[of]; known && ok && by != rank {
				t.Fatalf("%s is of %d and %d", of, by, rank)
			}
			owner[of] = rank
		}
	}
	cmptest.Same(t, "names", map[string]bool{"rank 0: python": true, "rank 1: python": true, "rank 2: python": true, "rank 3: python": true}, names)
}

// Nothing is allocated for each event, whatever of it changes.
func TestEventsAreChangedWithoutAllocations(t *testing.T) {
	mallocs := func(steps int) (n, events int64) {
		run := ranks.Config{Ranks: 2, PerHost: 1, Steps: steps, Layers: 3, Offsets: []float64{0, 1e6}, Drifts: []float64{0, 30}}
		inputs, _ := inputsOf(&run)
		p, err := Learn(context.Background(), inputs, options(t, false))
		if err != nil {
			t.Fatal(err)
		}
		f := p.files[1]
		f.clock.Drift, f.clock.Shift = 1e-5, 12345
		err = f.With(false, func(s *trace.Source) error {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := p.writeFile(context.Background(), f, s, trace.NewWriter(io.Discard))
			runtime.ReadMemStats(&after)
			n, events = int64(after.Mallocs-before.Mallocs), f.events
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, events
	}
	a, few := mallocs(50)
	b, many := mallocs(200)
	if b-a > (many-few)/50 {
		t.Errorf("%d allocations for %d events, %d for %d", a, few, b, many)
	}
}

// What is odd comes out as odd as it was, and stays JSON.
func TestMergeKeepsOddEventsAsTheyAre(t *testing.T) {
	text := []byte(`[{"ph":"X","name":"null","pid":null,"tid":null,"ts":5,"dur":1},{},{"ph":"X","name":"none","ts":6,"dur":1},
		{"ph":"M","name":"process_name","args":{"name":"zero"}},{"ph":"M","name":"other","args":{"name":"all"}},
		{"ph":"X","pid":-1,"tid":-1,"ts":1,"dur":1,"name":"neg"},
		{"ph":"b","cat":"c","name":"w","id":"0x7f0011223344","pid":1,"tid":1,"ts":3},{"ph":"e","cat":"c","name":"w","id":"0x7f0011223344","pid":1,"tid":1,"ts":4},
		{"ph":"b","cat":"c","name":"w","id2":{"local":"0x1"},"pid":1,"tid":1,"ts":3},{"ph":"b","cat":"c","name":"w","id2":{"global":"0x1"},"pid":1,"tid":1,"ts":3},
		{"ph":"s","cat":"c","name":"w","id":-3,"pid":1,"tid":1,"ts":"4.5"},{"ph":"s","cat":"c","name":"w","id":7.0,"pid":1.0,"tid":1,"ts":4},
		{"ph":"X","pid":1,"tid":1,"ts":3,"name":"args","args":{"External id":"12","correlation":-1,"Python id":"x","nested":{"correlation":5}}}]`)
	_, d := merged(t, []Input{inputOf("a", text), inputOf("b", text)}, options(t, true))
	var second []map[string]any
	for i, e := range withoutMetadata(d.Events)[11:] {
		if i == 0 && e["name"] != "null" {
			t.Fatalf("the second rank begins with %v", e)
		}
		second = append(second, e)
	}
	zero, wide := second[0]["pid"], second[4]["id"]
	if zero == nil || zero == json.Number("0") || wide == "0x7f0011223344" || wide != second[5]["id"] {
		t.Errorf("pid %v, id %v", zero, wide)
	}
	number := func(s string) json.Number { return json.Number(s) }
	cmptest.Same(t, "events", []map[string]any{
		{"ph": "X", "name": "null", "pid": zero, "tid": nil, "ts": number("5"), "dur": number("1")}, {},
		{"ph": "X", "name": "none", "pid": zero, "ts": number("6"), "dur": number("1")},
		{"ph": "X", "pid": second[3]["pid"], "tid": number("-1"), "ts": number("1"), "dur": number("1"), "name": "neg"},
		{"ph": "b", "cat": "c", "name": "w", "id": wide, "pid": second[4]["pid"], "tid": number("1"), "ts": number("3")},
		{"ph": "e", "cat": "c", "name": "w", "id": wide, "pid": second[4]["pid"], "tid": number("1"), "ts": number("4")},
		{"ph": "b", "cat": "c", "name": "w", "id2": map[string]any{"local": "0x1"}, "pid": second[4]["pid"], "tid": number("1"), "ts": number("3")},
		{"ph": "b", "cat": "c", "name": "w", "id2": map[string]any{"global": "0x3e9"}, "pid": second[4]["pid"], "tid": number("1"), "ts": number("3")},
		{"ph": "s", "cat": "c", "name": "w", "id": number("-3"), "pid": second[4]["pid"], "tid": number("1"), "ts": "4.5"},
		{"ph": "s", "cat": "c", "name": "w", "id": number("1007"), "pid": second[4]["pid"], "tid": number("1"), "ts": number("4")},
		{"ph": "X", "pid": second[4]["pid"], "tid": number("1"), "ts": number("3"), "name": "args", "args": map[string]any{
			"External id": "1012", "correlation": number("-1"), "Python id": "x", "nested": map[string]any{"correlation": number("5")}}},
	}, second)
	names := map[any]any{}
	for _, e := range d.Events {
		if e["name"] == "process_name" {
			names[e["pid"]] = e["args"].(map[string]any)["name"]
		}
	}
	if names[zero] != "rank 1: zero" {
		t.Errorf("names are %v", names)
	}
}

// A step that vLLM's own file tells of cuts the trace of PyTorch, too, which knows none.
func TestStepsOfServerEventsCutTheirTrace(t *testing.T) {
	inputs := []Input{inputOf("vllm.1.pt.trace.json", gaudi(t, "server.pt.trace")), inputOf("server_events_x.json", gaudi(t, "server_events"))}
	_, whole := merged(t, inputs, options(t, true))
	choice, err := steps.ParseChoice("30..31")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, true)
	o.Slice = &slice.Options{Range: window.Range{Steps: &choice}, Boundary: slice.Whole}
	_, d := merged(t, inputs, o)
	var from, to int64
	kinds := map[bool]int{}
	for _, e := range withoutMetadata(d.Events) {
		_, categorised := e["cat"]
		kinds[categorised]++
		if at := nanoseconds(t, e["ts"]); e["name"] == "prepare_input_tensors" {
			if from == 0 {
				from = at
			}
			to = max(to, at)
		}
	}
	want := 0
	for _, e := range withoutMetadata(whole.Events) {
		if at := nanoseconds(t, e["ts"]); e["cat"] == "cpu_op" && at >= from && at < to {
			want++
		}
	}
	got := 0
	for _, e := range withoutMetadata(d.Events) {
		if at := nanoseconds(t, e["ts"]); e["cat"] == "cpu_op" && at >= from && at < to {
			got++
		}
	}
	if kinds[true] == 0 || kinds[false] == 0 || want == 0 || got != want {
		t.Errorf("%v; %d of %d operators between the steps' starts", kinds, got, want)
	}
}
