package page

import (
	"bytes"
	"os"
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
