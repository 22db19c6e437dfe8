package requests

import (
	"errors"
	"strings"
	"testing"

	"tracekit/internal/testkit/tracegen"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// base is the wall clock at the trace's 0; the trace shows its first second.
const base = 1_767_189_312_000_000_000

var second = Clock{Zero: 0, Last: 1_000_000_000, Base: base}

func place(t *testing.T, text string, o FileOptions, c Clock) (string, error) {
	t.Helper()
	records, err := ReadFile(strings.NewReader(text), o)
	if err != nil {
		return "", err
	}
	r, err := Place(records, c)
	return told(r), err
}

func TestFilesOfRequests(t *testing.T) {
	const one = "a 500000000-750000000"
	for _, c := range []struct{ name, text, want string }{
		{"seconds", "id,start,end\na,1767189312.5,1767189312.75\n", one},
		{"seconds to the ns", "id,start,end\na,1767189312.123456789,1767189312.987654321\n", "a 123456789-987654321"},
		{"milliseconds", "request_id,start_time,end_time\na,1767189312500,1767189312750.0\n", one},
		{"microseconds", "rid;begin;finish\na;1767189312500000;1767189312750000\n", one},
		{"nanoseconds", "req_id\tarrival_time\tfinished_at\na\t1767189312500000000\t1767189312750000000\n", one},
		{"exponents", "id,start,end\na,1.7671893125e9,1.76718931275e+12\n", one},
		{"a unit in the header", "Request ID,Start Time (ms),endUs,note\na,1767189312500,1767189312750000,\"x, y\"\n", one},
		{"RFC 3339", "id,start,end\na,2025-12-31T13:55:12.5Z,2025-12-31 15:55:12.750+02:00\n", one},
		{"the trace's own clock", "id,start,end\na,@500000,@750000.000\n", one},
		{"an end and a duration, as access logs have them", "id,end,duration_s\na,1767189312.75,0.250\n", one},
		{"microseconds of the trace's own clock", "id,start_us,end_us\na,500000,750000.000\n", one},
		{"seconds of the trace's own clock", "id,start (s),end (s)\na,0.5,0.75\n", one},
		{"a number of one unit alone", "id,start,end\na,500000000,750000000\n", one},
		{"a result of vllm bench serve", `{"date":"20260101-000000","duration":1.5,"start_times":[0.5,0.55,0.6],"latencies":[0.25,0,0.1],"ttfts":[0.1,0,0.1],"itls":[[0.1],[],[]],"errors":["","Bad Gateway",""]}`,
			"0 500000000-750000000, 2 600000000-700000000"},
		{"two of them", `{"start_times":[0.5],"latencies":[0.25]}` + "\n" + `{"start_times":[0.6],"latencies":[0.1]}`, "0 500000000-750000000, 1 600000000-700000000"},
		{"an older one", `{"start_times":[0.5],"ttfts":[0.05],"itls":[[0.1,0.1]],"errors":[""]}`, "0 500000000-750000000"},
		{"a duration", "id,start,duration_ms\na,1767189312.5,250\n", one},
		{"a duration with its unit", "id,start,latency\na,1767189312.5,250ms\n", one},
		{"a mark and blanks", "\ufeffid, start, end\r\n a , 1767189312.5 , 1767189312.75 \r\n", one},
		{"the better name", "trace_id,id,request_id,end,start\nx,y,a,1767189312.75,1767189312.5\n", one},
		{"in order of time", "id,start,end\nb,1767189312.6,1767189312.7\na,1767189312.5,1767189312.75\n", one + ", b 600000000-700000000"},
		{"rows of one request", "id,start,end\na,1767189312.6,1767189312.75\na,1767189312.5,1767189312.7\n", one},
		{"no end", "id,start,end\na,1767189312.5,\nb,1767189312.6,NaN\n", "a 500000000-1000000001 unfinished, b 600000000-1000000001 unfinished"},
		{"outside", "id,start,end\na,1767189311.5,1767189311.75\nb,1767189311.5,1767189312\nc,1767189311.5,1767189312.1\nd,1767189313.1,1767189314\ne,1767189313,1767189314\n",
			"a -500000000--250000000 outside, b -500000000-0 outside, c -500000000-100000000, e 1000000000-2000000000, d 1100000000-2000000000 outside"},
		{"JSON lines", `{"request_id":"a","start":1767189312.5,"end":1767189312.75,"prompt":{"end":1}}` + "\n" + `{"request_id":7,"start":1767189312500,"end":"1767189312750"}` + "\n",
			"7 500000000-750000000, " + one},
		{"a JSON array", ` [{"rid":"a","startTimeMs":1767189312500,"durationMs":250}]`, one},
		{"a span as a console prints it", `{"name":"llm_request","context":{"trace_id":"0x1"},"start_time":"2025-12-31T13:55:12.500000Z","end_time":"2025-12-31T13:55:12.750000Z","attributes":{"gen_ai.request.id":"a","end":3}}`, one},
		{"OpenTelemetry", `{"resourceSpans":[{"scopeSpans":[{"spans":[
			{"name":"llm_request","startTimeUnixNano":"1767189312500000000","endTimeUnixNano":"1767189312750000000","attributes":[{"key":"gen_ai.usage","value":{"intValue":"3"}},{"key":"gen_ai.request.id","value":{"stringValue":"a"}}]},
			{"name":"other","startTimeUnixNano":"1","endTimeUnixNano":"2"},
			{"name":"decode Req 1a2b","startTimeUnixNano":1767189312600000000,"endTimeUnixNano":"0"}]}]},
			{"instrumentationLibrarySpans":[{"spans":[{"name":"first","startTimeUnixNano":"1767189312550000000","endTimeUnixNano":"1767189312560000000","attributes":[{"key":"rid","value":{"stringValue":"a"}}]}]}]}]}`,
			one + ", 1a2b 600000000-1000000001 unfinished"},
		{"spans as a console prints them, some of no request", `{
    "name": "GET /health",
    "context": {"trace_id": "0x1", "span_id": "0x2", "trace_state": "[]"},
    "kind": "SpanKind.SERVER",
    "start_time": "2025-12-31T13:55:12.100000Z",
    "end_time": "2025-12-31T13:55:12.200000Z",
    "attributes": {}
}
{
    "name": "llm_request",
    "context": {"trace_id": "0x3", "span_id": "0x4"},
    "start_time": "2025-12-31T13:55:12.500000Z",
    "end_time": "2025-12-31T13:55:12.750000Z",
    "attributes": {"gen_ai.request.id": "a", "gen_ai.latency.e2e": 0.25},
    "resource": {"attributes": {"service.name": "vllm"}}
}`, one},
		{"spans a line each, as the protocol has them", `{"traceId":"1","spanId":"2","name":"x","startTimeUnixNano":"1","endTimeUnixNano":"2"}
{"traceId":"1","spanId":"3","name":"llm_request","startTimeUnixNano":"1767189312500000000","endTimeUnixNano":"1767189312750000000","attributes":[{"key":"gen_ai.request.id","value":{"stringValue":"a"}}]}`, one},
		{"an array of spans", `[{"span_id":"3","trace_id":"1","name":"x","attributes":{"rid":"a"},"start_time_unix_nano":1767189312500000000,"end_time_unix_nano":1767189312750000000}]`, one},
		{"OpenTelemetry a line each", `{"resourceSpans":[]}` + "\n" + `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"prefill Req a","startTimeUnixNano":"1767189312500000000","endTimeUnixNano":"1767189312750000000"}]}]}]}`, one},
	} {
		if got, err := place(t, c.text, FileOptions{}, second); err != nil || got != c.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestOptionsOfFiles(t *testing.T) {
	got, err := place(t, "job,start,end_ms,id\na,1767189312500000,1767189312750,z\n", FileOptions{Unit: Microseconds, Keys: []string{"job"}}, second)
	if want := "a 500000000-750000000"; got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	// Of an uptime of 75 days there is one reading.
	uptime := Clock{Zero: 6_520_430_064_204_583, Last: 6_520_431_064_204_583}
	for _, times := range []string{"6520430.5,6520430.75", "6520430500,6520430750", "6520430500000.0,6520430750000", "6520430500000000,6520430750000000"} {
		got, err := place(t, "id,start,end\na,"+times+"\n", FileOptions{}, uptime)
		if want := "a 6520430500000000-6520430750000000"; err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s, %v, want %s", times, got, err, want)
		}
	}
	_, err = place(t, "id,start,end\na,12.5,13\n", FileOptions{}, uptime)
	if want := "line 2: start of request a: no time: 12.5 is no time since 1970, and lies in the trace in no unit, which is from @6520430064204.583 to @6520431064204.583 in microseconds"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	epoch := Clock{Zero: base, Last: base + 1_000_000_000}
	if got, err = place(t, "id,start,end\na,1767189312.5,1767189312.75\n", FileOptions{}, epoch); got != "a 1767189312500000000-1767189312750000000" || err != nil {
		t.Errorf("got %s, %v for a trace that counts from 1970", got, err)
	}
}

func TestFilesWithoutWhatIsNeededAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \n", "there are no requests in it"},
		{"a header only", "id,start,end\n", "there are no requests in it"},
		{"an empty list", "[]", "there are no requests in it"},
		{"no id", "when,start,end\n1,2,3\n", `no column for an id among ["when" "start" "end"]: name them id, start and end`},
		{"no end", "id,start\na,1\n", `no column for an end or a duration among ["id" "start"]: name them id, start and end`},
		{"no value for the id", "id,start,end\n,1767189312,1767189313\n", "line 2: no id of a request"},
		{"no value for the start", "id,start,end\na,,1767189313\n", "line 2: request a has no start"},
		{"a short row", "id,start,end\na,1767189312,1767189313\nb,1\n", "line 3: wrong number of fields"},
		{"a bad quote", "id,start,end\n\"a,1767189312,1767189313\n", `line 2: extraneous or missing " in quoted-field`},
		{"times from nowhere", "id,start,end\na,12.5,13\n", "line 2: start of request a: no time: 12.5 can be in ms, us or ns on the trace's clock; say which by the column's name, such as start_ms, or write @ and microseconds"},
		{"an end without a duration", "id,end\na,1767189312\n", `no column for a start among ["id" "end"]: name them id, start and end`},
		{"an end whose duration is missing", "id,end,duration_s\na,1767189312,\n", "line 2: request a has no start"},
		{"a benchmark without latencies", `{"start_times":[1]}`, `value 1, request 0: no time: "" is no duration`},
		{"words", "id,start,end\na,1767189312,soon\n", `line 2: end of request a: no time: "soon", write RFC 3339 with a time zone, or a number since 1970`},
		{"no zone", "id,start,end\na,1767189312,2025-12-31T13:55:12\n", `line 2: end of request a: no time: "2025-12-31T13:55:12", write RFC 3339 with a time zone, or a number since 1970`},
		{"infinity", "id,start,end\na,inf,1767189313\n", "line 2: start of request a: no time: inf is no time in s, ms, us or ns"},
		{"too late for a clock", "id,start,end\na,99999999999,1e300\n", "line 2: start of request a: no time: 99999999999 is no time in s, ms, us or ns"},
		{"a bad raw time", "id,start,end\na,@x,1767189313\n", `line 2: start of request a: no time: "@x", @ wants microseconds as the trace has them`},
		{"a duration without a unit", "id,start,duration\na,1767189312,3\n", `line 2: end of request a: no time: a duration of "3" has no unit, call its column duration_ms or the like`},
		{"a negative duration", "id,start,duration_s\na,1767189312,-3\n", `line 2: end of request a: no time: "-3" is no duration`},
		{"backwards", "id,start,end\na,1767189313,1767189312\n", "line 2: request a ends before it starts"},
		{"a JSON file cut short", `{"id":"a","start":1767189312,"end":1767189313}` + "\n" + `{"id":"b`, "value 2: the file ends within it"},
		{"JSON of another kind", `[{"id":"a","start":1767189312,"end":1767189313},7]`, "value 1, element 2 is neither a request nor a list of them"},
		{"an object without an id", `{"start":1767189312,"end":1767189313}`, "value 1: no id of a request"},
		{"spans without ids", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x"},{"name":"y"}]}]}]}`, "there are no requests in it: none of 2 spans carries an id of a request"},
		{"spans by themselves, without ids", `{"name":"x","trace_id":"1","span_id":"2","start":1767189312,"end":1767189313}`, "there are no requests in it: none of 1 spans carries an id of a request"},
		{"a span without a start", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"Req a"}]}]}]}`, "value 1, span 1: request a has no start"},
	} {
		_, err := place(t, c.text, FileOptions{}, second)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", c.name, err, c.want)
		}
	}
	if _, err := place(t, "id,start,end\na,1767189312,1767189313\n", FileOptions{}, Clock{Last: 5}); !errors.Is(err, window.ErrNoWallClock) {
		t.Errorf("error %v for a trace without a wall clock", err)
	}
}

func TestNamesOfColumns(t *testing.T) {
	for name, want := range map[string]struct {
		c column
		u Unit
	}{
		"startTimeUnixNano": {startColumn, Nanoseconds}, "endTimeUnixNano": {endColumn, Nanoseconds}, "requestID": {idColumn, ""},
		"gen_ai.request.id": {idColumn, ""}, "Start (µs)": {startColumn, Microseconds}, "end_epoch_ms": {endColumn, Milliseconds},
		"duration [s]": {lengthColumn, Seconds}, "latency in seconds": {lengthColumn, Seconds}, "s": {noColumn, ""}, "_ms": {noColumn, ""},
		"": {noColumn, ""}, "start_token": {noColumn, ""}, "E2E Latency": {lengthColumn, ""},
	} {
		if c, _, u := meaning(name); c != want.c || want.c != noColumn && u != want.u {
			t.Errorf("%q: column %d, unit %q, want %v", name, c, u, want)
		}
	}
}

func TestStepsThatRequestsShare(t *testing.T) {
	run := &steps.Run{Steps: []steps.Step{{Start: 10, End: 20}, {Start: 20, End: 30}, {Start: 40, End: 50}}}
	r := []Request{{ID: "before", Start: 0, End: 10}, {ID: "first", Start: 0, End: 11}, {ID: "edge", Start: 20, End: 20}, {ID: "two", Start: 19, End: 21},
		{ID: "gap", Start: 30, End: 40}, {ID: "all", Start: 0, End: 99}, {ID: "after", Start: 50, End: 60}, {ID: "own", Source: Batches, FirstStep: 1, LastStep: 2}}
	Share(r, run)
	want := "before 0-10, first 0-11 in 0..0, edge 20-20 in 1..1, two 19-21 in 0..1, gap 30-40, all 0-99 in 0..2, after 50-60, own 0-0 in 1..2"
	if got := told(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A file written from the truth about a trace shares the steps that the truth
// names.
func TestFileOfGeneratedRequests(t *testing.T) {
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 200, Layers: 1})
	var b strings.Builder
	b.WriteString("request_id,start_ns,end_ns\n")
	for _, q := range truth.Requests {
		writeRow(&b, q.ID, truth.BaseTimeNanoseconds+q.StartNS, truth.BaseTimeNanoseconds+q.EndNS)
	}
	records, err := ReadFile(strings.NewReader(b.String()), FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Place(records, survey(t, data, truth.BaseTimeNanoseconds))
	if err != nil {
		t.Fatal(err)
	}
	Share(r, stepsOf(t, data))
	compare(t, r, truth, "")
}
