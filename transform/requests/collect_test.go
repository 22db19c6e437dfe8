package requests

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/steps"
)

func collect(t *testing.T, o CollectOptions, events ...string) string {
	t.Helper()
	c, err := NewCollector(o)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(`{"traceEvents":[` + strings.Join(events, ",\n") + `]}`)
	return told(c.Requests(survey(t, data, 0, c.Learn)))
}

func slice(name string, ts, dur int, args string) string {
	return fmt.Sprintf(`{"ph":"X","cat":"user_annotation","name":"%s","pid":1,"tid":1,"ts":%d,"dur":%d,"args":{%s}}`, name, ts, dur, args)
}

func async(ph, cat, name, id string, ts int, args string) string {
	return fmt.Sprintf(`{"ph":"%s","cat":"%s","name":"%s","id":%s,"pid":1,"tid":1,"ts":%d,"args":{%s}}`, ph, cat, name, id, ts, args)
}

func TestIDsInEvents(t *testing.T) {
	for _, c := range []struct {
		name   string
		o      CollectOptions
		want   string
		events []string
	}{
		{"args", CollectOptions{}, "a 1000-9000, 7 2000-5000, b 3000-4000", []string{
			slice("x", 1, 2, `"request_id":"a"`), slice("y", 8, 1, `"n":1,"rid":"a"`), slice("x", 2, 1, `"req_id":7`), slice("x", 4, 1, `"req_id":"7"`),
			slice("x", 3, 1, `"gen_ai.request.id":"b"`), slice("x", 30, 1, `"other":"request_id"`), slice("x", 30, 1, `"rid":null`), slice("x", 30, 1, `"rid":""`),
			slice("x", 30, 1, `"in":{"rid":"deep"}`)}},
		{"lists", CollectOptions{}, "a 1000-3000, b 1000-6000", []string{slice("step", 1, 2, `"rid":["a", "b"]`), slice("step", 5, 1, `"rid":["b"]`)}},
		{"a key of the user's", CollectOptions{Keys: []string{"job"}}, "a 1000-3000", []string{slice("x", 1, 2, `"job":"a","rid":"b"`)}},
		{"a key given twice", CollectOptions{Keys: []string{"job", "job"}}, "a 1000-3000", []string{slice("x", 1, 2, `"External id":7,"job":"a"`)}},
		{"a pattern", CollectOptions{Pattern: regexp.MustCompile(`Req (?P<id>\w+)`)}, "1a 1000-9000, 2b 4000-5000", []string{
			slice("prefill Req 1a", 1, 2, `"rid":"no"`), slice("decode Req 1a", 8, 1, ""), slice("Req 2b", 4, 1, ""), slice("Request 3", 5, 1, "")}},
		{"a pattern with one group", CollectOptions{Pattern: regexp.MustCompile(`Req (\w+)`)}, "1a 1000-3000", []string{slice("Req 1a", 1, 2, "")}},
		{"a pattern without groups", CollectOptions{Pattern: regexp.MustCompile(`cmpl-\d+`)}, "cmpl-4 1000-3000", []string{slice("run cmpl-4!", 1, 2, "")}},
		{"instants and metadata", CollectOptions{}, "a 5000-6000", []string{
			`{"ph":"i","name":"first token","pid":1,"tid":1,"ts":6,"args":{"rid":"a"}}`, `{"ph":"i","name":"in","pid":1,"tid":1,"ts":5,"args":{"rid":"a"}}`,
			`{"ph":"M","name":"process_name","pid":1,"ts":1,"args":{"rid":"a"}}`}},
		{"async pairs of which one event tells", CollectOptions{}, "a 1000-9000, b 5000-20001 unfinished", []string{
			async("b", "request", "r", `"0x1"`, 1, `"rid":"a"`), async("e", "request", "r", `"0x1"`, 9, ""), async("e", "other", "r", `"0x1"`, 15, ""),
			async("b", "serve", "r", "2", 5, `"rid":"b"`), slice("end", 20, 0, "")}},
		{"async pairs that are requests", CollectOptions{}, "7 1000-6000 begun, 0x1 1000-9000", []string{
			async("b", "REQUEST", "r", `"0x1"`, 1, ""), async("e", "REQUEST", "r", `"0x1"`, 9, ""), async("e", "x", "request", "7", 6, ""), async("b", "cat", "else", "9", 1, "")}},
		{"ids of a process of its own", CollectOptions{}, "5 1000-3000, 5#2 2000-4000", []string{
			`{"ph":"b","cat":"request","name":"r","id2":{"local":"5"},"pid":1,"tid":1,"ts":1}`, `{"ph":"b","cat":"request","name":"r","id2":{"local":"5"},"pid":2,"tid":1,"ts":2}`,
			`{"ph":"e","cat":"request","name":"r","id2":{"local":"5"},"pid":1,"tid":1,"ts":3}`, `{"ph":"e","cat":"request","name":"r","id2":{"local":"5"},"pid":2,"tid":1,"ts":4}`}},
		{"nothing", CollectOptions{}, "", []string{slice("x", 1, 2, `"External id":4`)}},
	} {
		if got := collect(t, c.o, c.events...); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
	if _, err := NewCollector(CollectOptions{Keys: []string{""}}); err == nil {
		t.Error("an empty key is taken")
	}
}

func TestCollectorAllocatesForRequestsOnly(t *testing.T) {
	data, _ := tracegen.Text(t, tracegen.Config{Producer: tracegen.CUDA, Steps: 3, Layers: 2, Hardware: true, Python: true})
	var events []trace.Event
	survey(t, data, 0, func(e *trace.Event) { events = append(events, e.Clone()) })
	c, err := NewCollector(CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(3, func() {
		for i := range events {
			c.Learn(&events[i])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCollect(b *testing.B) {
	data, _ := tracegen.Text(b, tracegen.Config{Producer: tracegen.CUDA, Steps: 20, Layers: 8, Hardware: true, Python: true})
	var events []trace.Event
	survey(b, data, 0, func(e *trace.Event) { events = append(events, e.Clone()) })
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := NewCollector(CollectOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for i := range events {
			c.Learn(&events[i])
		}
	}
}

// batches makes a run of steps ten long whose batches have these numbers of
// prompts and of decoding requests; -1 means no such batch.
func batches(counts ...[2]int32) *steps.Run {
	run := &steps.Run{}
	for i, c := range counts {
		s := steps.Step{Index: i, Start: trace.Time(10 * i), End: trace.Time(10*i + 8)}
		for j, p := range []steps.Phase{steps.Prefill, steps.Decode} {
			if c[j] >= 0 {
				s.Batches = append(s.Batches, steps.Batch{Load: steps.Load{Phase: p, Requests: c[j]}})
			}
		}
		run.Steps = append(run.Steps, s)
	}
	return run
}

func TestInfer(t *testing.T) {
	for _, c := range []struct {
		name string
		run  *steps.Run
		want string
	}{
		{"first in, first out", batches([2]int32{2, -1}, [2]int32{-1, 2}, [2]int32{1, 2}, [2]int32{-1, 2}, [2]int32{-1, 1}),
			"r1 0-28 in 0..2, r2 0-38 in 0..3, r3 20-48 unfinished in 2..4"},
		{"a step without a decode ends nothing", batches([2]int32{1, -1}, [2]int32{1, -1}, [2]int32{-1, 2}),
			"r1 0-28 unfinished in 0..2, r2 10-28 unfinished in 1..2"},
		{"requests that had begun", batches([2]int32{-1, 2}, [2]int32{1, 2}, [2]int32{-1, 1}),
			"r1 0-18 begun in 0..1, r2 0-18 begun in 0..1, r3 10-28 unfinished in 1..2"},
		{"one more than there are", batches([2]int32{1, -1}, [2]int32{-1, 2}, [2]int32{-1, 1}),
			"r1 0-28 unfinished in 0..2, r2 10-18 begun in 1..1"},
		{"all end", batches([2]int32{1, -1}, [2]int32{-1, 1}, [2]int32{-1, 0}), "r1 0-18 in 0..1"},
	} {
		r, err := Infer(c.run)
		if got := told(r); err != nil || got != c.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", c.name, got, err, c.want)
		}
		for i := range r {
			if !r[i].Inferred() {
				t.Errorf("%s: %v is not marked", c.name, r[i])
			}
		}
	}
	if r, err := Infer(batches([2]int32{11, -1}, [2]int32{-1, 11})); err != nil || r[1].ID != "r2" || r[10].ID != "r11" {
		t.Errorf("%s, %v", told(r), err)
	}
	warm := batches([2]int32{3, -1}, [2]int32{1, -1})
	warm.Steps[0].Warmup = true
	if r, err := Infer(warm); err != nil || told(r) != "r1 10-18 unfinished in 1..1" {
		t.Errorf("got %s, %v after a warm-up", told(r), err)
	}
	if _, err := Infer(&steps.Run{Steps: []steps.Step{{}, {}}}); !errors.Is(err, ErrNoBatches) {
		t.Errorf("error %v", err)
	}
	if _, err := Infer(batches([2]int32{2_000_000, -1}, [2]int32{2_000_000_000, -1})); err == nil || !strings.Contains(err.Error(), "with step 1 there would be over") {
		t.Errorf("error %v", err)
	}
}

func FuzzReadFile(f *testing.F) {
	for _, s := range []string{
		"id,start,end\na,1767189312.5,1767189312.75\n", "rid;begin;latency_ms\na;2025-12-31T13:55:12.5Z;3\n", `{"id":1,"start":"@5","duration_us":1e3}`,
		`[{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"Req a","startTimeUnixNano":"1767189312500000000"}]}]}]}]`, "id,start,end\na,1e-99999999999,@1\n", "[[[]]]", `{"attributes":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := ReadFile(strings.NewReader(string(data)), FileOptions{})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n") && !strings.ContainsAny(string(data), "\n") {
				t.Fatalf("error of several lines: %q", err)
			}
			return
		}
		r, err := Place(records, second)
		for i := range r {
			if err == nil && (r[i].End < r[i].Start || r[i].ID == "") {
				t.Fatalf("%+v", r[i])
			}
		}
	})
}

// The windows of requests in the shapes that others write.
func TestRequestsOfCases(t *testing.T) {
	tid := func(t *testing.T) CollectOptions {
		by, err := filter.ParseValue("tid")
		if err != nil {
			t.Fatal(err)
		}
		return CollectOptions{By: by}
	}
	plain := func(*testing.T) CollectOptions { return CollectOptions{} }
	for _, c := range []struct {
		file, want string
		o          func(*testing.T) CollectOptions
	}{
		{"70-slots-reused-rid-in-begin", "req-A 1000000-2000000, req-C 1500000-3500000, req-B 3000000-4000000, req-E 3500000-7000000, req-D 4000000-6000000", plain},
		{"70c-slots-reused-no-rid", "1 1000000-2000000, 2 1500000-3500000, 1#2 3000000-4000000, 2#2 3500000-7000000, 1#3 4000000-6000000", plain},
		{"72-otel-request-spans", "rid-a 49000000-52800000, rid-b 49500000-53900000", plain},
		{"75-mlc-llm", "chatcmpl-0 1700000000000000000-1700000000000530000, chatcmpl-1 1700000000000500000-1700000000001030000, chatcmpl-2 1700000000001000000-1700000000001530000", tid},
		{"88-request-stages", "chatcmpl-1 1000000-5000000, chatcmpl-2 1500000-4000000, chatcmpl-3 4500000-8000000", plain},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile("../../testdata/cases/" + c.file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			collector, err := NewCollector(c.o(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(collector.Requests(survey(t, data, 0, collector.Learn))); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAsyncRequestsThatComeAgain(t *testing.T) {
	rid := func(id string) string { return `"rid":"` + id + `"` }
	b := func(name, id string, ts int, args string) string { return async("b", "request", name, id, ts, args) }
	e := func(name, id string, ts int, args string) string { return async("e", "request", name, id, ts, args) }
	for _, c := range []struct {
		name, want string
		events     []string
	}{
		{"an end before its begin in the file", "a 1000-2000, b 3000-4000", []string{
			e("r", "1", 2, ""), e("r", "1", 4, ""), b("r", "1", 3, rid("b")), b("r", "1", 1, rid("a"))}},
		{"named by the end alone", "a 1000-2000, b 3000-4000", []string{
			b("r", "1", 1, ""), e("r", "1", 2, rid("a")), b("r", "1", 3, ""), e("r", "1", 4, rid("b"))}},
		{"named by an instant within", "a 1000-4000, b 5000-6000", []string{
			b("r", "1", 1, ""), async("n", "request", "token", "1", 2, rid("a")), e("r", "1", 4, ""), b("r", "1", 5, rid("b")), e("r", "1", 6, "")}},
		{"stages within", "1 1000-5000, 1#2 6000-7000", []string{
			b("all", "1", 1, ""), b("queued", "1", 1, ""), e("queued", "1", 2, ""), b("decode", "1", 2, ""), e("decode", "1", 3, ""), b("decode", "1", 3, ""), e("decode", "1", 5, ""),
			e("all", "1", 5, ""), b("all", "1", 6, ""), e("all", "1", 7, "")}},
		{"stages that follow one another", "1 1000-5000, 1#2 6000-8000", []string{
			b("queued", "1", 1, ""), e("queued", "1", 2, ""), b("decode", "1", 3, ""), e("decode", "1", 4, ""), b("decode", "1", 4, ""), e("decode", "1", 5, ""),
			b("queued", "1", 6, ""), e("queued", "1", 7, ""), b("decode", "1", 7, ""), e("decode", "1", 8, "")}},
		{"one that had begun, and one without an end", "1 1000-2000 begun, 1#2 3000-9001 unfinished", []string{
			slice("first", 1, 8, ""), e("r", "1", 2, ""), b("r", "1", 3, "")}},
		{"a stage without an end in one that ends", "a 1000-5000", []string{
			b("r", "1", 1, rid("a")), b("decode", "1", 2, ""), e("r", "1", 5, ""), slice("last", 8, 1, "")}},
		{"one id in several categories", "1 1000-2000, 1#2 1000-3000", []string{
			b("r", "1", 1, ""), e("r", "1", 2, ""), async("b", "req", "r", "1", 1, ""), async("e", "req", "r", "1", 3, "")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := collect(t, CollectOptions{}, c.events...); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Threads that are called by requests are these where nothing else names any.
func TestRequestsThatThreadsAreCalledBy(t *testing.T) {
	on := func(ph string, tid, ts int, more string) string {
		return fmt.Sprintf(`{"ph":"%s","name":"decode","pid":1,"tid":%d,"ts":%d%s}`, ph, tid, ts, more)
	}
	called := func(tid int, name string) string {
		return fmt.Sprintf(`{"ph":"M","name":"thread_name","pid":1,"tid":%d,"args":{"name":"%s"}}`, tid, name)
	}
	for _, c := range []struct {
		name, want string
		events     []string
	}{
		{"complete slices", "a1 1000-6000, b2 3000-4000", []string{on("X", 7, 1, `,"dur":2`), on("X", 8, 3, `,"dur":1`), on("X", 7, 5, `,"dur":1`), called(7, "request a1"), called(8, "request b2")}},
		{"begins and ends, names first", "1 1000-9000, 2 3000-4000", []string{called(7, "Request #1"), called(8, "Request #2"), on("B", 7, 1, ""), on("B", 8, 3, ""), on("E", 8, 4, ""), on("E", 7, 9, "")}},
		{"two threads of one request", "1 1000-4000, 2 5000-6000", []string{called(7, "req-1"), called(8, "req-1"), called(9, "req-2"), on("X", 7, 1, `,"dur":1`), on("X", 8, 3, `,"dur":1`), on("X", 9, 5, `,"dur":1`)}},
		{"one alone", "", []string{called(7, "request 1"), on("X", 7, 1, `,"dur":1`)}},
		{"workers", "", []string{called(7, "request handler-1"), called(8, "request handler-2"), on("X", 7, 1, `,"dur":1`), on("X", 8, 1, `,"dur":1`)}},
		{"ids in args as well", "r 1000-2000", []string{called(7, "req-1"), called(8, "req-2"), on("X", 7, 1, `,"dur":1,"args":{"rid":"r"}`), on("X", 8, 1, `,"dur":1`)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := collect(t, CollectOptions{}, c.events...); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRequestsByAField(t *testing.T) {
	on := func(pid int, tid, name string, ts int) string {
		return fmt.Sprintf(`{"ph":"X","name":"%s","pid":%d,"tid":%s,"ts":%d,"dur":1,"args":{"job":{"id":"j%d"}}}`, name, pid, tid, ts, ts%2)
	}
	called := func(what string, pid int, tid, name string) string {
		return fmt.Sprintf(`{"ph":"M","name":"%s_name","pid":%d,"tid":%s,"args":{"name":"%s"}}`, what, pid, tid, name)
	}
	events := []string{on(1, `"req-1"`, "a", 1), on(1, `"req-2"`, "b", 2), on(2, "7", "a", 5), on(1, `"req-1"`, "b", 8),
		called("thread", 1, `"req-1"`, "first"), called("thread", 2, "7", "first"), called("process", 1, "0", "server"), called("thread", 9, "9", "empty")}
	for _, c := range []struct{ by, pattern, want string }{
		{"tid", "", "req-1 1000-9000, req-2 2000-3000, 7 5000-6000"},
		{"tid", `^req-(\d)`, "1 1000-9000, 2 2000-3000"},
		{"pid", "", "1 1000-9000, 2 5000-6000"},
		{"name", "", "a 1000-6000, b 2000-9000"},
		{"args.job.id", "", "j1 1000-6000, j0 2000-9000"},
		{"thread", "", "first 1000-9000"},
		{"process", "", "server 1000-9000"},
		{"process", "nothing", ""},
	} {
		t.Run(c.by+c.pattern, func(t *testing.T) {
			by, err := filter.ParseValue(c.by)
			if err != nil {
				t.Fatal(err)
			}
			o := CollectOptions{By: by}
			if c.pattern != "" {
				o.Pattern = regexp.MustCompile(c.pattern)
			}
			if got := collect(t, o, events...); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
	for _, text := range []string{"", "tidy", "tid == 3", "ts args.x", "args."} {
		if _, err := filter.ParseValue(text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
	by, err := filter.ParseValue("dur")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewCollector(CollectOptions{By: by}); err == nil {
		t.Error("a time is taken for a name")
	}
}
