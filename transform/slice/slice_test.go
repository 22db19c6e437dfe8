package slice

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/streams"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/window"
)

func sliceBytes(t *testing.T, data []byte, o Options, by streams.Way) []byte {
	t.Helper()
	held := by.Held
	if held < 0 {
		held = keep.KeptBytes
	}
	var out bytes.Buffer
	by.Open(t, data, func(s *trace.Source, temp func() (*spill.File, error)) {
		o.Spill = temp
		if _, err := sliceKeeping(context.Background(), s, trace.NewWriter(&out), o, held); err != nil {
			t.Fatalf("%s: %v", by.Name, err)
		}
	})
	return out.Bytes()
}

func at(t *testing.T, ns int64) window.Bound {
	t.Helper()
	b, err := window.Parse("@" + string(trace.AppendMicros(nil, trace.Time(ns))))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// judge slices by every boundary and device, or by those named.
func judge(t *testing.T, data []byte, from, to int64, name string, only ...Boundary) {
	t.Helper()
	want := parsed(t, data)
	boundaries := map[Boundary]reference.Boundary{Clip: reference.Clip, Whole: reference.Keep, Drop: reference.Drop}
	devices := streams.DevicesIn(t, data)
	for ours, theirs := range boundaries {
		if len(only) > 0 && !slices.Contains(only, ours) {
			continue
		}
		judgeBy(t, data, want, Options{Range: window.Range{From: at(t, from), To: at(t, to)}, Boundary: ours},
			reference.Options{From: from, To: to, Boundary: theirs}, name)
		judgeBy(t, data, want, Options{Range: window.Range{From: at(t, from), To: at(t, to)}, Boundary: ours, Device: Launched},
			reference.Options{From: from, To: to, Boundary: theirs, Device: reference.Launched, IsDevice: devices}, name+", launched")
	}
}

func judgeBy(t *testing.T, data []byte, want *reference.Trace, o Options, theirs reference.Options, name string) {
	t.Helper()
	first := sliceBytes(t, data, o, streams.Ways[0])
	if err := reference.Compare(first, reference.Slice(want, theirs)); err != nil {
		t.Fatalf("%s, [%d,%d), boundary %d: %v", name, theirs.From, theirs.To, o.Boundary, err)
	}
	by := streams.OtherWay(len(data) + int(o.Boundary) + int(o.Device))
	if got := sliceBytes(t, data, o, by); !bytes.Equal(first, got) {
		t.Fatalf("%s: by %s the output differs", name, by.Name)
	}
}

func TestSliceAgreesWithReference(t *testing.T) {
	judged := 0
	traces := eachRandom(t, 60, 20, 1, func(rng *rand.Rand, data []byte, what string) {
		parsed := parsed(t, data)
		from, to := reference.RandomWindow(rng, parsed)
		zero, ok := reference.Zero(parsed)
		end, _ := reference.End(parsed)
		if !ok || from >= to || to <= zero || from > end {
			return
		}
		judged++
		judge(t, data, from, to, what)
	})
	if judged < traces/3 {
		t.Fatalf("only %d of %d random traces were judged", judged, traces)
	}
}

func TestSliceAgreesWithReferenceOnRealTraces(t *testing.T) {
	for _, name := range realTraces(t) {
		data := recorded.Text(t, name)
		parsed := parsed(t, data)
		zero, _ := reference.Zero(parsed)
		end, _ := reference.End(parsed)
		span := end - zero
		judge(t, data, zero+span/4, zero+span/2, name)
		judge(t, data, zero, end+1, name, Clip)
		judge(t, data, zero+span*9/10, end, name, Clip)
	}
}

// realTraces are recorded traces, the small ones of them if time is short.
func realTraces(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	if testing.Short() {
		files = files[:2]
	}
	return files
}
