package info

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/trace"
)

func covered(all []stretch) int64 {
	c := newCoverage()
	for _, s := range all {
		c.add(trace.Time(s.start), trace.Time(s.end), leastHeld)
	}
	return int64(c.length())
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
