package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"tracekit/internal/testkit/tracegen"
)

// TestNothingIsAllocatedForEachEvent runs verbs on a trace and on one four times
// as large. Of the events that there are more of, only so many may cost an
// allocation: hardly any where events pass through, a few where some are cut or
// remembered.
func TestNothingIsAllocatedForEachEvent(t *testing.T) {
	if testing.Short() {
		t.Skip("large traces")
	}
	dir := t.TempDir()
	out := " -o " + filepath.Join(dir, "out.json.gz")
	verbs := []struct {
		line  string
		oneIn int64
	}{
		{"strip --python --cat cpu_op" + out, 200},
		{"strip --cat nonesuch" + out, 200},
		{"filter --cat kernel --min-dur 10us" + out, 50},
		{"slice --from 49% --to 51%" + out, 20},
		{"slice --from 10% --to 90%" + out, 20},
		{"downsample --min-dur 20us" + out, 200},
		{"info", 50},
		{"check", 20},
		{"report", 20},
		{"index", 200},
	}
	for _, producer := range []tracegen.Producer{tracegen.CUDA, tracegen.Gaudi} {
		small, few := traceFile(t, producer, 3<<20)
		large, many := traceFile(t, producer, 12<<20)
		for _, v := range verbs {
			allocations(t, v.line, small) // what is done once is done now
			a, b := allocations(t, v.line, small), allocations(t, v.line, large)
			if most := (many - few) / v.oneIn; b-a > most {
				t.Errorf("%s, %s: %d allocations for %d events, %d for %d", producer, v.line, a, few, b, many)
			}
		}
	}
}

func traceFile(t *testing.T, producer tracegen.Producer, size int64) (file string, events int64) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "t.json")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	truth, err := tracegen.Generate(f, tracegen.Config{Seed: 3, Producer: producer, Python: true, Hardware: true, TargetBytes: size})
	if err != nil {
		t.Fatal(err)
	}
	return file, truth.Events
}

func allocations(t *testing.T, verb, file string) int64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if p := printedBy(verb, file, nil); p.status != exitDone {
		t.Fatalf("%s: status %d", verb, p.status)
	}
	runtime.ReadMemStats(&after)
	return int64(after.Mallocs - before.Mallocs)
}
