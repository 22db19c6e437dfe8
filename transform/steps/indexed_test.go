package steps

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/internal/snapshot"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
)

// restored is a Finder that knows what a snapshot has.
func restored(text []byte, o Options) (*Finder, bool) {
	f := NewFinder(o)
	return f, snapshot.Read(text, f.state)
}

// A snapshot has all that Run looks at, also where nothing is found.
func TestSnapshotsFindTheSameSteps(t *testing.T) {
	compiled, _ := tracegen.Text(t, tracegen.Config{Producer: tracegen.Gaudi, Steps: 30, Layers: 1, Warmup: 4})
	cuda, _ := tracegen.Text(t, tracegen.Config{Producer: tracegen.CUDA, Steps: 10, Layers: 1, Python: true})
	name := `{"ph":"M","name":"thread_name","pid":1,"tid":22,"args":{"name":"Steps"}}`
	for what, data := range map[string][]byte{
		"Gaudi":          compiled,
		"CUDA":           cuda,
		"late names":     doc(ev("", "train 4", "1", "22", 100, 50), ev("", "train 5", "1", "22", 200, 50), name),
		"open begins":    doc(half("B", "", "step[DECODE bs=1]", "7", 100), half("B", "", "step[DECODE bs=2]", "7", 300), half("E", "", "", "7", 350)),
		"out of order":   doc(half("B", "", "step[DECODE bs=3]", "7", 300), half("E", "", "", "7", 350), half("B", "", "step[DECODE bs=1]", "7", 100), half("E", "", "", "7", 150)),
		"no steps":       doc(note("a 1", 1, 2), note("a 2", 3, 2), note("b \\\"1\\\"", 5, 6)),
		"nothing":        doc(),
		"the capture":    doc(ev("Trace", "PyTorch Profiler (0)", `"Spans"`, `"x"`, 3, 9), high("decode", 1, 1), high("decode", 5, 1), high("decode", 30, 5)),
		"several tracks": doc(note("ProfilerStep#1", 1, 9), ev("user_annotation", "ProfilerStep#1", "8", "8", 1, 9), ev("user_annotation", "ProfilerStep#2", "8", "8", 20, 9)),
	} {
		for _, o := range []Options{{}, {Pid: "8"}} {
			first := learn(t, data, Options{})
			text := first.Snapshot()
			f, ok := restored(text, o)
			if !ok {
				t.Fatalf("%s: its own snapshot is none", what)
			}
			want, wantErr := learn(t, data, o).Run()
			got, gotErr := f.Run()
			cmptest.Same(t, what, want, got)
			cmptest.Same(t, what+": the error", wantErr, gotErr)
		}
	}
}

// A snapshot that was forged is refused, or has other steps: it does no harm.
func TestForgedSnapshots(t *testing.T) {
	data, _ := tracegen.Text(t, tracegen.Config{Producer: tracegen.Gaudi, Steps: 6, Layers: 1, Warmup: 4})
	text := learn(t, data, Options{}).Snapshot()
	rng := rand.New(rand.NewPCG(2, 5))
	rounds := 2000
	if testing.Short() {
		rounds = 300
	}
	refused := 0
	for range rounds {
		bad := slices.Clone(text)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		f, ok := restored(bad, Options{})
		if !ok {
			refused++
			continue
		}
		if run, err := f.Run(); err == nil {
			for i := range run.Steps {
				run.Window(i)
			}
			run.Phases()
		}
	}
	if refused == 0 || refused == rounds {
		t.Errorf("%d of %d refused", refused, rounds)
	}
}
