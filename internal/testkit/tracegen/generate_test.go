package tracegen

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

func TestTruthMatchesRecount(t *testing.T) {
	matrix(func(c Config) {
		t.Run(c.String(), func(t *testing.T) {
			text, truth := generate(t, c)
			kinds, total := map[string]Tally{}, int64(0)
			lo, hi := int64(1<<62), int64(0)
			events := parse(t, text)
			for i := range events {
				e := &events[i]
				k := kinds[e.tally()]
				kinds[e.tally()] = Tally{k.Events + 1, k.Bytes + int64(len(e.raw))}
				total++
				if strings.Contains("Msf", e.Ph) {
					continue
				}
				ts := ns(t, e.Ts)
				lo, hi = min(lo, ts), max(hi, ts)
				if e.Ph == "X" {
					hi = max(hi, ts+ns(t, e.Dur))
				}
			}
			cmptest.Same(t, "what the truth says of kinds", kinds, truth.Kinds)
			if truth.Events != total || truth.Bytes != int64(len(text)) {
				t.Errorf("truth says %d events in %d bytes, there are %d in %d", truth.Events, truth.Bytes, total, len(text))
			}
			if truth.MinNS != lo || truth.MaxNS != hi {
				t.Errorf("truth says %d to %d, the events %d to %d", truth.MinNS, truth.MaxNS, lo, hi)
			}
			if (truth.Hardware.Events > 0) != c.Hardware || (truth.Python.Events > 0) != c.Python {
				t.Errorf("hardware %v, python %v", truth.Hardware, truth.Python)
			}
		})
	})
}

func TestNesting(t *testing.T) {
	matrix(func(c Config) {
		if c.Layout == Indent2 {
			return // times as in Dump
		}
		t.Run(c.String(), func(t *testing.T) {
			text, _ := generate(t, c)
			decimals := 5
			if c.Epoch || c.Array {
				decimals = 3
			}
			checkNesting(t, parse(t, text), decimals)
		})
	})
}

func TestNestingOfManySteps(t *testing.T) {
	for _, c := range []Config{
		{Seed: 3, Steps: 100, Layers: 1, Hardware: true, Python: true},
		{Seed: 3, Steps: 100, Layers: 1, Hardware: true, Python: true, Producer: CUDA, Odd: Odd{BindFlows: true, ThreadStates: true, Emoji: true}},
		{Seed: 4, Steps: 1, Layers: maxLayers, Hardware: true, Python: true},
		{Seed: 4, Steps: 1, Layers: maxLayers, Hardware: true, Python: true, Producer: SGLang},
	} {
		text, _ := generate(t, c)
		checkNesting(t, parse(t, text), 5)
	}
}

func TestSameConfigSameBytes(t *testing.T) {
	matrix(func(c Config) {
		a, _ := generate(t, c)
		b, _ := generate(t, c)
		if a != b {
			t.Errorf("%v: two runs differ", c)
		}
		c.Seed++
		if b, _ = generate(t, c); a == b {
			t.Errorf("%v: another seed gives the same", c)
		}
	})
}

// TestHardwareAddsEventsAndChangesNone: without hardware the trace is the same but for what
// ran on the device, the flows into it, and the names of what only it uses.
func TestHardwareAddsEventsAndChangesNone(t *testing.T) {
	matrix(func(c Config) {
		if !c.Hardware || c.Layout == Indent2 {
			return
		}
		with, _ := generate(t, c)
		c.Hardware = false
		without, _ := generate(t, c)
		devices := map[string]bool{}
		events := parse(t, with)
		for i := range events {
			if isDevice(&events[i]) {
				devices[events[i].track()] = true
			}
		}
		launches := map[any]bool{}
		for i := range events {
			if e := &events[i]; e.Ph == "f" && devices[e.track()] {
				launches[e.ID] = true
			}
		}
		kept := texts(events, func(e *event) bool {
			switch {
			case isDevice(e), e.Ph == "s" && launches[e.ID], e.Ph == "f" && devices[e.track()]:
				return false
			case e.Ph == "M":
				process := e.track() == "0/0" || e.track() == "4000/0" && !c.Python
				return !process && !devices[e.track()]
			}
			return true
		})
		compare(t, c, kept, texts(parse(t, without), nil))
	})
}

func TestPythonAddsEventsAndChangesNone(t *testing.T) {
	matrix(func(c Config) {
		if !c.Python || c.Layout == Indent2 {
			return
		}
		with, _ := generate(t, c)
		c.Python = false
		without, _ := generate(t, c)
		kept := texts(parse(t, with), func(e *event) bool {
			process := e.track() == "4000/0" && !c.Hardware
			return e.Cat != "python_function" && (e.Ph != "M" || !process && e.track() != "4000/12391")
		})
		compare(t, c, kept, texts(parse(t, without), nil))
	})
}

func texts(events []event, keep func(*event) bool) []string {
	var out []string
	for i := range events {
		if keep == nil || keep(&events[i]) {
			out = append(out, events[i].raw)
		}
	}
	return out
}

func compare(t *testing.T, c Config, got, want []string) {
	t.Helper()
	if d := cmptest.Diff(want, got); d != "" {
		t.Fatalf("%v: other events (- want, + got)\n%s", c, d)
	}
}

// TestFloatsAreAsPythonPrintsThem: what Python would read and write again
// stays the same text, and no nanosecond is lost on the way.
func TestFloatsAreAsPythonPrintsThem(t *testing.T) {
	matrix(func(c Config) {
		if c.Layout != Dump || c.Epoch {
			return
		}
		text, _ := generate(t, c)
		for _, e := range parse(t, text) {
			for _, n := range []json.Number{e.Ts, e.Dur} {
				if n == "" {
					continue
				}
				f, err := n.Float64()
				if err != nil {
					t.Fatal(err)
				}
				again := strconv.FormatFloat(f, 'f', -1, 64)
				if !strings.Contains(again, ".") {
					again += ".0"
				}
				if again != string(n) {
					t.Fatalf("%v: %s would be printed as %s", c, n, again)
				}
			}
		}
	})
}

func TestTargetBytes(t *testing.T) {
	for _, c := range []Config{
		{TargetBytes: 15_000},
		{TargetBytes: 30_000},
		{TargetBytes: 1_200_000},
		{TargetBytes: 1_500_000, Hardware: true, Python: true},
		{TargetBytes: 1_500_000, Producer: CUDA, Hardware: true, Python: true},
		{TargetBytes: 1_200_000, Producer: SGLang, Layout: Indent2},
		{TargetBytes: 300_000, Array: true},
	} {
		text, truth := generate(t, c)
		parse(t, text)
		step := int64(len(text)) / int64(len(truth.Steps))
		if d := c.TargetBytes - int64(len(text)); d < -200 || d > 8*step {
			t.Errorf("%v: wanted %d bytes, got %d, a step is about %d", c, c.TargetBytes, len(text), step)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []Config{
		{},
		{Steps: 1, TargetBytes: 1},
		{Steps: -1},
		{Steps: 1, Producer: "tpu"},
		{Steps: 1, Layout: "yaml"},
		{Steps: 1, Layers: maxLayers + 1},
		{Steps: 1, Array: true, Python: true},
		{Steps: 1, Array: true, Producer: CUDA},
		{Steps: 1, Epoch: true},
	} {
		if _, err := Generate(io.Discard, c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	if _, err := Generate(&full{1 << 19}, Config{Steps: 100, Layers: 1, Python: true}); !errors.Is(err, errFull) {
		t.Errorf("error is %v", err)
	}
}

func TestRunsInOrder(t *testing.T) {
	order := map[Producer][]string{
		Gaudi: {"X:cpu_op", "X:python_function", "X:Runtime", "X:Kernel", "X:Trace", "C:"},
		CUDA:  {"X:user_annotation", "i:cpu_instant_event", "X:python_function", "X:cuda_runtime", "X:gpu_user_annotation", "M:", "X:Trace"},
	}
	for p, kinds := range order {
		text, _ := generate(t, Config{Producer: p, Steps: 5, Hardware: true, Python: true})
		events, at := parse(t, text), 0
		for _, k := range kinds {
			i := slices.IndexFunc(events, func(e event) bool { return e.tally() == k })
			if i < at {
				t.Errorf("%s: %s begins at event %d, before %d", p, k, i, at)
			}
			at = i
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for _, c := range []Config{
		{Steps: 50, Hardware: true, Python: true},
		{Steps: 50, Producer: CUDA, Hardware: true, Python: true},
	} {
		b.Run(string(c.Producer)+"all", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t, err := Generate(io.Discard, c)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(t.Bytes)
			}
		})
	}
}
