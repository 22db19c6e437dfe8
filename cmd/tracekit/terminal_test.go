package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// tables are files that verbs write for scripts.
var tables = []string{"manifest.json", "manifest.csv", "steps.csv", "python.csv", "kernels.csv", "devices.csv", "recompilations.csv", "buckets.csv", "padding.csv", "gaps.csv"}

// acting are characters that a terminal acts upon, or that turn the text after them.
const acting = "\x1b]0;\a\r\nforged\x1b[2J\u202e\u2066\u009b\x7f"

// Whatever a trace is called or calls its own things, a terminal gets to see it as text.
func TestNamesOfATraceDoNotActOnATerminal(t *testing.T) {
	whole, broken := actingTrace(t)
	odd := filepath.Join(t.TempDir(), "odd\x1b[2J\u202e\r.json")
	for name, text := range map[string]string{odd: whole, odd + "2": broken, odd + "3": "\x1b]0;\a\u202e\r[", odd + "4": whole[:len(whole)/2]} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, verb := range [][]string{
			{"info"}, {"report"}, {"report", "--threads"}, {"check"}, {"check", "--strict"}, {"repair", "--dry-run"}, {"repair", "--strict", "-o", "OUT"}, {"repair", "-o", "OUT"},
			{"slice", "--step", "0", "-o", "OUT"}, {"slice", "--step", "77", "-o", "OUT"}, {"slice", "--step", "0", "--step-marker", "op.*", "-o", "OUT"},
			{"slice", "--around", "op", "-o", "OUT"}, {"slice", "--around", "no\x1bne", "-o", "OUT"}, {"slice", "--from", "1%", "--to", "90%", "-o", "OUT"},
			{"slice", "--request", "r.*", "-o", "OUT"}, {"slice", "--request", "\x1b", "-o", "OUT"},
			{"strip", "--python", "-o", "OUT"}, {"strip", "--python", "--stats"}, {"strip", "--python", "--strict", "-o", "OUT"},
			{"filter", "dur > 0", "--stats"}, {"filter", "dur > 0", "-o", "OUT"}, {"filter", "dur > \x1b", "-o", "OUT"}, {"filter", `name == "` + acting},
			{"downsample", "--merge", "5us", "-o", "OUT"}, {"downsample", "--max-events", "6", "-o", "OUT"}, {"downsample", "--max-events", "1", "-o", "OUT"},
			{"split", "--by", "time", "--time", "10us", "--dry-run"}, {"split", "--by", "step", "--dry-run"}, {"split", "--by", "request", "--dry-run"},
			{"split", "--by", "process", "--dry-run"}, {"split", "--by", "process", "--name", "{label}", "-o", "OUT"}, {"split", "--by", "step", "-o", "OUT"},
			{"index"}, {"info", "--json"}, {"report", "--json"}, {"check", "--json"}, {"report", "--csv", "OUT"},
		} {
			args := append(verb[:len(verb):len(verb)], name)
			folder := filepath.Join(t.TempDir(), "out\x1b\u202e.json")
			for i, a := range args {
				if a == "OUT" {
					args[i] = folder
				}
			}
			var out bytes.Buffer
			status, told := started(nil, &out, args...)
			texts := map[string]string{"stdout": out.String(), "stderr": told}
			for _, file := range tables {
				if text, err := os.ReadFile(filepath.Join(folder, file)); err == nil {
					texts[file] = string(text)
				}
			}
			for what, text := range texts {
				if i := strings.IndexFunc(text, acts); i >= 0 || strings.Contains(text, "\nforged") {
					i = max(i, strings.Index(text, "\nforged"))
					t.Errorf("%q: status %d: %s: %q", args, status, what, text[max(0, i-60):min(len(text), i+60)])
				}
			}
		}
	}
}

func acts(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) }

// actingTrace names everything that has a name such that it acts, and is whole, or has
// some of what readers stumble over.
func actingTrace(t *testing.T) (whole, broken string) {
	t.Helper()
	named := func(s string) string {
		quoted, err := json.Marshal(s + acting)
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `{"traceEvents":[{"ph":"M","name":"process_name","pid":1,"args":{"name":%[1]s}},
{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":%[1]s}},{"ph":"M","name":"process_labels","pid":1,"args":{"labels":%[1]s}},
{"ph":"X","cat":"user_annotation","name":%[2]s,"pid":1,"tid":1,"ts":1,"dur":40},
{"ph":"X","cat":%[1]s,"name":%[3]s,"pid":1,"tid":1,"ts":2,"dur":9,"args":{"request_id":%[4]s,%[1]s:%[1]s,"correlation":4}},
{"ph":"X","cat":"kernel","name":%[1]s,"pid":0,"tid":7,"ts":12,"dur":9,"args":{"stream":7,"correlation":4}},
{"ph":"X","cat":"python_function","name":%[1]s,"pid":1,"tid":1,"ts":22,"dur":9},
{"ph":"C","name":%[1]s,"pid":1,"ts":4,"args":{%[1]s:7}},
{"ph":"b","cat":%[1]s,"name":%[4]s,"id":%[4]s,"pid":1,"tid":1,"ts":2},{"ph":"e","cat":%[1]s,"name":%[4]s,"id":%[4]s,"pid":1,"tid":1,"ts":30},
{"ph":"X","cat":"user_annotation","name":%[2]s,"pid":1,"tid":1,"ts":50,"dur":40}`,
		named("op"), named("execute_new_0_cached_1"), named("op"), named("r1"))
	whole = b.String() + "],\n" + named("note") + ":" + named("x") + "}\n"
	broken = b.String() + fmt.Sprintf(`,{"ph":%[1]s,"name":%[1]s,"pid":%[1]s,"tid":%[1]s,"ts":%[1]s},{"ph":"X","name":"raw %[2]s","pid":1,"tid":1,"ts":3,"dur":90},
{"ph":"X","name":%[1]s,"pid":1,"tid":1,"ts":-5,"dur":"%[2]s"},{"ph":"E","name":%[1]s,"pid":1,"tid":1,"ts":95},{"ph":"B","name":%[1]s,"pid":1,"tid":1,"ts":96},
%[2]s {%[2]s:1},]}`, named("bad"), acting)
	return whole, broken
}
