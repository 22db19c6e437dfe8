package check

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
)

// inBlocks checks text as it comes in blocks of some bytes, with so many records
// in memory.
func inBlocks(t testing.TB, text []byte, block, records int) *Report {
	t.Helper()
	c := &checker{ctx: context.Background(), o: Options{Temp: temp}, report: newReport(), block: block, records: records}
	r, err := c.run(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mustNotDepend checks that a report is the same however the text comes in, and
// whether records are sorted in memory or not.
func mustNotDepend(t testing.TB, text []byte) {
	t.Helper()
	whole := inBlocks(t, text, blockSize, runRecords)
	for _, size := range []int{1, 7, 64} {
		got := inBlocks(t, text, size, 3*size)
		if d := cmptest.Diff(shown(whole), shown(got)); d != "" {
			t.Fatalf("another report in blocks of %d bytes (- want, + got):\n%s\nof %q", size, d, text)
		}
	}
}

// shown is what a report says. What stands behind the place where a reading
// stops is a matter of blocks.
func shown(r *Report) Report {
	out := *r
	out.finds, out.stats, out.flaws = nil, nil, 0
	if !r.Loads {
		out.Bytes = 0
	}
	out.Findings = make([]Finding, len(r.Findings))
	for i, f := range r.Findings {
		f.First = append([]Place(nil), f.First...)
		for k := range f.First {
			f.First[k].Head = ""
		}
		out.Findings[i] = f
	}
	out.Reason = nil
	return out
}

func TestBlocks(t *testing.T) {
	names, _ := filepath.Glob("../../testdata/perfetto-cases/*.json")
	if len(names) < 30 {
		t.Fatal("the cases are missing")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		mustNotDepend(t, text)
	}
	for i := range uint64(40) {
		mustNotDepend(t, reference.Random(rand.New(rand.NewPCG(i, 3)), 60))
	}
}

func FuzzRun(f *testing.F) {
	names, _ := filepath.Glob("../../testdata/perfetto-cases/*.json")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 4<<10 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 4<<10 {
			mustNotDepend(t, text)
		}
	})
}
