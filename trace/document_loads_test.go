package trace_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/check"
)

// throughReader is what a verb writes that changes nothing; false if there is no
// trace in it.
func throughReader(t testing.TB, text []byte) ([]byte, bool) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		return nil, false
	}
	defer s.Close()
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	w := trace.NewWriter(&out)
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false
		}
		for i := range b.Parts {
			p := &b.Parts[i]
			w.Text(p.Text)
			for k := range p.Events {
				w.Event(&p.Events[k])
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), true
}

// FuzzLoads: whatever comes in, what is written of it is a trace that loads.
func FuzzLoads(f *testing.F) {
	names, _ := filepath.Glob("../testdata/perfetto-cases/*.json*")
	if len(names) < 40 {
		f.Fatal("the cases are missing")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 4<<10 {
			f.Add(text)
		}
	}
	const event, blank = `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2}`, "          \n"
	for _, text := range []string{
		"[{}," + event + "]",
		strings.Repeat(blank, 20) + "[" + event + "]",
		"[" + strings.Repeat(blank, 20) + event + "]",
		"{" + strings.Repeat(blank, 20) + `"traceEvents":[` + event + `]}`,
		`{"meta":1,"traceEvents":[` + event + `]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		out, ok := throughReader(t, text)
		if !ok {
			return
		}
		r, err := check.Run(context.Background(), bytes.NewReader(out), int64(len(out)), check.Options{
			Temp: func() (*spill.File, error) { return spill.Create("") }})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Loads {
			t.Fatalf("%q\nbecame %q\nwhich does not load: %+v", text, out, *r.Reason)
		}
	})
}
