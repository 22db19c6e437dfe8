package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCallsAndMeantLinesAreReadable(t *testing.T) {
	calls, err := parseCalls(callList)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range takesInput {
		if !slices.ContainsFunc(calls, func(c call) bool { return c.verb() == verb }) {
			t.Errorf("no call of %s", verb)
		}
	}
	if _, err := readMeant("meant"); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		`slice --from 10%`:                     {"slice", "--from", "10%"},
		`filter 'cat == "a b"'  -q`:            {"filter", `cat == "a b"`, "-q"},
		`split --name='{kind} {index}' --by x`: {"split", "--name={kind} {index}", "--by", "x"},
	} {
		if got, err := words(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("words of %s: %q, %v, not %q", line, got, err, want)
		}
	}
	if _, err := words(`filter 'a`); err == nil {
		t.Error("a quote without its end passes")
	}
}

func TestMeantLinesAreParsed(t *testing.T) {
	lines, err := parseMeant("x.txt", "# pairs\n\nstrip  cases/*  bytes,exit  ends go with their begins\nslice --from 10%*  *begin*  stderr  words\n")
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	at := func(text, name string) job {
		calls, err := parseCalls(text)
		if err != nil {
			t.Fatal(err)
		}
		return job{call: calls[0], input: input{name: name}}
	}
	for _, c := range []struct {
		line        int
		call, input string
		kind        kind
		want        bool
	}{
		{0, "strip --python", "cases/40.json", bytesOf, true},
		{0, "strip --python", "cases/40.json", exit, true},
		{0, "strip --python", "cases/40.json", filesOf, false},
		{0, "strip --python", "recorded/40.json", bytesOf, false},
		{0, "slice --step 0", "cases/40.json", bytesOf, false},
		{1, "slice --from 10% --to 60%", "cases/43-begin-end.json", stderr, true},
		{1, "slice --from 20% --to 60%", "cases/43-begin-end.json", stderr, false},
	} {
		if got := lines[c.line].covers(at(c.call, c.input), difference{kind: c.kind}); got != c.want {
			t.Errorf("%s covers %s of %s on %s: %v", lines[c.line].where, c.kind, c.call, c.input, got)
		}
	}
	for _, wrong := range []string{"strip  *  bytes", "strip  *  bytes  WHY", "strip  *  all  since", "strip * bytes since"} {
		if _, err := parseMeant("x.txt", wrong); err == nil {
			t.Errorf("%q passes", wrong)
		}
	}
}

func TestMeantInPlaces(t *testing.T) {
	lines, err := parseMeant("x.txt", "info  *  json:.capture*,table:numbers/steps.csv  since\n")
	if err != nil {
		t.Fatal(err)
	}
	calls, err := parseCalls("info --json")
	if err != nil {
		t.Fatal(err)
	}
	j := job{call: calls[0]}
	for _, d := range compareJSON([]byte(`{"steps":[{"a":1},{"a":2}],"x":1}`), []byte(`{"steps":[{"a":2},{"a":3},{}],"capture":{"b":1},"x":1}`)) {
		if want := strings.HasPrefix(d.at, ".capture"); lines[0].covers(j, d) != want {
			t.Errorf("%v is covered: %v", d, !want)
		}
	}
	if !lines[0].covers(j, difference{kind: tableOf, at: "numbers/steps.csv"}) || lines[0].covers(j, difference{kind: tableOf, at: "numbers/gaps.csv"}) {
		t.Error("tables are not told apart")
	}
}

func TestPlacesInJSON(t *testing.T) {
	var got []string
	for _, d := range compareJSON([]byte(`{"a":[{"b":1},{"b":2}],"c":{"d":true},"gone":0}`), []byte(`{"a":[{"b":2},{"b":3},{}],"c":{"d":1},"new":[]}`)) {
		got = append(got, d.what)
	}
	want := []string{".a[].b 1 before, now 2", ".a has 3 elements, had 2", ".c.d true before, now 1", ".gone is gone", ".new is new: []"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestPatternsOfMeantLines(t *testing.T) {
	for _, c := range []struct {
		glob, text string
		want       bool
	}{
		{"*", "", true}, {"*", "a/b c", true}, {"a*", "ab/c", true}, {"a*c", "abcbc", true}, {"a*c", "abcb", false},
		{"a", "ab", false}, {"[a]*", "[a] b", true}, {"[a]", "a", false}, {"", "a", false}, {"*b*", "abc", true},
	} {
		if got := like(c.glob, c.text); got != c.want {
			t.Errorf("like(%q, %q) is %v", c.glob, c.text, got)
		}
	}
}

func TestCompare(t *testing.T) {
	calls, err := parseCalls("info --json\ninfo\nstrip --python\nsplit --by step -o pieces\nhelp")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, asText, strip, split, helpCall := calls[0], calls[1], calls[2], calls[3], calls[4]
	out := func(text string) result { return result{files: map[string][]byte{stdout: []byte(text)}} }
	file := func(name, text string) result { return result{files: map[string][]byte{name: []byte(text)}} }
	for _, c := range []struct {
		name     string
		call     call
		old, now result
		want     []kind
	}{
		{"the same", strip, out("[]"), out("[]"), nil},
		{"JSON in another layout", asJSON, out(`{"a": 1, "b": "\u003c"}`), out("{\"b\":\"<\",\n\"a\":1}"), nil},
		{"a value", asJSON, out(`{"a":[1,2]}`), out(`{"a":[1,3]}`), []kind{jsonOf}},
		{"a number in other digits", asJSON, out(`{"a":1.0}`), out(`{"a":1}`), []kind{jsonOf}},
		{"a number as text", asJSON, out(`{"a":1}`), out(`{"a":"1"}`), []kind{jsonOf}},
		{"a key", asJSON, out(`{"a":1}`), out(`{"a":1,"b":null}`), []kind{jsonOf}},
		{"no JSON any more", asJSON, out(`{"a":1}`), out(`{"a":1`), []kind{jsonOf}},
		{"two documents", asJSON, out(`{"a":1}`), out(`{"a":1}{}`), []kind{jsonOf}},
		{"a table", asText, out("a 1"), out("a 2"), []kind{textOf}},
		{"a trace in another layout", strip, out("[ ]"), out("[]"), []kind{bytesOf}},
		{"a name", strip, out(`{"traceEvents":[{"ph":"M","pid":1},{"ph":"X"}]}`), out(`{"traceEvents":[{"ph":"X"}]}`), []kind{names}},
		{"a name and its event", strip, out(`{"traceEvents":[{"ph":"M"},{"ph":"X"}]}`), out(`{"traceEvents":[]}`), []kind{bytesOf}},
		{"another member", strip, out(`{"a":1,"traceEvents":[{"ph":"M"}]}`), out(`{"a":2,"traceEvents":[]}`), []kind{bytesOf}},
		{"no trace", strip, out(`{"a":1`), out(`{"a":2`), []kind{bytesOf}},
		{"packing", strip, file("out.json.gz", string(pack([]byte("[]")))), file("out.json.gz", string(append(pack([]byte("[")), pack([]byte("]"))...))), []kind{packing}},
		{"a manifest", split, file("pieces/manifest.json", `{"a":1}`), file("pieces/manifest.json", `{"a":2}`), []kind{jsonOf}},
		{"a table for scripts", split, file("pieces/manifest.csv", "a"), file("pieces/manifest.csv", "b"), []kind{tableOf}},
		{"an index", strip, file("a.json.tkx", "a"), file("a.json.tkx", "b"), []kind{indexOf}},
		{"a file", split, file("pieces/a", ""), file("pieces/b", ""), []kind{filesOf, filesOf}},
		{"status", strip, result{}, result{status: 3}, []kind{exit}},
		{"words", strip, result{stderr: "a"}, result{stderr: "b"}, []kind{stderr}},
		{"help", helpCall, out("a"), out("b"), []kind{help}},
		{"it panics", strip, result{status: 2}, result{status: 2, panicked: true}, []kind{panics}},
		{"it hangs", strip, result{}, result{hangs: true}, []kind{hangs}},
		{"it hung", strip, result{hangs: true}, result{}, []kind{exit}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []kind
			for _, d := range compare(c.call, c.old, c.now) {
				got = append(got, d.kind)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v differ, not %v", got, c.want)
			}
		})
	}
}

func TestShortFormHasAllInIt(t *testing.T) {
	calls, err := parseCalls(callList)
	if err != nil {
		t.Fatal(err)
	}
	var inputs []input
	for class, n := range map[string]int{"cases": 90, "recorded": 7, "generated": 8} {
		for i := range n {
			inputs = append(inputs, input{name: class + "/" + strings.Repeat("x", i), class: class, size: 100})
		}
	}
	c := config{short: true}
	seen := map[string]bool{}
	for _, j := range c.jobs(calls, inputs) {
		seen[j.call.text], seen[j.input.name], seen[j.call.text+j.input.class] = true, true, true
	}
	for _, in := range inputs {
		if !seen[in.name] {
			t.Errorf("%s is not in the short form", in.name)
		}
	}
	for _, k := range calls {
		for _, class := range []string{"cases", "recorded", "generated"} {
			if !seen[k.text] || !k.alone && !seen[k.text+class] {
				t.Errorf("%q of %s is not in the short form", k.text, class)
			}
		}
	}
}

func TestReportAsksForALine(t *testing.T) {
	lines, err := parseMeant("x.txt", "slice  a.json  bytes  since\nstrip  *  exit  never met\n")
	if err != nil {
		t.Fatal(err)
	}
	calls, err := parseCalls("slice --step 0")
	if err != nil {
		t.Fatal(err)
	}
	r := newReport(lines)
	r.add(1, job{call: calls[0], input: input{name: "b.json"}}, []difference{{bytesOf, "out", "at byte 2"}, {exit, "", "0, now 3"}, {stderr, "", "words"}})
	r.add(0, job{call: calls[0], input: input{name: "a.json"}}, []difference{{bytesOf, "out", "at byte 1"}})
	var out strings.Builder
	err = r.write(&out, "", true)
	if err == nil {
		t.Error("it does not fail")
	}
	for _, want := range []string{"\nslice  b.json  bytes,exit  WHY\n", "at byte 2", "words", "1 differences are meant", "stale, it covers nothing: meant/x.txt:2"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "x.txt:1") || strings.Contains(out.String(), "at byte 1") {
		t.Errorf("it tells of what is meant:\n%s", out.String())
	}
}
