package filter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/streams"
	"tracekit/trace"
	"tracekit/transform/strip"
)

// What a predicate keeps is what strip takes away for the same kind.
func TestPredicatesAreWhatStripDrops(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/*.json.gz")
	more, _ := filepath.Glob("../../testdata/gaudi/*.json.gz")
	if files = append(files, more...); len(files) < 10 {
		t.Fatalf("only %d traces", len(files))
	}
	files = slices.DeleteFunc(files, func(name string) bool {
		return strings.HasSuffix(name, "server_events.json.gz") || strings.HasSuffix(name, "truth.json.gz") // bare events; not a trace
	})
	for _, kind := range []struct {
		word string
		strip.Options
	}{
		{"hardware", strip.Options{Hardware: true}},
		{"python", strip.Options{Python: true}},
		{"runtime", strip.Options{Runtime: true}},
	} {
		for _, file := range files {
			t.Run(kind.word+" "+filepath.Base(file), func(t *testing.T) {
				data := recorded.Text(t, file)
				x, err := filter.Parse(kind.word)
				if err != nil {
					t.Fatal(err)
				}
				var stripped bytes.Buffer
				streams.Ways[0].Open(t, data, func(s *trace.Source, _ func() (*spill.File, error)) {
					r, err := s.Read()
					if err != nil {
						t.Fatal(err)
					}
					defer r.Close()
					if _, err := strip.Run(context.Background(), r, trace.NewWriter(&stripped), kind.Options); err != nil {
						t.Fatal(err)
					}
				})
				want := counted(t, data)
				for event, n := range counted(t, stripped.Bytes()) {
					if want[event] -= n; want[event] == 0 {
						delete(want, event)
					}
				}
				cmptest.Same(t, "what "+kind.word+" keeps", want, counted(t, filterBytes(t, data, Options{Expr: x}, streams.Ways[0], 1<<20)))
			})
		}
	}
}

// counted returns the events that are no metadata and no flow events, with how often each
// stands there.
func counted(t *testing.T, data []byte) map[string]int {
	t.Helper()
	var doc struct {
		TraceEvents []json.RawMessage `json:"traceEvents"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, raw := range doc.TraceEvents {
		var e struct{ Ph, Name, Cat, Pid, Tid, TS json.RawMessage } // strip shortens args
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		switch string(e.Ph) {
		case `"M"`, `"s"`, `"t"`, `"f"`:
		default:
			n[fmt.Sprintf("%s", e)]++
		}
	}
	return n
}
