package check

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ofCase checks a file of testdata/cases.
func ofCase(t *testing.T, name string) *Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/cases", name))
	if err != nil {
		t.Fatal(err)
	}
	return inBlocks(t, text, blockSize, runRecords)
}

// TestFindingsOfReportedTraces checks inputs in the shapes that people reported.
func TestFindingsOfReportedTraces(t *testing.T) {
	for _, c := range []struct {
		file string
		want map[Kind]int64
	}{
		{"59-kineto-relative-ts-zero.json", map[Kind]int64{ImpossibleTime: 20}},
		{"33-cupti-30-day-duration.json", map[Kind]int64{ImpossibleDur: 2, CoarseTime: 1}},
		{"56-kineto-epoch-ns-abutting.json", map[Kind]int64{OverlapRounded: 14, OverlapOlder: 14, CoarseTime: 40}},
		{"32-rocm-overflowing-durations.json", map[Kind]int64{KernelInside: 5, Overlap: 1, OverlapOlder: 1}},
		{"22-bazel-negative-ts.json", map[Kind]int64{NegativeTime: 2, BadMeta: 1}},
		{"74-metadata-negative-ts.json", map[Kind]int64{NegativeTime: 2}},
		{"33b-30-day-duration-only.json", map[Kind]int64{ImpossibleDur: 1}},
	} {
		t.Run(c.file, func(t *testing.T) {
			r := ofCase(t, c.file)
			got := map[Kind]int64{}
			for _, f := range r.Findings {
				got[f.Kind] = f.Count
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings, wanted and got:\n%s", diff)
			}
		})
	}
}

// No event that a profiler recorded is at an impossible time.
func TestRecordedTimesArePossible(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		packed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(t.Context(), bytes.NewReader(packed), int64(len(packed)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Count(ImpossibleTime) + r.Count(ImpossibleDur); n > 0 {
			t.Errorf("%s: %d at impossible times", file, n)
		}
	}
}
