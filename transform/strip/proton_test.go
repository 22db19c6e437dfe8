package strip

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/check"
)

// Where kernels stand on threads of the process that launches them, and flows have ids of
// the process, the flows go with the kernels: none is left without its slice.
func TestFlowsAreDroppedWithKernelsOfTheirProcess(t *testing.T) {
	for file, left := range map[string]int64{"19-proton-id2-flows": 12, "55-triton-proton": 6} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cases", file+".json"))
			if err != nil {
				t.Fatal(err)
			}
			out, rep := stripped(t, data, Options{Hardware: true})
			if rep.EventsOut != left {
				t.Errorf("%d events are left, want %d", rep.EventsOut, left)
			}
			s, err := trace.NewSource(bytes.NewReader(out), int64(len(out)), trace.SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := s.Survey(func(e *trace.Event) error {
				if e.IsFlow() || string(e.Cat()) == "kernel" {
					t.Errorf("left: %s", e.Raw())
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			r, err := check.Run(context.Background(), bytes.NewReader(out), int64(len(out)), check.Options{Temp: func() (*spill.File, error) { return spill.Create("") }})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				t.Errorf("check finds %d × %s", f.Count, f.Kind)
			}
		})
	}
}
