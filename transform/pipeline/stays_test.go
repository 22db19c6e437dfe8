package pipeline

import (
	"strings"
	"testing"

	"tracekit/trace"
)

func TestMetadataThatIsAlwaysKept(t *testing.T) {
	for _, c := range []struct {
		event  string
		always bool
	}{
		{`{"ph":"M","name":"num_cpus","args":{"number":8}}`, true},
		{`{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}}`, true},
		{`{"args": {"name": "\u0076LLM"}, "name": "process_name", "ph": "M", "pid": 1, "tid": 0, "ts": 0.0}`, true},
		{`{"ph":"M","name":"process_name","pid":4711,"args":{"name":"vLLM"}}`, false},
		{`{"ph":"M","name":"process_name","pid":"1","args":{"name":"vLLM"}}`, false},
		{`{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM 2"}}`, false},
		{`{"ph":"M","name":"process_labels","pid":1,"args":{"name":"vLLM"}}`, false},
		{`{"ph":"M","name":"process_name","pid":1}`, false},
	} {
		text := "[" + c.event + "]"
		s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		if _, err := s.Survey(func(e *trace.Event) error {
			if seen++; IsAlwaysKept(e) != c.always {
				t.Errorf("%s: not %v", c.event, c.always)
			}
			return nil
		}); err != nil || seen != 1 {
			t.Errorf("%s: %d events, error %v", c.event, seen, err)
		}
	}
}
