package trace

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The short way to the bounds of a slice comes to the same as the long one.
func TestBoundsOfSlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	times := []Time{MinTime, MinTime + 1, -5, -1, 0, 1, 7, 1 << 40, MaxTime - 1, MaxTime}
	pick := func() Time { return times[rng.IntN(len(times))] }
	for range 100_000 {
		e := Event{Phase: "XXXXTBiC"[rng.IntN(8)], Has: Has(rng.IntN(8)), TS: pick(), Dur: pick()}
		b := bounds{start: pick(), end: pick(), zero: pick(), last: pick(), holds: Holds(rng.IntN(4)), shown: int64(rng.IntN(2))}
		short, long := b, b
		short.add(&e)
		long.addAny(&e)
		if diff := cmp.Diff(long, short, cmp.AllowUnexported(bounds{}, Times{}, TimeGroup{}, timeKey{}, stretch{})); diff != "" {
			t.Fatalf("%q, has %b, at %d for %d, added to %+v: the long way and the short one differ:\n%s", e.Phase, e.Has, e.TS, e.Dur, b, diff)
		}
	}
}
