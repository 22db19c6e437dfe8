package merge

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/check"
	"tracekit/transform/strip"
)

// Other verbs find in two ranks twice what they find in one: devices, Python, calls and flows
// are recognised as before, and a viewer shows each flow and slice.
func TestVerbsFindTheRanksInAMergedTrace(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.json.gz")
	more, _ := filepath.Glob("../../testdata/gaudi/driver*.json.gz")
	if err != nil || len(names) == 0 || len(more) == 0 {
		t.Fatal(names, more, err)
	}
	for _, name := range append(names, more...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Learn(context.Background(), []Input{inputOf("a", data), inputOf("b", data)}, options(t, false))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := p.Write(context.Background(), trace.NewWriter(&out)); err != nil {
			t.Fatal(err)
		}
		once, twice := found(t, data), found(t, out.Bytes())
		for key := range once {
			once[key] *= 2
		}
		cmptest.Same(t, filepath.Base(name), once, twice)
	}
}

// found counts what strip takes out by kind, and what check says that a viewer shows.
func found(t *testing.T, data []byte) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for kind, o := range map[string]strip.Options{
		"hardware": {Hardware: true}, "python": {Python: true}, "runtime": {Runtime: true}, "flows": {Flows: true}, "counters": {Counters: true},
	} {
		err := inputOf("", data).With(false, func(s *trace.Source) error {
			r, err := s.Read()
			if err != nil {
				return err
			}
			defer r.Close()
			rep, err := strip.Run(context.Background(), r, trace.NewWriter(&bytes.Buffer{}), o)
			for _, d := range rep.Dropped {
				if d.Kind == kind {
					all["strip "+kind] = d.Events
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rep, err := check.Run(context.Background(), bytes.NewReader(data), int64(len(data)), check.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all["slices"], all["flows"], all["counter samples"] = rep.Slices, rep.Flows, rep.CounterSamples
	for _, s := range rep.Stats {
		if s.Severity == "error" {
			all[s.Name] = s.Value
		}
	}
	return all
}
