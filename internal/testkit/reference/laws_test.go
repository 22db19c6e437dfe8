package reference

import (
	"flag"
	"iter"
	"math"
	"math/rand/v2"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

const rounds = 150

var (
	firstSeed = flag.Uint64("seed", 0, "seed of the first random trace")
	numTraces = flag.Uint64("traces", rounds, "random traces for a test of usual length")
)

// seeds gives n of them, or more or fewer as the flags say.
func seeds(n uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for i := range n * *numTraces / rounds {
			if !yield(*firstSeed + i) {
				return
			}
		}
	}
}

func randomTrace(t *testing.T, seed uint64) (*Trace, *rand.Rand, []byte) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	data := Random(rng, 1+rng.IntN(50))
	tr, err := Parse(data)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, data)
	}
	return tr, rng, data
}

func reparse(t *testing.T, tr *Trace, outs []Out) *Trace {
	t.Helper()
	after, err := Parse(Render(tr, outs))
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// The plain judge keeps the laws that any slice must keep.
func TestSliceKeepsLaws(t *testing.T) {
	for seed := range seeds(rounds) {
		tr, rng, data := randomTrace(t, seed)
		from, to := RandomWindow(rng, tr)
		o := Options{From: from, To: to, Boundary: Boundary(rng.IntN(3)), Device: Device(rng.IntN(2))}
		outs := Slice(tr, o)
		after := reparse(t, tr, outs)
		fail := func(format string, args ...any) {
			t.Helper()
			t.Errorf(format, args...)
			t.Fatalf("seed %d, %+v\n%s\n->\n%s", seed, o, data, Render(tr, outs))
		}
		if err := Compare(Render(tr, outs), outs); err != nil {
			fail("own output: %v", err)
		}
		if d := Dangling(after); len(d) > 0 {
			fail("flow dangles: %s", after.Events[d[0]].Raw)
		}
		if n := UnnamedTracks(tr, after); len(n) > 0 {
			fail("lost the name of %v", n)
		}
		if n := NamesWithoutEvents(after); len(n) > 0 {
			fail("name of nothing: %s", after.Events[n[0]].Raw)
		}
		if o.Boundary == Clip && o.Device == ByTime {
			if before, now := len(Overlaps(tr)), len(Overlaps(after)); now > before {
				fail("%d overlaps, %d before", now, before)
			}
			again := Slice(after, o)
			if err := Compare(Render(tr, outs), again); err != nil {
				fail("cut again by the same window: %v", err)
			}
		}
	}
}

// Neighbouring windows share out the busy time of every track.
func TestBusyTimeOfNeighbouringWindowsAddsUp(t *testing.T) {
	for seed := range seeds(rounds) {
		tr, rng, data := randomTrace(t, seed)
		edges := Edges(tr)
		if edges[0] < 0 {
			continue // what starts before 0 is not shown, and so has no say in where the trace ends
		}
		end, _ := End(tr)
		cuts := []int64{edges[0] - 1}
		for cut := edges[0] + rng.Int64N(3000); cut < end && len(cuts) < 8; cut += 1 + rng.Int64N(max(1, (end-edges[0])/4)) {
			cuts = append(cuts, cut)
		}
		cuts = append(cuts, max(end, edges[len(edges)-1])+1)
		sum := map[Track]int64{}
		for i := range len(cuts) - 1 {
			after := reparse(t, tr, Slice(tr, Options{From: cuts[i], To: cuts[i+1]}))
			for track, ns := range BusyByTrack(after) {
				sum[track] += ns
			}
		}
		if d := cmptest.Diff(BusyByTrack(tr), sum); d != "" {
			t.Fatalf("seed %d, cuts %v: busy time (- whole, + pieces)\n%s\n%s", seed, cuts, d, data)
		}
	}
}

// A window around everything changes nothing but what has no time, and flows
// that lead nowhere, and names of nothing.
func TestWholeWindow(t *testing.T) {
	for seed := range seeds(rounds / 3) {
		tr, _, _ := randomTrace(t, seed)
		edges := Edges(tr)
		for _, o := range Slice(tr, Options{From: edges[0], To: edges[len(edges)-1] + 1}) {
			if o.Kind != Untouched && o.Kind != Unbound {
				t.Fatalf("seed %d: %s: %s", seed, o.Kind, o.text())
			}
		}
	}
}

// A slice shows what the whole trace showed in its window, cut at the edges, at the
// same depth.
func TestSlicesShowTheSame(t *testing.T) {
	judged := 0
	for seed := range seeds(8 * rounds) {
		tr, rng, data := randomTrace(t, seed)
		from, to := RandomWindow(rng, tr)
		outs := Slice(tr, Options{From: from, To: to})
		before, after := Draw(tr), Draw(reparse(t, tr, outs))
		last, _ := End(tr)
		if from > last {
			continue // which holds nothing
		}
		ended := func(s Shown) int64 { // what never ends is shown to the end of the trace
			if s.Stop == math.MaxInt64 {
				return max(s.Start, last)
			}
			return s.Stop
		}
		want, got := map[Shown]int{}, map[Shown]int{}
		for _, s := range before.Shown {
			if before.Odd[s.On] {
				continue
			}
			if s.Start == s.Stop && (s.Start < from || s.Start >= to) || s.Start != s.Stop && (s.Start >= to || s.Stop <= from) {
				continue
			}
			judged++
			s.Start = max(s.Start, from)
			s.Stop = min(ended(s), to)
			want[s]++
		}
		for _, s := range after.Shown {
			if !before.Odd[s.On] {
				s.Stop = ended(s)
				got[s]++
			}
		}
		if d := cmptest.Diff(want, got); d != "" {
			t.Fatalf("seed %d, [%d,%d) (- want, + got):\n%s\n%s\n->\n%s", seed, from, to, d, data, Render(tr, outs))
		}
		for on := range after.Odd {
			if !before.Odd[on] {
				t.Fatalf("seed %d, [%d,%d): slices overlap on %s\n%s\n->\n%s", seed, from, to, on, data, Render(tr, outs))
			}
		}
		for raw := range after.Loose {
			if !before.Loose[raw] {
				t.Fatalf("seed %d, [%d,%d): no slice for %s\n%s\n->\n%s", seed, from, to, raw, data, Render(tr, outs))
			}
		}
	}
	if judged < rounds {
		t.Fatalf("only %d slices were judged", judged)
	}
}

// What a beginning and its end were to each other they are in a slice, though
// many of them be moved to one time.
func TestSliceKeepsWhichEndClosesWhichBegin(t *testing.T) {
	for seed := range seeds(rounds) {
		tr, rng, data := randomTrace(t, seed)
		from, to := RandomWindow(rng, tr)
		outs := Slice(tr, Options{From: from, To: to, Boundary: Boundary(rng.IntN(3)), Device: ByTime})
		after := reparse(t, tr, outs)
		partner := map[int]int{}
		for _, m := range append(matchTracks(tr), matchAsync(tr)...) {
			for _, p := range m.pairs {
				if partner[p.begin] = p.end; p.open() {
					partner[p.begin] = p.begin // as a made end has it
				}
			}
		}
		for _, m := range append(matchTracks(after), matchAsync(after)...) {
			for _, p := range m.pairs {
				begin := outs[p.begin].Source
				if p.open() && partner[begin] == begin {
					continue
				}
				if p.open() || outs[p.end].Source != partner[begin] {
					t.Fatalf("seed %d, [%d,%d): %s has another end\n%s\n->\n%s", seed, from, to, tr.Events[begin].Raw, data, Render(tr, outs))
				}
			}
		}
	}
}
