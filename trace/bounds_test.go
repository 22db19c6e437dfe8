package trace

import (
	"math/rand/v2"
	"testing"
)

// The short way to the bounds of a slice comes to the same as the long one.
func TestBoundsOfSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	times := []Time{MinTime, MinTime + 1, -5, -1, 0, 1, 7, 1 << 40, MaxTime - 1, MaxTime}
	pick := func() Time { return times[rng.IntN(len(times))] }
	for range 100_000 {
		e := Event{Phase: "XXXXTBiC"[rng.IntN(8)], Has: Has(rng.IntN(8)), TS: pick(), Dur: pick()}
		b := bounds{start: pick(), end: pick(), zero: pick(), last: pick(), holds: Holds(rng.IntN(4))}
		short, long := b, b
		short.add(&e)
		long.addAny(&e)
		if short != long {
			t.Fatalf("%q, has %b, at %d for %d: from %+v to %+v, and the long way to %+v", e.Phase, e.Has, e.TS, e.Dur, b, short, long)
		}
	}
}
