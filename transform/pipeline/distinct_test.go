package pipeline

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"tracekit/trace"
)

// throughNames lets a trace through Names.
type throughNames struct{ Names }

func (s *throughNames) Text(t []byte, w *trace.Writer) error { return w.Text(t) }

func (s *throughNames) End(_ [][]byte, w *trace.Writer) error { return s.Names.End(w) }

func (s *throughNames) Event(e *trace.Event, w *trace.Writer) error {
	if e.IsMeta() {
		return s.Name(e, w)
	}
	if err := s.Use(e, w); err != nil {
		return err
	}
	return w.Event(e)
}

func TestMetadataIsWrittenOnce(t *testing.T) {
	name := func(tid, name string) string {
		return `{"ph":"M","name":"thread_name","pid":1,"tid":` + tid + `,"args":{"name":"` + name + `"}}`
	}
	a, b, other, nobody := name("1", "a"), name("1", "b"), name("2", "a"), name("9", "a")
	process := func(tid, name string) string {
		return `{"ph":"M","name":"process_name","pid":1,"tid":` + tid + `,"args":{"name":"` + name + `"}}`
	}
	x, y := `{"ph":"X","pid":1,"tid":1,"ts":1,"dur":1,"name":"x"}`, `{"ph":"X","pid":1,"tid":2,"ts":1,"dur":1,"name":"y"}`
	for _, c := range []struct {
		name     string
		in, want []string
		repeated int64
	}{
		{"nothing repeats", []string{x, a}, []string{x, a}, 0},
		{"before and behind its thread's events", []string{a, a, x, a}, []string{a, x}, 2},
		{"of two threads", []string{x, y, a, other, a, other}, []string{x, y, a, other}, 2},
		{"of what has no events", []string{nobody, x, nobody}, []string{x}, 1},
		{"a name that changes", []string{x, a, a, b, b}, []string{x, a, b}, 2},
		{"and changes back", []string{x, a, b, a, x}, []string{x, a, b, x, a}, 0},
		{"to and fro", []string{x, a, b, a, b, a, b}, []string{x, a, b}, 4},
		{"and back for a third", []string{x, a, b, a, name("1", "c")}, []string{x, a, b, name("1", "c")}, 1},
		{"a process, told on two threads", []string{x, process("1", "p"), process("2", "q"), process("1", "p")},
			[]string{x, process("1", "p"), process("2", "q"), process("1", "p")}, 0},
		{"other white space is another text", []string{x, a, strings.Replace(a, ":", ": ", 1)}, []string{x, a, strings.Replace(a, ":", ": ", 1)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "[" + strings.Join(c.in, ",") + "]"
			s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Read()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var out bytes.Buffer
			stage := &throughNames{}
			if err := Run(context.Background(), r, trace.NewWriter(&out), stage); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.ReplaceAll(out.String(), "},\n{", "},{"), "["+strings.Join(c.want, ",")+"]"; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if stage.Repeated != c.repeated {
				t.Errorf("%d are said to repeat, want %d", stage.Repeated, c.repeated)
			}
		})
	}
}
