package filter

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/trace"
)

// readTrace calls text and event for every part of a trace.
func readTrace(t testing.TB, data []byte, text func([]byte), event func(*trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Parts {
			if p.Text != nil {
				text(p.Text)
			}
			for i := range p.Events {
				event(&p.Events[i])
			}
		}
	}
}

// events reads JSON objects as events that can be kept.
func events(t testing.TB, objects ...string) []trace.Event {
	t.Helper()
	var all []trace.Event
	readTrace(t, []byte(`{"traceEvents":[`+strings.Join(objects, ",")+`]}`),
		func([]byte) {}, func(e *trace.Event) { all = append(all, e.Clone()) })
	if len(all) != len(objects) {
		t.Fatalf("%d events of %d were read", len(all), len(objects))
	}
	return all
}

func event(t testing.TB, object string) *trace.Event { return &events(t, object)[0] }

// sharedTraces returns the paths of real traces, or skips the test.
func sharedTraces(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../../shared/traces/*.gz")
	if err != nil || len(paths) == 0 {
		t.Skip("no real traces at hand")
	}
	return paths
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type nameTable map[string]string

func (n nameTable) Process(pid []byte) string     { return n[string(pid)] }
func (n nameTable) Thread(pid, tid []byte) string { return n[string(pid)+"/"+string(tid)] }

func mustParse(t testing.TB, src string) *Expr {
	t.Helper()
	x, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return x
}
