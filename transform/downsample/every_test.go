package downsample

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// A step that is kept is whole: what its calls launched stays, whenever it ran, and what
// other steps launched goes.
func TestStepsAreWholeOnTheDevice(t *testing.T) {
	for _, producer := range []tracegen.Producer{tracegen.CUDA, tracegen.SGLang} {
		text, _ := tracegen.Text(t, tracegen.Config{Seed: 3, Producer: producer, Steps: 7, Layers: 2, Hardware: true})
		wholeOnDevice(t, text, 3)
	}
	t.Run("recorded", func(t *testing.T) {
		if testing.Short() {
			t.Skip("long")
		}
		wholeOnDevice(t, recorded.Text(t, "../../../shared/traces/resnet_ddp_epoch_ts.pt.trace.json.gz"), 2)
	})
}

func wholeOnDevice(t *testing.T, data []byte, n int) {
	in, out := parsed(t, data), parsed(t, runOn(t, data, Options{Every: n}))
	stays := map[string]int{} // events by their text
	for i := range out.Events {
		stays[out.Events[i].Raw]++
	}
	launched := map[string]bool{} // by correlation: whether the call stays
	device := func(e *reference.Event) bool {
		return bytes.Contains([]byte("kernel gpu_memcpy gpu_memset"), []byte(text(e, "cat"))) && text(e, "cat") != ""
	}
	of := func(e *reference.Event) string {
		for _, a := range e.Args {
			if a.Name == "correlation" {
				return a.Text
			}
		}
		return ""
	}
	for i := range in.Events {
		if e := &in.Events[i]; e.Phase == "X" && of(e) != "" && !device(e) {
			launched[of(e)] = launched[of(e)] || stays[e.Raw] > 0
		}
	}
	count := map[bool]int{}
	for i := range in.Events {
		e := &in.Events[i]
		if want, known := launched[of(e)]; e.Phase == "X" && device(e) && known {
			if count[want]++; stays[e.Raw] > 0 != want {
				t.Fatalf("stays: %v, and its call: %v: %s", !want, want, e.Raw)
			}
		}
	}
	if count[false] == 0 {
		t.Errorf("nothing was launched by others: %v", count)
	}
}

// A slice that is kept has around it what was, or the run that this has become part of.
func TestSlicesKeepThoseAroundThem(t *testing.T) {
	check := func(t *testing.T, data []byte, o Options) {
		out, _, err := try(data, o, 11+len(data)/500)
		if errors.As(err, new(*BudgetError)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		in, left := parsed(t, data), map[string]int{}
		p := parsed(t, out)
		for i := range p.Events {
			left[p.Events[i].Raw]++
		}
		stays := func(s *plain) bool {
			e := &in.Events[s.events[0]]
			return left[e.Raw] > 0 || member(e, "bind_id") != ""
		}
		var runs []plain
		for _, s := range slicesOf(t, p) {
			if s.sums != nil {
				runs = append(runs, s)
			}
		}
		inRun := func(s *plain) bool {
			return slices.ContainsFunc(runs, func(r plain) bool {
				_, lists := r.sums.Names[s.name]
				return lists && r.track == s.track && r.start <= s.start && r.end >= s.end
			})
		}
		var around plainNest
		all := slicesOf(t, in)
		for i := range all {
			s := &all[i]
			depth, _ := around.enter(*s)
			for k := range depth {
				if stays(s) && member(&in.Events[s.events[0]], "bind_id") == "" && !stays(&around[k]) && !inRun(&around[k]) {
					t.Fatalf("%+v: %v stays without %v", o, *s, around[k])
				}
			}
		}
	}
	eachRandom(t, 80, func(t *testing.T, rng *rand.Rand, data []byte) {
		for range 3 {
			check(t, data, randomOptions(rng))
		}
	})
	eachReal(t, func(t *testing.T, data []byte) {
		for _, o := range []Options{{MinDur: 5000}, {Resolution: ns(20_000)}, {MaxEvents: 500}, {MaxDepth: 4, MaxEvents: 300, MinDur: trace.Time(300)}} {
			check(t, data, o)
		}
	})
}
