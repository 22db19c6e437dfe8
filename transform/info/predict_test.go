package info

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/downsample"
	"tracekit/transform/slice"
	"tracekit/transform/split"
	"tracekit/transform/steps"
	"tracekit/transform/strip"
	"tracekit/transform/window"
)

// stripped is how many events and bytes strip really leaves, and whether it took
// anything.
// It reports false for a trace whose begins and ends are not in order of time, of which
// one reading can't know.
func stripped(t *testing.T, data []byte, o strip.Options) (events, size int64, took, inOrder bool) {
	t.Helper()
	r, err := source(t, data).Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	rep, err := strip.Run(t.Context(), r, trace.NewWriter(&out), o)
	if errors.Is(err, strip.ErrOrder) {
		return 0, 0, false, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return rep.EventsOut, int64(out.Len()), rep.EventsOut != rep.EventsIn || rep.BytesOut != rep.BytesIn, true
}

// judgeStrips runs what is predicted of strip.
func judgeStrips(t *testing.T, data []byte) (predicted int) {
	t.Helper()
	i := inspect(t, data, Options{})
	for _, c := range []struct {
		command string
		o       strip.Options
	}{{"strip --python", strip.Options{Python: true}}, {"strip --hardware", strip.Options{Hardware: true}}} {
		events, size, took, inOrder := stripped(t, data, c.o)
		p := find(i, c.command)
		switch {
		case !inOrder:
		case p == nil && took && i.Events-events > names(i):
			t.Errorf("%s leaves %d of %d events, and nothing is predicted", c.command, events, i.Events)
		case p == nil:
		case !p.Exact || p.Pieces != 1 || p.Events != events || p.Bytes != size:
			t.Errorf("%s leaves %d events and %d bytes, predicted are %+v", c.command, events, size, p)
		default:
			predicted++
		}
	}
	return predicted
}

// names is how many names of processes and threads there are.
func names(i *Info) (n int64) {
	for _, k := range i.Kinds {
		if k.Phase == "M" {
			n += k.Events
		}
	}
	return n
}

func find(i *Info, command string) *Prediction {
	for k := range i.Predictions {
		if strings.HasPrefix(i.Predictions[k].Command, command) {
			return &i.Predictions[k]
		}
	}
	return nil
}

func TestStripsOfRandomTracesArePredicted(t *testing.T) {
	predicted := 0
	for seed := range seeds(400) {
		data := reference.Random(rand.New(rand.NewPCG(seed, 15)), 60)
		predicted += judgeStrips(t, data)
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, data)
		}
	}
	if predicted < int(seeds(200)) {
		t.Errorf("only %d predictions", predicted)
	}
}

func TestStripsOfRealTracesArePredicted(t *testing.T) {
	for name, data := range realTraces(t) {
		t.Run(name, func(t *testing.T) {
			if n := judgeStrips(t, data); n == 0 && name != "cpu_only_string_pids.pt.trace.json.gz" {
				t.Error("nothing is predicted")
			}
		})
	}
}

func generated(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	for name, c := range map[string]tracegen.Config{
		"gaudi":  {Steps: 60, Hardware: true, Python: true, Layers: 2},
		"gpu":    {Producer: tracegen.CUDA, Steps: 40, Hardware: true, Python: true, Layers: 4, Odd: tracegen.Odd{BeginEnd: true, Async: true}},
		"sglang": {Producer: tracegen.SGLang, Steps: 40, Hardware: true, Layers: 4, Layout: tracegen.Indent2},
		"broken": {Producer: tracegen.CUDA, Steps: 10, Hardware: true, Python: true, Layers: 2, Odd: tracegen.Odd{NaN: true, Truncate: true}},
	} {
		all[name], _ = tracegen.Text(t, c)
	}
	return all
}

func TestStripsOfGeneratedTracesArePredicted(t *testing.T) {
	for name, data := range generated(t) {
		t.Run(name, func(t *testing.T) {
			if judgeStrips(t, data) == 0 {
				t.Error("nothing is predicted")
			}
		})
	}
}

// TestAStepIsPredicted cuts the step of which it is told about what it would have.
func TestAStepIsPredicted(t *testing.T) {
	eachTrace(t, func(t *testing.T, data []byte, i *Info) bool {
		p := find(i, "slice --step ")
		if p == nil {
			return false
		}
		choice, err := steps.ParseChoice(strings.TrimPrefix(p.Command, "slice --step "))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r, err := slice.Run(t.Context(), source(t, data), trace.NewWriter(&out), slice.Options{Range: window.Range{Steps: &choice}})
		if err != nil {
			t.Fatal(err)
		}
		if near(p.Events, r.EventsOut) > .05 || near(p.Bytes, int64(out.Len())) > .05 || p.Exact {
			t.Errorf("%d events and %d bytes, predicted are %+v", r.EventsOut, out.Len(), p)
		}
		return true
	})
}

// TestAThresholdIsPredicted downsamples by what is told to leave half at most. The
// trace in which flows stand far from their slices is the one that is 10 % off.
func TestAThresholdIsPredicted(t *testing.T) {
	eachTrace(t, func(t *testing.T, data []byte, i *Info) bool {
		p := find(i, "downsample --min-dur ")
		if p == nil {
			return false
		}
		at, err := time.ParseDuration(strings.TrimPrefix(p.Command, "downsample --min-dur "))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r, err := downsample.Run(t.Context(), source(t, data), trace.NewWriter(&out), downsample.Options{
			MinDur: trace.Time(at), Spill: func() (*spill.File, error) { return spill.Create("") },
		})
		if err != nil {
			t.Fatal(err)
		}
		limit := .02
		if strings.HasSuffix(t.Name(), "indent2_overlay_flows.json.gz") {
			limit = .1
		}
		if near(p.Events, r.EventsOut) > limit || near(p.Bytes, int64(out.Len())) > limit || p.Exact {
			t.Errorf("%s leaves %d events and %d bytes, predicted are %+v", p.Command, r.EventsOut, out.Len(), p)
		}
		return true
	})
}

// eachTrace tries generated and real traces, most of which must have a prediction.
func eachTrace(t *testing.T, try func(t *testing.T, data []byte, i *Info) bool) {
	all, tried := realTraces(t), 0
	for name, data := range generated(t) {
		all[name] = data
	}
	for name, data := range all {
		t.Run(name, func(t *testing.T) {
			if try(t, data, inspect(t, data, Options{})) {
				tried++
			}
		})
	}
	if tried < 5 {
		t.Errorf("only %d predictions", tried)
	}
}

func TestPredictedThresholdsReachTheirSize(t *testing.T) {
	for d := trace.Time(0); d < 3e8; d += 1 + d/997 {
		n := 0
		for _, at := range thresholds {
			if at <= d {
				n++
			}
		}
		if int(grainOf(d)) != n {
			t.Fatalf("%d ns reaches %d thresholds, not %d", d, n, grainOf(d))
		}
	}
}

func near(a, b int64) float64 { return math.Abs(float64(a-b)) / float64(max(b, 1)) }

func TestPiecesArePredicted(t *testing.T) {
	for name, data := range generated(t) {
		t.Run(name, func(t *testing.T) {
			i := inspect(t, data, Options{loadable: 1, piece: 1_000_000})
			p := find(i, "split --by size --size 1MB")
			if p == nil {
				t.Fatalf("no prediction in %+v", i.Predictions)
			}
			m, err := split.Plan(t.Context(), source(t, data), split.Options{By: split.Size, Size: 1_000_000})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(m.Pieces); p.Pieces < n-1-n/20 || p.Pieces > n+1+n/20 {
				t.Errorf("%d pieces, predicted are %d", n, p.Pieces)
			}
		})
	}
}
