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
		{"other", "bad_escape", "[" + a + "]", false},
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
	if !hadBefore("overlap", []string{whole, whole}, write("merged.json", "["+a+","+b+"]")) || hadBefore("overlap", []string{write("no.json", "["+a+"]"), whole}, write("more.json", "["+a+","+b+","+c+","+d+"]")) {
		t.Error("overlaps of several are not counted")
	}
}

func TestNamesOfFilesAreNoDifference(t *testing.T) {
	const piped = `{"tracekit":{"version":"1","call":"slice --from 1%"},` + "\n" + `"traceEvents":[]}`
	for file, named := range map[string]string{
		"x.json":     `{"tracekit":{"version":"1","source":"x.json","call":"slice --from 1% x.json"},`,
		"a b.json":   `{"tracekit":{"version":"1","source":"a b.json","call":"slice --from 1% 'a b.json'"},`,
		"other.json": `{"tracekit":{"version":"1","call":"slice --from 1% other.json"},`,
	} {
		if got := nameless([]byte(named+"\n"+`"traceEvents":[]}`), file, false); string(got) != piped {
			t.Errorf("%s: %s", file, got)
		}
	}
	const cut = `{"tracekit":{"version":"1","source":"x.json","call":"slice --to 1%`
	if got := string(nameless([]byte(cut+" x.json\"}\n"), "x.json", true)); got != cut+"\"}\n" {
		t.Errorf("of what was cut before: %s", got)
	}
}

func TestTheSameEventsInAnotherOrder(t *testing.T) {
	const a, b = `{"ph":"i","ts":1}`, `{"ph":"i","ts":2}`
	for other, same := range map[string]bool{"[" + b + ", " + a + "]": true, "[" + a + "]": false, "[" + a + "," + a + "]": false, "{": false} {
		if got := sameEvents([]byte("["+a+", "+b+"]"), []byte(other)); got != same {
			t.Errorf("%s: %v", other, got)
		}
	}
}
