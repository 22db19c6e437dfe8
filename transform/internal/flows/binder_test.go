package flows

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// crowded is a trace in which much happens at the same time on few tracks: complete slices,
// pairs, ends without a begin, and flow events of few ids.
func crowded(rng *rand.Rand) []byte {
	var events []string
	phases := []string{"X", "X", "B", "E", "s", "t", "f"}
	if rng.IntN(3) == 0 {
		phases = []string{"X", "s", "t", "f"} // tracks without pairs have a way of their own
	}
	for range 3 + rng.IntN(40) {
		ph := phases[rng.IntN(len(phases))]
		e := fmt.Sprintf(`{"ph":"%s","pid":1,"tid":%d,"ts":%d`, ph, 1+rng.IntN(2), rng.IntN(12))
		switch ph {
		case "X":
			e += fmt.Sprintf(`,"name":"x","dur":%d`, rng.IntN(8))
		case "B", "E":
			e += fmt.Sprintf(`,"name":"%c"`, 'a'+rng.IntN(2))
		default:
			e += fmt.Sprintf(`,"name":"flow","cat":"c","id":%d`, rng.IntN(3))
			if ph == "f" && rng.IntN(2) == 0 {
				e += `,"bp":"e"`
			}
		}
		events = append(events, e+"}")
	}
	return []byte("[" + strings.Join(events, ",") + "]")
}

// eachTrace calls f for random traces, with their events as the reader has them.
func eachTrace(t *testing.T, rounds uint64, f func(seed uint64, data []byte, naive *reference.Trace, events []trace.Event)) {
	t.Helper()
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(seed, 8))
		data := crowded(rng)
		if seed%4 == 0 {
			data = reference.Random(rng, 10+rng.IntN(100))
		}
		naive, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		var events []trace.Event
		eachOf(t, data, func(e *trace.Event) { events = append(events, e.Clone()) })
		if len(events) != len(naive.Events) {
			t.Fatalf("seed %d: %d events, want %d", seed, len(events), len(naive.Events))
		}
		f(seed, data, naive, events)
	}
}

// Each flow event is bound to the slice that a look at all slices finds, in whatever order
// the Binder is told of them.
func TestBinderAgainstALookAtAllSlices(t *testing.T) {
	bound, unbound := 0, 0
	eachTrace(t, 800, func(seed uint64, data []byte, naive *reference.Trace, events []trace.Event) {
		var tracks trace.Tracks
		var b Binder
		var noted []int
		for i := range events {
			if e := &events[i]; e.IsFlow() && e.Has&trace.HasTS != 0 {
				b.NoteFlow(tracks.Of(e), e, false)
				noted = append(noted, i)
			}
		}
		all, of := reference.Bound(naive)
		pairsOn, closed := map[int]bool{}, map[int]bool{}
		for i := range events {
			if ph := events[i].Phase; ph == 'B' || ph == 'E' {
				pairsOn[tracks.Of(&events[i])] = true
			}
		}
		b.Prepare(nil, func(track int) bool { return pairsOn[track] })
		for _, n := range rand.New(rand.NewPCG(seed, 9)).Perm(len(all)) {
			s := all[n]
			e := &events[s.Begin]
			is := Is(0)
			if e.Phase == 'B' {
				is = Pair
			}
			if s.End >= 0 {
				closed[s.End] = true
			}
			b.Bind(tracks.Of(e), trace.Time(s.Start), trace.Time(s.Stop), is)
		}
		for i := range events {
			if e := &events[i]; e.Phase == 'E' && e.Has&trace.HasTS != 0 && !closed[i] {
				b.End(tracks.Of(e), e.TS)
			}
		}
		b.Resolve()
		for n, i := range noted {
			got, want := "none", "none"
			if at := b.Bound(int32(n)); at.IsSet() {
				got = fmt.Sprint(at.Start, " to ", at.End)
				bound++
			} else {
				unbound++
			}
			if of[i] >= 0 {
				want = fmt.Sprint(trace.Time(all[of[i]].Start), " to ", trace.Time(all[of[i]].Stop))
			}
			if got != want {
				t.Fatalf("seed %d: %s is bound to %s, want %s\n%s", seed, events[i].Raw(), got, want, data)
			}
		}
	})
	if bound < 3000 || unbound < 500 {
		t.Errorf("only %d flow events are bound, and %d are not", bound, unbound)
	}
}

// A Sample that holds all flows gives those that a look at all events finds, and one that
// holds few gives some of them whole.
func TestSampleAgainstALookAtAllEvents(t *testing.T) {
	flowsSeen := 0
	eachTrace(t, 400, func(seed uint64, data []byte, naive *reference.Trace, events []trace.Event) {
		want := reference.Flows(naive)
		for _, most := range []int{1 << 20, 4} {
			s := Sample[int]{Most: most}
			for i := range events {
				if e := &events[i]; e.IsFlow() && e.Has&trace.HasTS != 0 {
					s.NoteFlow(e, i)
				}
			}
			var got [][]int
			for flow := range s.Flows() {
				var of []int
				for _, p := range flow {
					of = append(of, p.Of)
				}
				got = append(got, of)
			}
			flowsSeen += len(got)
			if most == 4 {
				for _, flow := range got {
					if !slices.ContainsFunc(want, func(w []int) bool { return slices.Equal(w, flow) }) {
						t.Fatalf("seed %d: %v is not a flow\n%s", seed, flow, data)
					}
				}
				continue
			}
			slices.SortFunc(got, slices.Compare)
			slices.SortFunc(want, slices.Compare)
			cmptest.Same(t, fmt.Sprintf("the flows of %s", data), want, got)
		}
	})
	if flowsSeen < 200 {
		t.Errorf("only %d flows", flowsSeen)
	}
}
