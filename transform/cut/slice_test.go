package cut

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"tracekit/filter"
	"tracekit/internal/recorded"
	"tracekit/internal/reference"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/window"
)

// way is one of the ways a trace can reach Slice. All give the same bytes.
type way struct {
	name string
	pipe bool
	one  bool // one processor
	held int  // bytes that may be held in memory
}

var ways = []way{
	{"file", false, false, keptBytes}, {"pipe", true, false, keptBytes}, {"one processor", false, true, keptBytes},
	{"nothing held", false, false, 0},
}

func sliceBytes(t *testing.T, data []byte, o SliceOptions, by way) []byte {
	t.Helper()
	var so trace.SourceOptions
	if by.one {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	size := int64(len(data))
	if by.pipe {
		size = -1
		so.Spool = func() (*spill.File, error) { return spill.Create(t.TempDir()) }
	}
	s, err := trace.NewSource(bytes.NewReader(data), size, so)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o.Spill = func() (*spill.File, error) { return spill.Create(t.TempDir()) }
	var out bytes.Buffer
	if _, err := sliceKeeping(context.Background(), s, trace.NewWriter(&out), o, by.held); err != nil {
		t.Fatalf("%s: %v", by.name, err)
	}
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
	devices := devicesIn(t, data)
	for ours, theirs := range boundaries {
		if len(only) > 0 && !slices.Contains(only, ours) {
			continue
		}
		judgeBy(t, data, want, SliceOptions{Range: window.Range{From: at(t, from), To: at(t, to)}, Boundary: ours},
			reference.Options{From: from, To: to, Boundary: theirs}, name)
		judgeBy(t, data, want, SliceOptions{Range: window.Range{From: at(t, from), To: at(t, to)}, Boundary: ours, Device: Launched},
			reference.Options{From: from, To: to, Boundary: theirs, Device: reference.Launched, IsDevice: devices}, name+", launched")
	}
}

// devicesIn tells the events of devices as the filter does, which has tests of
// its own: here it matters what becomes of them.
func devicesIn(t *testing.T, data []byte) func(event int) bool {
	t.Helper()
	l := newLaunches()
	var sides []bool
	for _, learnt := range []bool{false, true} {
		s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SurveyParts(func(p *trace.Part) error {
			if !learnt {
				l.learn(p)
				return nil
			}
			for i := range p.Events {
				sides = append(sides, l.device.Side(&p.Events[i]) == filter.Device)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return func(event int) bool { return event < len(sides) && sides[event] }
}

func judgeBy(t *testing.T, data []byte, want *reference.Trace, o SliceOptions, theirs reference.Options, name string) {
	t.Helper()
	first := sliceBytes(t, data, o, ways[0])
	if err := reference.Compare(first, reference.Slice(want, theirs)); err != nil {
		t.Fatalf("%s, [%d,%d), boundary %d: %v", name, theirs.From, theirs.To, o.Boundary, err)
	}
	by := otherWay(len(data) + int(o.Boundary) + int(o.Device))
	if got := sliceBytes(t, data, o, by); !bytes.Equal(first, got) {
		t.Fatalf("%s: by %s the output differs", name, by.name)
	}
}

// otherWay takes the ways but the first in turn, by anything that changes.
func otherWay(n int) way { return ways[1+n%(len(ways)-1)] }

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
