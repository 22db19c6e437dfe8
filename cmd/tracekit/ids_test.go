package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// outputOf calls a verb and returns all that it prints.
func outputOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	status := run(context.Background(), append([]string{"tracekit"}, args...), strings.NewReader(""), &out, &said)
	if status != exitDone && status != exitDamaged {
		t.Fatalf("%v: status %d, said %s", args, status, said.String())
	}
	return out.String()
}

// A number of a process or thread is the same one with a fraction or an exponent: names
// stay with their threads, and are found by them, in all verbs.
func TestIDsWithFractionsAreTheSame(t *testing.T) {
	text, err := os.ReadFile("../../testdata/cases/46-float-ids.json")
	if err != nil {
		t.Fatal(err)
	}
	plain := regexp.MustCompile(`("[pt]id": -?\d+)\.0`).ReplaceAll(text, []byte("$1"))
	exponents := regexp.MustCompile(`("[pt]id": -?\d+)\.0`).ReplaceAll(text, []byte("${1}e0"))
	dir := t.TempDir()
	name := func(base string, text []byte) string {
		file := filepath.Join(dir, base)
		if err := os.WriteFile(file, text, 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	want, numbers := name("plain", plain), regexp.MustCompile(`("[pt]id": ?-?\d+)(?:\.0|e0)?`)
	same := func(text, file string) string {
		return numbers.ReplaceAllString(strings.ReplaceAll(text, filepath.Base(file), "FILE"), "$1")
	}
	for _, file := range []string{name("fractions", text), name("exponents", exponents)} {
		for _, line := range []string{"report", "slice --from 120us --to 190us", "slice --from 0 --to 60us --boundary keep", "filter 'thread == \"main\"'", "filter 'pid == 1 && tid == 11'",
			"filter 'process =~ \"python\"'", "strip --hardware", "downsample --min-dur 5us", "repair"} {
			var args []string
			for i, part := range strings.Split(line, "'") {
				if i%2 == 1 {
					args = append(args, part)
				} else {
					args = append(args, strings.Fields(part)...)
				}
			}
			got, want := same(outputOf(t, append(args, file)...), file), same(outputOf(t, append(args, want)...), want)
			if got != want {
				t.Errorf("%s: %s gives\n%s\nwant\n%s", filepath.Base(file), line, got, want)
			}
		}
	}
	if info := outputOf(t, "info", "../../testdata/cases/46-float-ids.json"); !strings.Contains(info, "0, GPU 0") || strings.Contains(info, "1.0") {
		t.Errorf("info shows\n%s", info)
	}
}

func TestClockWithExponent(t *testing.T) {
	info := outputOf(t, "info", "../../testdata/cases/83-base-time-exponent.json")
	if !strings.Contains(info, "2026-05-28T20:26:41Z") {
		t.Errorf("info shows\n%s", info)
	}
}

// With and without an index the same comes out of damaged traces.
func TestDamageByAnIndex(t *testing.T) {
	names, err := filepath.Glob("../../testdata/cases/broken/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("the traces are missing", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		in := filepath.Join(t.TempDir(), "in.json")
		if err := os.WriteFile(in, text, 0o666); err != nil {
			t.Fatal(err)
		}
		all := func() (shown []string) {
			for _, line := range []string{"slice --from 10% --to 60%", "slice --from 0% --to 100%", "filter dur>0", "downsample --min-dur 2us", "info", "report"} {
				var out, said bytes.Buffer
				run(context.Background(), append(append([]string{"tracekit"}, strings.Fields(line)...), in), strings.NewReader(""), &out, &said)
				shown = append(shown, line+"\n"+out.String()+said.String())
			}
			return shown
		}
		without := all()
		call(t, "index", in, "")
		for i, with := range all() {
			if with != without[i] {
				t.Errorf("%s: by an index %.2000s\nwithout %.2000s", filepath.Base(name), with, without[i])
			}
		}
	}
}
