package page

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// Durations that can't be are not in the busy time of a category.
func TestImpossibleDurationsAreNotBusy(t *testing.T) {
	for _, name := range []string{"33-cupti-30-day-duration", "33b-30-day-duration-only"} {
		data, err := os.ReadFile("../../testdata/cases/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		d, err := Collect(t.Context(), s, steps.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Categories) != 1 || d.Categories[0].Busy != 37500 {
			t.Errorf("%s: %+v, want one category, busy for 37500 ns", name, d.Categories)
		}
	}
}

// Times and durations that are as large as can be end no page.
func TestTimesAtTheEndsOfTheirRange(t *testing.T) {
	for _, text := range []string{
		`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":9223372036854775},{"ph":"X","name":"b","pid":1,"tid":1,"ts":9223372036854775.8,"dur":9}]`,
		`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":-9223372036854775,"dur":9223372036854775},{"ph":"C","name":"c","pid":1,"ts":9223372036854775,"args":{"v":1}}]`,
		`[{"ph":"X","name":"a","pid":1,"tid":1,"ts":-9223372036854775,"dur":1},{"ph":"X","name":"b","pid":1,"tid":1,"ts":-9223372036854775.8,"dur":2}]`,
	} {
		s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		d, err := Collect(t.Context(), s, steps.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d.Events != 2 {
			t.Errorf("%d events, want 2, of\n%s", d.Events, text)
		}
	}
}
