package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
)

// rangeCalls name a range in each way that there is, for verbs that go by an index.
var rangeCalls = []string{
	"slice --step 0 FILE",
	"slice --step 1..3 --boundary keep FILE",
	"slice --step 2.. --device launched FILE",
	"slice --step 1 --step-tid 3 FILE",
	"slice --step 0 --step-pid 1 FILE",
	"slice --step 1 --step-marker (?i)step FILE",
	"slice --phase decode FILE",
	"slice --phase prefill:2 --strip python FILE",
	"slice --request r1 FILE",
	"slice --request req-A FILE",
	"slice --request req-A --step-marker nothing FILE",
	"slice --request rid-a FILE",
	"slice --request rid-a --step-tid 1 FILE",
	"slice --request 7 --request-key rid FILE",
	"slice --request a --requests REQUESTS FILE",
	"slice --capture FILE",
	"slice --around k --pad 1ms FILE",
	"report --from 25% --to 75% --json FILE",
	"report --step 1..2 FILE",
	"report --step 1 --step-tid 3 --json FILE",
	"report --phase decode --csv OUT FILE",
	"report --request r1 --json FILE",
	"report --capture --partial OUT FILE",
	"report --from 10% --hardware-is cat=='cpu_op' --json FILE",
	"report --html OUT --from 10% FILE",
	"report FILE",
	"split --by step --dry-run FILE",
	"split --by phase --phase decode --device time --dry-run FILE",
	"split --by time --time 7ms --max-pieces 100000 --dry-run FILE",
	"split --by request --dry-run FILE",
	"split --by request -o OUT FILE",
}

// tracesWithSteps are generated traces of all kinds.
func tracesWithSteps(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	for name, c := range map[string]tracegen.Config{
		"gaudi":       {Producer: tracegen.Gaudi, Steps: 12, Layers: 1, Hardware: true, Python: true, Warmup: 3},
		"array":       {Producer: tracegen.Gaudi, Steps: 12, Layers: 1, Array: true},
		"cuda":        {Producer: tracegen.CUDA, Steps: 12, Layers: 2, Hardware: true, Python: true, Epoch: true},
		"sglang odd":  {Producer: tracegen.SGLang, Steps: 12, Layers: 1, Hardware: true, Odd: tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true, Emoji: true}},
		"gaudi async": {Producer: tracegen.Gaudi, Steps: 12, Layers: 1, Odd: tracegen.Odd{Async: true, NaN: true, Truncate: true}},
	} {
		var b bytes.Buffer
		if _, err := tracegen.Generate(&b, c); err != nil {
			t.Fatal(err)
		}
		all[name] = b.Bytes()
	}
	return all
}

// tracesOfTestdata are those in the folders of testdata, by their names.
func tracesOfTestdata(t *testing.T, patterns ...string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, p := range patterns {
		names, err := filepath.Glob(filepath.Join("../../testdata", p))
		if err != nil || len(names) == 0 {
			t.Fatal(p, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.Base(filepath.Dir(name))+" "+filepath.Base(name)] = text
		}
	}
	return all
}

// outcome is all that a call leaves.
type outcome struct {
	printed
	files map[string]string
}

// outcomeOf is that of a call in which FILE is a trace, from which its folder is taken out.
func outcomeOf(t *testing.T, call, file, requests string) outcome {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	var args []string
	for _, a := range strings.Fields(call) {
		args = append(args, strings.NewReplacer("FILE", file, "OUT", out, "REQUESTS", requests).Replace(a))
	}
	o := outcome{called("", args...), filesUnder(t, out)}
	for _, text := range []*string{&o.out, &o.err} {
		*text = strings.NewReplacer(filepath.Dir(file)+"/", "", filepath.Dir(out), "").Replace(*text)
	}
	for name, text := range o.files {
		o.files[name] = strings.NewReplacer(filepath.Dir(file)+"/", "", filepath.Dir(out), "").Replace(text)
	}
	return o
}

// With an index every range of every trace is what it is without, and so is what is said of it.
// Each trace is asked for a third of the ranges, and with -all for all of them.
func TestRangesByAnIndex(t *testing.T) {
	traces := tracesOfTestdata(t, "vllm*.json.gz", "mi*.json.gz", "cases/72*", "cases/70*")
	if !testing.Short() {
		traces = tracesOfTestdata(t, "vllm*.json.gz", "mi*.json.gz", "gaudi/*", "cases/[1-7]*.json", "merged/*")
	}
	withSteps := tracesWithSteps(t)
	maps.Copy(traces, withSteps)
	requests := filepath.Join(t.TempDir(), "requests.csv")
	if err := os.WriteFile(requests, []byte("id,start,end\na,@1000,@9000000000000\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	did := map[string]int{} // calls by verb and way that found a range
	for at, name := range slices.Sorted(maps.Keys(traces)) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "t"+filepath.Ext(name))
			if err := os.WriteFile(file, traces[name], 0o666); err != nil {
				t.Fatal(err)
			}
			without := map[string]outcome{}
			var calls []string
			_, each := withSteps[name] // all calls find something there
			for i, call := range rangeCalls {
				if each || *all || (i+at)%3 == 0 {
					calls = append(calls, call)
				}
			}
			for _, call := range calls {
				without[call] = outcomeOf(t, call, file, requests)
			}
			if p := called("", "index", "-q", file); p.status != exitDone && p.status != exitDamaged {
				return // it is not a trace, or has nothing in it
			}
			for _, call := range calls {
				want, got := without[call], outcomeOf(t, call, file, requests)
				if want.status != got.status || want.out != got.out || want.err != got.err {
					t.Errorf("%s: status %d and %d bytes, not %d and %d\nwith an index %s\nwithout        %s", call, got.status, len(got.out), want.status, len(want.out), got.err, want.err)
				}
				cmptest.Same(t, call, want.files, got.files)
				if want.status == exitUsage {
					t.Errorf("%s: %s", call, want.err)
				}
				if want.status == exitDone {
					did[strings.Join(strings.Fields(call)[:2], " ")]++
				}
			}
		})
	}
	for _, way := range []string{
		"slice --step", "slice --phase", "slice --request", "slice --capture", "slice --around", "split --by",
		"report --from", "report --step", "report --phase", "report --request", "report --capture", "report --html", "report FILE",
	} {
		if did[way] < 3 {
			t.Errorf("%s: %d calls found something", way, did[way])
		}
	}
}
