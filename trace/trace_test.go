package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParseMicros(t *testing.T) {
	for text, want := range map[string]Time{
		"0": 0, "1": 1000, "6520430064204.583": 6520430064204583, "1712195495519689.047": 1712195495519689047,
		"812.25": 812250, "123456.789001": 123456789, "0.0005": 1, "0.00049": 0, "-1.5": -1500, "-0.0005": -1,
		"1.5e3": 1500000, "1773709679453551615e-3": 1773709679453551615, "3e-3": 3, "9e-4": 1, "1E2": 100000,
		"0.1000000000000000055511151231257827": 100, "9223372036854775.807": MaxTime,
	} {
		if got, ok := ParseMicros([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", "01", "1.", ".5", "NaN", "Infinity", "1e", "1e400", "null", "+1", "1 ", "9223372036854775.808", "1.2.3"} {
		if got, ok := ParseMicros([]byte(text)); ok {
			t.Errorf("%q was read as %d", text, got)
		}
	}
	for _, ns := range []Time{0, 1, 999, 1000, -1, -1500, MaxTime} {
		text := AppendMicros(nil, ns)
		if got, ok := ParseMicros(text); !ok || got != ns {
			t.Errorf("%d ns is written as %s and read as %d", ns, text, got)
		}
	}
}

// awkward are events whose text invites mistakes.
var awkward = []string{
	`{"ph":"X","name":"a","pid":1,"tid":2,"ts":1.5,"dur":2}`,
	`{"name":"br{ace} [x] \"q\" \\","cat":"c","ph":"X","ts":3,"dur":1,"pid":"p}","tid":"t]"}`,
	`{ "ph" : "X" , "name" : "日本 ⚙ 🚀" , "args" : { "k" : "}\"" , "l" : [ { } , "]" ] } , "ts" : 4 }`,
	"{\n  \"ph\": \"i\",\n\t\"name\": \"\\\\\",\r\n \"ts\": 5e0, \"s\": \"g\"\n}",
	`{}`,
	`{"ph":"i","name":"\u00e9\n","ts":"6.25","pid":-1,"args":{"a":1e400,"b":NaN,"c":null}}`,
	`{"ph":"f","id":"0x1","bp":"e","cat":"ac2g","name":"ac2g","ts":7,"args":null}`,
}

// texts are the raw events that a document scanner finds when it is fed the
// text in two pieces, split at k.
func texts(t *testing.T, doc string, k int) []string {
	t.Helper()
	var d document
	var found []string
	take := func(b *Batch) {
		b.seal()
		for _, p := range b.Parts {
			for i := range p.Events {
				found = append(found, string(p.Events[i].Raw()))
			}
		}
	}
	var b Batch
	used, err := d.scan([]byte(doc[:k]), 0, false, &b)
	if err != nil {
		t.Fatal(err)
	}
	take(&b)
	b.reset()
	if _, err := d.scan([]byte(doc[used:]), int64(used), true, &b); err != nil {
		t.Fatal(err)
	}
	take(&b)
	if met := d.damage.Finds(); len(met) > 0 {
		t.Fatalf("split at %d: damage %v", k, d.damage.String())
	}
	return found
}

func TestEventsAreWholeWhereverTheTextIsCut(t *testing.T) {
	for _, around := range [][2]string{{`{"a":[1,{"traceEvents":[]}],"traceEvents":[`, `],"z":"]}"}`}, {"[", "]"}, {"[", ",\n"}} {
		doc := around[0]
		for i, e := range awkward {
			if i > 0 {
				doc += ", "
			}
			doc += e
		}
		doc += around[1]
		for k := range len(doc) + 1 {
			got := texts(t, doc, k)
			if len(got) != len(awkward) {
				t.Fatalf("cut at %d: %d events, want %d", k, len(got), len(awkward))
			}
			for i := range got {
				if got[i] != awkward[i] {
					t.Fatalf("cut at %d: event %d is %s", k, i, got[i])
				}
			}
		}
	}
}

func TestFieldsOfAnEvent(t *testing.T) {
	var e Event
	end, st := scanEvent([]byte(awkward[1]), 0, 0, maxNesting, &e)
	if st != scanned || end != len(awkward[1]) {
		t.Fatal(st, end)
	}
	if e.Phase != 'X' || string(e.Name()) != `br{ace} [x] \"q\" \\` || string(e.Pid()) != `"p}"` || string(e.Tid()) != `"t]"` ||
		e.TS != 3000 || e.Dur != 1000 || e.End() != 4000 || string(e.Cat()) != "c" {
		t.Fatalf("%+v", e)
	}
}

func TestBrokenEventsCostThemselvesOnly(t *testing.T) {
	good := `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":1}`
	for _, bad := range []string{
		`{"ph":"X","name":"un"quoted","ts":2}`, `{"ph":"X","name":}`, `null`, `17`, `{"ph":"X" "ts":2}`,
		`{"ph":"X","name":"x","ts":NaN,"dur":1}`, `{"ph":"X","name":"x","ts":1,"dur":null}`,
	} {
		doc := "[" + good + "," + bad + "," + good + "]"
		s, err := NewSource(bytes.NewReader([]byte(doc)), int64(len(doc)), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Survey(func(e *Event) error {
			if string(e.Raw()) != good {
				t.Errorf("after %s: event %s", bad, e.Raw())
			}
			return nil
		})
		if err != nil {
			t.Fatal(bad, err)
		}
		if v.Events != 2 || !v.Damage.Lost() {
			t.Errorf("%s: %d events, damage %q", bad, v.Events, v.Damage.String())
		}
	}
}

func TestRealTracesAgreeWithEncodingJSON(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ TraceEvents []json.RawMessage }
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSource(f, info.Size(), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if _, err := s.Survey(func(e *Event) error {
			if n < len(doc.TraceEvents) && !bytes.Equal(e.Raw(), doc.TraceEvents[n]) {
				t.Errorf("%s: event %d is %s, want %s", name, n, e.Raw(), doc.TraceEvents[n])
			}
			n++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != len(doc.TraceEvents) {
			t.Errorf("%s: %d events, want %d", name, n, len(doc.TraceEvents))
		}
		f.Close()
	}
}

// FuzzRead: whatever comes in, reading ends, and what is written of it reads
// again without damage.
func FuzzRead(f *testing.F) {
	for _, e := range awkward {
		f.Add([]byte("[" + e + "]"))
		f.Add([]byte(`{"traceEvents":[` + e + `],"n":NaN}`))
	}
	f.Add([]byte(`{"traceEvents":[{"ph":"X","na`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, ok := rewrite(t, data)
		if !ok {
			return
		}
		if again, ok := rewrite(t, out); !ok || !bytes.Equal(out, again) {
			t.Fatalf("%q\nbecame %q\nbecame %q", data, out, again)
		}
	})
}

func rewrite(t *testing.T, data []byte) ([]byte, bool) {
	s, err := NewSource(bytes.NewReader(data), int64(len(data)), SourceOptions{})
	if err != nil {
		return nil, false
	}
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	w := NewWriter(&out)
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false
		}
		for i := range b.Parts {
			if p := &b.Parts[i]; p.Text != nil {
				w.Text(p.Text)
			} else {
				for k := range p.Events {
					w.Event(&p.Events[k])
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), true
}

func TestTextIsTheTextOfTheFile(t *testing.T) {
	want := bytes.Repeat([]byte(`{"traceEvents":[{"ph":"X","name":"decode","ts":1,"dur":2},`), 40000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(want)
	z.Close()
	for _, in := range [][]byte{want, packed.Bytes()} {
		s, err := NewSource(bytes.NewReader(in), int64(len(in)), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %d bytes of %d, %v", s.Format(), len(got), len(want), err)
		}
		r.Close()
	}
}

// What would stop a viewer's load, or never let it end, is sanitized.
func TestWhatStopsALoadIsSanitized(t *testing.T) {
	const x = `{"ph":"X","name":"x","ts":4,"dur":2}`
	for in, want := range map[string]string{
		// args of counters and names
		`{"ph":"C","name":"n","ts":1,"args":{"a":NaN,"b":5}}`:                    `{"ph":"C","name":"n","ts":1,"args":{"b": 5}}`,
		`{"ph":"C","name":"n","ts":1,"args":{"a":1e400}}`:                        `{"ph":"C","name":"n","ts":1,"args":{}}`,
		`{"ph":"C","name":"n","ts":1,"args":{"\ud83d\ude00":5}}`:                 `{"ph":"C","name":"n","ts":1,"args":{"😀": 5}}`,
		`{"ph":"M","name":"thread_name","args":{"name":"\ud83d\ude00"}}`:         `{"ph":"M","name":"thread_name","args":{"name": "😀"}}`,
		`{"ph":"M","name":"process_name","args":{"name":"ts":"1","P1"}}`:         `{"ph":"M","name":"process_name","args":{"name": "ts"}}`,
		`{"ph":"M","name":"thread_name","args":{"name":"a\tb","x":[1,{"y":2}]}}`: ``,
		// members
		`{"ph":"X","name":"q","dur":null,"ts":1,"dur":5}`:       `{"ph":"X","name":"q","dur":0,"ts":1,"dur":5}`,
		`{"ph":"X","name":"q","ts":1,"d\u0075r":null,"dur":5}`:  `{"ph":"X","name":"q","ts":1,"d\u0075r":0,"dur":5}`,
		`{"ph":"X","name":"q","ts":1,"dur":5,"zz":1e400}`:       `{"ph":"X","name":"q","ts":1,"dur":5,"zz":null}`,
		`{"ph":"X","name":"q","t\u0073":1,"dur":5,"z":1e308}`:   ``,
		`{"ph":"X","name":"q","ts":1,"dur":5,"args":{"a":NaN}}`: ``,
	} {
		if want == "" {
			want = in
		}
		out, ok := rewrite(t, []byte("["+x+","+in+","+in+"]"))
		if !ok || string(out) != "["+x+","+want+","+want+"]" {
			t.Errorf("%s\nbecame %s\nwant   %s", in, out, want)
		}
	}
	if out, _ := rewrite(t, []byte(`[`+x+`,{"ph":"i","s":"g","ts":1e400}]`)); string(out) != "["+x+"]" {
		t.Errorf("a time that nothing holds became %s", out)
	}
	for in, want := range map[string]string{
		`"displayTimeUnit":null`:                   `"displayTimeUnit":"ms"`,
		`"systemTraceEvents":{}`:                   `"systemTraceEvents":""`,
		`"distributedInfo":{"ranks":[0,1,]] 2,3]}`: `"distributedInfo":null`,
		`"deviceProperties":[{"id": }},{"id":1}]`:  `"deviceProperties":null`,
		`"deviceProperties":[{"n":102{4},{"n":1}]`: `"deviceProperties":null`,
		`"a":-1e999`:       `"a":null`,
		`"a":1"b":2 "c":3`: `"a":1,"b":2, "c":3`,
		`"INFO":{"x":[1,{"y":"}]"}],"n":NaN},"b":1e9`: `"INFO":{"x":[1,{"y":"}]"}],"n":NaN},"b":1e9`,
	} {
		out, ok := rewrite(t, []byte(`{`+in+`,"traceEvents":[`+x+`]}`))
		if !ok || string(out) != `{`+want+`,"traceEvents":[`+x+`]}` {
			t.Errorf("%s\nbecame %s\nwant   %s", in, out, want)
		}
	}
}

func TestWithoutMembers(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1, "b":2 ,"c":3}`:       `{"b":2 ,"c":3}`,
		`{ "b":2, "a":"}\"" , "c":3}`: `{ "b":2 , "c":3}`,
		`{"a":1}`:                     `{}`,
		`{"b": [1] , "a": {} }`:       `{"b": [1] }`,
		`{"a":1,"a":2, "b":1}`:        `{"b":1}`,
		`{"b":1}`:                     `{"b":1}`,
	} {
		if got := string(Without([]byte(in), "a")); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

// blanks is a text that starts with more of them than anybody would keep.
type blanks struct{ n int }

func (b *blanks) Read(p []byte) (int, error) {
	if b.n == 0 {
		return 0, io.EOF
	}
	n := min(b.n, len(p))
	for i := range p[:n] {
		p[i] = ' '
	}
	b.n -= n
	return n, nil
}

func TestBlanksBeforeADocumentAreNotKept(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text := io.MultiReader(&blanks{64 << 20}, strings.NewReader(`{"traceEvents":[{"ph":"X","pid":1,"tid":1,"ts":1,"dur":1}]}`))
	s, err := NewSource(text, -1, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Survey(func(*Event) error { return nil })
	if err != nil || v.Events != 1 {
		t.Fatalf("%v, %v", v, err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
		t.Errorf("%d bytes were allocated for 64 MB of blanks", grown)
	}
}
