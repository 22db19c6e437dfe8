package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"tracekit/trace"
)

// Words are flow events: the phase, the id, and d where it goes by itself. What
// stays is in the order of writing.
func TestFlowPairs(t *testing.T) {
	for _, c := range []struct{ events, stay string }{
		{"s1 f1", "s1 f1"},
		{"s1 f1d", ""},
		{"s1d f1", ""},
		{"s1d f1d", ""},
		{"f1 s1", "f1 s1"},
		{"f1d s1", ""},
		{"f1 s1d", ""},
		{"s1 f1d f1", "s1 f1"},
		{"s1 f1 f1d", "s1 f1"},
		{"s1 t1d f1", "s1 f1"},
		{"s1 t1 f1d", ""},
		{"s1 t1d", ""}, // a step is what it ends with
		{"s1 t1", "s1 t1"},
		{"s1 t1d t1", "s1 t1"},
		{"s1d t1 f1 f1", ""},
		{"s1 f1 t1 f1", "s1 f1 t1 f1"},
		{"s1", "s1"},                   // half before
		{"f1 f1", "f1 f1"},             // half before
		{"f1d f1", "f1"},               // half before
		{"s1 f1d s1 f1", "s1 f1"},      // the id begins again
		{"s1d f1 s1 f1", "s1 f1"},      // the id begins again
		{"s1 s1 f1", "s1 s1 f1"},       // half before
		{"s1 s2 f2d f1", "s1 f1"},      // two at a time
		{"s1 s2 f1 f2", "s1 f1 s2 f2"}, // held until they are whole
	} {
		var a FlowPairs
		var stay []string
		gone := 0
		keep := func(e *trace.Event) error {
			stay = append(stay, fmt.Sprintf("%c%s", e.Phase, e.ID()))
			return nil
		}
		drop := func(*trace.Event) error { gone++; return nil }
		words := strings.Fields(c.events)
		for _, w := range words {
			e := flow(t, w)
			if err := a.Add(&e, strings.HasSuffix(w, "d"), keep, drop); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.End(keep, drop); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(stay, " "); got != c.stay {
			t.Errorf("%s: %q stay, not %q", c.events, got, c.stay)
		}
		if gone+len(stay) != len(words) {
			t.Errorf("%s: %d of %d are decided", c.events, gone+len(stay), len(words))
		}
	}
}

func flow(t *testing.T, word string) trace.Event {
	t.Helper()
	text := fmt.Sprintf(`[{"ph":"%s","cat":"c","name":"n","id":%s,"pid":1,"tid":1,"ts":1}]`, word[:1], word[1:2])
	s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var found trace.Event
	if _, err := s.SurveyParts(func(p *trace.Part) error {
		for i := range p.Events {
			found = p.Events[i].Clone()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
