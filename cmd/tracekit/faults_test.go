package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// smallTrace has a bit of everything that verbs treat in a way of their own.
const smallTrace = `{"schemaVersion":1,"traceEvents":[
{"ph":"M","name":"process_name","pid":1,"args":{"name":"python"}},
{"ph":"X","cat":"user_annotation","name":"execute_new_0_cached_1","pid":1,"tid":1,"ts":1,"dur":50},
{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":2,"dur":9,"args":{"request_id":"r1"}},
{"ph":"B","cat":"a","name":"open","pid":1,"tid":2,"ts":3},
{"ph":"C","name":"memory","pid":1,"ts":4,"args":{"bytes":7}},
{"ph":"s","cat":"ac2g","name":"ac2g","id":5,"pid":1,"tid":1,"ts":2},
{"ph":"f","bp":"e","cat":"ac2g","name":"ac2g","id":5,"pid":2,"tid":7,"ts":20},
{"ph":"X","cat":"kernel","name":"gemm","pid":2,"tid":7,"ts":20,"dur":8},
{"ph":"E","pid":1,"tid":2,"ts":9}
],"traceName":"small"}
`

// verbsOfFiles are all verbs that read a trace, with what they want to be told. Those
// in writers write one.
var (
	writers = [][]string{
		{"slice", "--from", "10%", "--to", "90%"}, {"slice", "--step", "0", "--device", "launched"},
		{"strip", "--python"}, {"filter", "dur > 1us", "--with-flows"},
		{"downsample", "--merge", "5us"}, {"downsample", "--max-events", "8"}, {"repair"},
	}
	verbsOfFiles = append([][]string{
		{"info"}, {"info", "--json"}, {"report"}, {"report", "--json"}, {"check"}, {"check", "--json"},
		{"strip", "--python", "--stats"}, {"split", "--by", "time", "--time", "10us", "--dry-run"},
	}, writers...)
	talkers = [][]string{{"help"}, {"help", "slice"}, {"version"}, {"man"}, {"man", "slice"}, {"completion", "zsh"}}
)

// started runs the command as main does.
func started(stdin io.Reader, stdout io.Writer, args ...string) (status int, stderr string) {
	var told bytes.Buffer
	status = run(context.Background(), append([]string{"tracekit"}, args...), stdin, stdout, &told)
	return status, told.String()
}

// failingAt takes n bytes and then has an error.
type failingAt struct {
	n   int
	err error
}

func (w *failingAt) Write(p []byte) (int, error) {
	if len(p) > w.n {
		n := w.n
		w.n = 0
		return n, w.err
	}
	w.n -= len(p)
	return len(p), nil
}

// Wherever standard output fails, that is said in one line, and is what ends the
// command; where its reader has gone, it ends as if all was done.
func TestStandardOutputFailsAtEveryByte(t *testing.T) {
	for _, verb := range append(talkers, verbsOfFiles...) {
		for _, how := range [][]string{nil, {"-z", "gzip"}, {"-z", "zstd"}} {
			args := append(verb[:len(verb):len(verb)], how...)
			if how != nil && !isWriter(verb) {
				continue
			}
			var whole bytes.Buffer
			want, told := started(strings.NewReader(smallTrace), &whole, args...)
			if whole.Len() == 0 || want != exitDone && verb[0] != "check" {
				t.Fatalf("%q: %d: %s", args, want, told)
			}
			step := 1
			switch {
			case testing.Short():
				step = 1 + whole.Len()/3
			case verb[0] != "strip" || how != nil:
				step = 1 + whole.Len()/8
			}
			for n := 0; n < whole.Len(); n += step {
				status, told := started(strings.NewReader(smallTrace), &failingAt{n, syscall.ENOSPC}, args...)
				if status != exitFailed || !strings.HasPrefix(told, "tracekit: error: standard output: no space left on device\nhint: ") {
					t.Fatalf("%q, full after %d bytes: %d: %s", args, n, status, told)
				}
				status, told = started(strings.NewReader(smallTrace), &failingAt{n, syscall.EPIPE}, args...)
				if status != exitDone || told != "" {
					t.Fatalf("%q, closed after %d bytes: %d: %s", args, n, status, told)
				}
			}
		}
	}
}

func isWriter(verb []string) bool {
	for _, w := range writers {
		if &w[0] == &verb[0] {
			return true
		}
	}
	return false
}

// Where the input can't be read any further, that is said, and nothing is written
// to a file.
func TestInputFailsAtEveryByte(t *testing.T) {
	broken := errors.New("the cable is out")
	for _, packed := range []string{"none", "gzip", "zstd"} {
		var text bytes.Buffer
		if status, told := started(strings.NewReader(smallTrace), &text, "strip", "--python", "-q", "-z", packed); status != exitDone {
			t.Fatal(told)
		}
		for _, verb := range verbsOfFiles {
			out := filepath.Join(t.TempDir(), "out.json")
			args := verb
			if isWriter(verb) {
				args = append(verb[:len(verb):len(verb)], "-o", out)
			}
			step := 1 + text.Len()/12 // all come by one way to their bytes
			switch {
			case testing.Short():
				step = 1 + text.Len()/3
			case verb[0] == "strip":
				step = 1
			}
			for n := 0; n < text.Len(); n += step {
				in := io.MultiReader(bytes.NewReader(text.Bytes()[:n]), iotest.ErrReader(broken))
				status, told := started(in, io.Discard, args...)
				if status != exitFailed || told != "tracekit: error: standard input: the cable is out\n" {
					t.Fatalf("%s, %q, broken after %d bytes: %d: %s", packed, args, n, status, told)
				}
				if left := list(t, filepath.Dir(out)); len(left) > 0 {
					t.Fatalf("%s, %q, broken after %d bytes: %q is left", packed, args, n, left)
				}
			}
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// longTrace has n slices, with names that no packer makes short.
func longTrace(n int) string {
	var b strings.Builder
	b.WriteString(`{"traceEvents":[`)
	word := uint64(1)
	for i := range n {
		word = word*6364136223846793005 + 1442695040888963407
		fmt.Fprintf(&b, `{"ph":"X","cat":"cpu_op","name":"%x","pid":1,"tid":%d,"ts":%d,"dur":5}`+",\n", word, i%7, 10*i)
	}
	b.WriteString(`{"ph":"i","name":"end","pid":1,"tid":1,"ts":1}]}`)
	return b.String()
}
