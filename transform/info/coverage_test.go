package info

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/trace"
)

func covered(all []stretch) int64 {
	c := newCoverage()
	for _, s := range all {
		c.add(trace.Time(s.start), trace.Time(s.end), leastHeld)
	}
	return int64(c.length(&trace.Extent{}))
}

// drawStretches come in the order of their starts, nested and apart.
func drawStretches(rng *rand.Rand) (all []stretch) {
	at := rng.Int64N(2000) - 1000
	for range rng.IntN(400) {
		at += rng.Int64N(20)
		all = append(all, stretch{at, at + rng.Int64N(30)})
	}
	return all
}

func TestCoverageInOrderIsExact(t *testing.T) {
	for seed := range uint64(500) {
		all := drawStretches(rand.New(rand.NewPCG(seed, 12)))
		if got, want := covered(all), union(slices.Clone(all)); got != want {
			t.Fatalf("seed %d: %d, want %d", seed, got, want)
		}
	}
}

// TestCoverageAlmostInOrderIsExact has slices come after some that begin later,
// as those do that are written when they end.
func TestCoverageAlmostInOrderIsExact(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 13))
		all := drawStretches(rng)
		for i := range all {
			k := min(len(all)-1, i+rng.IntN(leastHeld/2))
			all[i], all[k] = all[k], all[i]
		}
		early := slices.Clone(all)
		if latest(early) >= leastHeld {
			continue
		}
		if got, want := covered(all), union(early); got != want {
			t.Fatalf("seed %d: %d, want %d", seed, got, want)
		}
	}
}

// latest is how many later slices at most come before one.
func latest(all []stretch) (most int) {
	for i, s := range all {
		n := 0
		for _, before := range all[:i] {
			if before.end > s.start {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestCoverageInNoOrderCountsNothingTwice(t *testing.T) {
	short := false
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 14))
		all := drawStretches(rng)
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		got, want := covered(all), union(slices.Clone(all))
		if got > want {
			t.Fatalf("seed %d: %d, of %d", seed, got, want)
		}
		short = short || got < want
	}
	if !short {
		t.Error("the order made no difference: the memory is not bounded")
	}
}

// A slice that is longer than can be keeps no thread busy, and no kind; what it lies around
// does. A trace of days has slices of days.
func TestImpossibleDurationsAreNotBusy(t *testing.T) {
	const us, day = trace.Time(1000), 86_400_000_000
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "cases", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	slice := func(ph string, ts, dur int) string {
		return fmt.Sprintf(`{"ph":"%s","name":"k","cat":"kernel","pid":1,"tid":1,"ts":%d,"dur":%d}`, ph, ts, dur)
	}
	for _, c := range []struct {
		name    string
		data    []byte
		busy    trace.Time // of kernels
		threads trace.Time // of all threads
		outside int64
	}{
		{"slices of 30 days and of 236 years", file("33-cupti-30-day-duration.json"), 37500, 37500, 2},
		{"slices of 30 days", file("33b-30-day-duration-only.json"), 37500, 37500, 1},
		{"times of exactly 0", file("59-kineto-relative-ts-zero.json"), 502 * us, 1307 * us, 20},
		{"one around others", []byte("[" + strings.Join([]string{slice("X", 5, 30*day), slice("X", 10, 4), slice("X", 20, 6), slice("X", 30, 2)}, ",") + "]"), 12 * us, 12 * us, 1},
		{"one behind others", []byte("[" + strings.Join([]string{slice("X", 10, 4), slice("X", 20, 6), slice("X", 25, 30*day)}, ",") + "]"), 10 * us, 10 * us, 1},
		{"a begin and an end", []byte("[" + strings.Join([]string{slice("X", 10, 4), slice("B", 0, 0), slice("E", 7, 0)}, ",") + "]"), 11 * us, 11 * us, 0},
		{"a trace of days", []byte("[" + strings.Join([]string{slice("X", 0, 3*day), slice("X", 1*day, 1*day), slice("X", 4*day, 5)}, ",") + "]"), (3*day + 5) * us, (3*day + 5) * us, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := inspect(t, c.data, Options{})
			var threads trace.Time
			for _, p := range i.Processes {
				for _, th := range p.Threads {
					threads += th.Busy
				}
			}
			var busy trace.Time
			for _, k := range i.Kinds {
				if k.Cat == "kernel" {
					busy += k.Busy
				}
			}
			if busy-c.busy > us || c.busy-busy > us || threads-c.threads > us || c.threads-threads > us || i.Impossible != c.outside {
				t.Errorf("kernels %v, threads %v, outside %d; want %v, %v, %d", int64(busy), int64(threads), i.Impossible, int64(c.busy), int64(c.threads), c.outside)
			}
		})
	}
}
