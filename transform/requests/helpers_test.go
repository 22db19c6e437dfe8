package requests

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// survey shows a trace to all who look, and tells its clock.
func survey(t testing.TB, data []byte, base int64, look ...func(*trace.Event)) Clock {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	v, err := s.Survey(func(e *trace.Event) error {
		for _, l := range look {
			l(e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return Clock{Zero: v.Zero, Last: v.Last, Base: base}
}

func stepsOf(t testing.TB, data []byte) *steps.Run {
	t.Helper()
	f := steps.NewFinder(steps.Options{})
	survey(t, data, 0, f.Learn)
	run, err := f.Run()
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// told writes requests: id, start and end in ns, marks, and steps.
func told(r []Request) string {
	var s []string
	for _, q := range r {
		t := fmt.Sprintf("%s %d-%d", q.ID, q.Start, q.End)
		for _, m := range []struct {
			is   bool
			name string
		}{{q.Outside, "outside"}, {q.Begun, "begun"}, {q.Unfinished, "unfinished"}} {
			if m.is {
				t += " " + m.name
			}
		}
		if q.FirstStep >= 0 || q.LastStep >= 0 {
			t += fmt.Sprintf(" in %d..%d", q.FirstStep, q.LastStep)
		}
		s = append(s, t)
	}
	return strings.Join(s, ", ")
}
