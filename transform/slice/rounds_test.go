package slice

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"tracekit/internal/testkit/reference"
)

var (
	firstSeed = flag.Uint64("seed", 0, "seed of the first random trace")
	numTraces = flag.Uint64("traces", 0, "random traces for each test (default: a few)")

	moreTraces = flag.String("recorded", "", "pattern of more recorded traces, for the laws")
)

// eachRandom gives random traces to f: usual of them, few if time is short. Seeds
// of one test are no other's.
func eachRandom(t *testing.T, usual, few, test uint64, f func(rng *rand.Rand, data []byte, what string)) (traces int) {
	t.Helper()
	n := usual
	if testing.Short() {
		n = few
	}
	if *numTraces > 0 {
		n = *numTraces
	}
	for seed := *firstSeed; seed < *firstSeed+n; seed++ {
		rng := rand.New(rand.NewPCG(seed, test))
		f(rng, reference.Random(rng, 5+int(seed%60)), fmt.Sprint("seed ", seed))
	}
	return int(n)
}
