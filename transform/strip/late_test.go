package strip

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// TestNamesMayComeLate asserts that the same goes by kind whether the names of processes stand
// before all else or behind it.
func TestNamesMayComeLate(t *testing.T) {
	files, err := filepath.Glob("../../testdata/cases/*.json")
	if err != nil || len(files) < 90 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	tried := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var events []json.RawMessage
		var document struct{ TraceEvents []json.RawMessage }
		if json.Unmarshal(data, &events) != nil && json.Unmarshal(data, &document) != nil || len(events)+len(document.TraceEvents) == 0 {
			continue
		}
		events = append(events, document.TraceEvents...)
		events = slices.DeleteFunc(events, func(e json.RawMessage) bool { return phaseOf(e) == "" })
		if len(events) == 0 {
			continue
		}
		tried++
		for what, o := range map[string]Options{"hardware": {Hardware: true}, "runtime": {Runtime: true}, "python": {Python: true}} {
			o.Restarts = always
			left := func(order int) (texts []string) {
				slices.SortStableFunc(events, func(a, b json.RawMessage) int { return order * (isName(b) - isName(a)) })
				all, err := json.Marshal(events)
				if err != nil {
					t.Fatal(err)
				}
				out, _ := stripped(t, all, o)
				for _, e := range parse(t, out).Events {
					if e.Phase != "M" {
						texts = append(texts, e.Raw)
					}
				}
				slices.Sort(texts)
				return texts
			}
			if diff := cmptest.Diff(left(1), left(-1)); diff != "" {
				t.Errorf("%s, %s (- names first, + last):\n%s", filepath.Base(file), what, diff)
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d samples could be tried", tried)
	}
}

// isName is 1 for metadata, else 0.
func isName(e json.RawMessage) int { return strings.Count(phaseOf(e), "M") }

func phaseOf(e json.RawMessage) string {
	var ph struct{ Ph string }
	if json.Unmarshal(e, &ph) != nil {
		return ""
	}
	return ph.Ph
}
