package flows

import (
	"bytes"
	"strings"
	"testing"

	"tracekit/trace"
)

func TestBindsEnclosing(t *testing.T) {
	for text, want := range map[string]bool{
		`"bp":"e"`:                           true,
		`"bp" :\n "e","more":1`:              true,
		`"bp":"n"`:                           false,
		`"more":"e"`:                         false,
		`"name":"bp","bp":"e"`:               true,
		`"name":"bp","bp":"x"`:               false,
		`"bp":"x","args":{"bp":"e"}`:         false,
		`"args":{"bp":"x"},"bp":"e"`:         true,
		`"args":{"bp":"e"}`:                  false,
		`"bp":"x","bp":"e"`:                  true,
		`"name":"\\"bp\\":\\"e\\"","bp":"x"`: false,
	} {
		text = strings.NewReplacer(`\n`, "\n", `\\`, `\`).Replace(text)
		parsed := false
		data := []byte(`[{"ph":"f","ts":1,"pid":1,"tid":1,"id":1,` + text + `}]`)
		eachOf(t, data, func(e *trace.Event) {
			parsed = true
			if got := BindsEnclosing(e); got != want {
				t.Errorf("%s: %v", text, got)
			}
		})
		if !parsed {
			t.Errorf("%s is not read", text)
		}
	}
}

func eachOf(t *testing.T, data []byte, f func(e *trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.SurveyParts(func(p *trace.Part) error {
		for i := range p.Events {
			f(&p.Events[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
