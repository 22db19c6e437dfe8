package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNewOverlapsAreReported(t *testing.T) {
	const (
		a = `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":10}`
		b = `{"ph":"X","name":"b","pid":1,"tid":1,"ts":5,"dur":10}`
		c = `{"ph":"X","name":"c","pid":1,"tid":1,"ts":20,"dur":10}`
		d = `{"ph":"X","name":"d","pid":1,"tid":1,"ts":25,"dur":10}`
	)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := write("whole.json", "["+a+","+b+","+c+"]")
	for _, c := range []struct {
		name, kind, text string
		before           bool
	}{
		{"same", "overlap", "[" + a + "," + b + "]", true},
		{"new", "overlap", "[" + a + "," + b + "," + c + "," + d + "]", false},
		{"broken", "overlap", "{", false},
		{"part", "impossible_time", "[" + a + "]", true},
		{"later", "impossible_time", "[" + a + "," + d + "]", false},
		{"other", "no_time", "[" + a + "]", false},
		{"escaped", "bad_escape", `[{"name":"a\q"}]`, false},
	} {
		if got := hadBefore(c.kind, []string{whole}, write(c.name+".json", c.text)); got != c.before {
			t.Errorf("%s %s: %v", c.name, c.kind, got)
		}
	}
	// Both traces have what touches exactly, and overlaps where times are rounded; the third does not.
	const (
		first  = `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1712170298000021.633,"dur":8.426}`
		second = `{"ph":"X","name":"b","pid":1,"tid":1,"ts":1712170298000030.059,"dur":7.603}`
	)
	both := write("both.json", "["+first+","+second+"]")
	if !hadBefore("overlap_by_rounding", []string{both}, write("again.json", "["+first+","+second+","+a+"]")) {
		t.Error("what overlapped by rounding before is taken for new")
	}
	if hadBefore("overlap_by_rounding", []string{write("one.json", "["+first+"]")}, both) {
		t.Error("what overlaps anew by rounding is not seen")
	}
	const cut = `{"ph":"X","name":"b","pid":1,"tid":1,"ts":1712170298000030.059,"dur":7.603,"args":{"tracekit.ts":1712170298000030.059,"tracekit.dur":9.1}}`
	if !hadBefore("overlap_by_rounding", []string{write("uncut.json", "["+first+"]")}, write("cut.json", "["+first+","+cut+"]")) {
		t.Error("what was cut at an edge is not known")
	}
	if !hadBefore("overlap", []string{write("cutoff.json", "["+a+",{\"x,"+b+","+c+",{")}, write("of.json", "["+a+","+c+"]")) {
		t.Error("a damaged trace is not read")
	}
	escaped := write("escape.json", `[{"name":"a\q","cat":"\\q"}]`)
	if !hadBefore("bad_escape", []string{escaped}, write("twice.json", `[{"name":"2 × a\q","args":{"a\q":2,"b":"\\q"}}]`)) || hadBefore("bad_escape", []string{escaped}, write("odd.json", `[{"name":"a\q","args":{"x\w":1}}]`)) {
		t.Error("escapes are taken for new, or new ones are not seen")
	}
	if !hadBefore("overlap", []string{whole, whole}, write("merged.json", "["+a+","+b+"]")) || hadBefore("overlap", []string{write("no.json", "["+a+"]"), whole}, write("more.json", "["+a+","+b+","+c+","+d+"]")) {
		t.Error("overlaps of several are not counted")
	}
}

func TestNamesOfFilesAreNoDifference(t *testing.T) {
	const call, behind = `"call":"slice --from 1%`, `","range":{"start_ns":1}},"traceEvents":[{"name":"a x.json"}]}`
	for _, c := range []struct {
		file, named, piped string
		source             bool // it is what it was cut from before
	}{
		{"x.json", `{"tracekit":{"source":"x.json",` + call + " x.json" + behind, `{"tracekit":{` + call + behind, false},
		{"a b.json", `{"tracekit":{"source":"a b.json",` + call + " 'a b.json'" + behind, `{"tracekit":{` + call + behind, false},
		{"x.json", `{"tracekit":{"source":"x.json",` + call + " x.json" + behind, `{"tracekit":{"source":"x.json",` + call + behind, true},
		{"x.json", `{"traceEvents":[{"name":"a x.json"}]}`, `{"traceEvents":[{"name":"a x.json"}]}`, false},
	} {
		if got := nameless([]byte(c.named), c.file, c.source); string(got) != c.piped {
			t.Errorf("%s of %s:\n got %s\nwant %s", c.file, c.named, got, c.piped)
		}
	}
}

func TestTheSameEventsInAnotherOrder(t *testing.T) {
	const a, b, c = `{"ph":"i","ts":1}`, `{"ph":"i","ts":2}`, `{"ph":"i","name":"\q"}`
	for _, of := range []struct {
		one, other string
		same       bool
	}{
		{"[" + a + ", " + b + "]", "[" + b + ", " + a + "]", true},
		{"[" + a + ", " + b + "]", "[" + a + "]", false},
		{"[" + a + ", " + b + "]", "[" + a + ", " + a + "]", false},
		{"[" + a + ", " + b + "]", "{", false},
		{"[" + a + ", " + c + "]", "[" + c + ", " + a + "]", true},
		{"[" + a + ", " + c + "]", "[" + c + ", " + b + "]", false},
		{"{", "{", false},
	} {
		if got := sameEvents([]byte(of.one), []byte(of.other)); got != of.same {
			t.Errorf("%s and %s: %v", of.one, of.other, got)
		}
	}
}
