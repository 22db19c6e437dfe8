package tracegen

import "math/rand/v2"

// kind names a stream of random numbers. Every kind of event draws from its
// own, so that leaving one kind out changes nothing in the others.
type kind uint64

const (
	kindPlan kind = iota + 1
	kindRequest
	kindHost
	kindOps
	kindMemory
	kindPython
	kindRuntime
	kindDevice
	kindHigh
	kindOdd
)

// rng is a random stream that depends on nothing but what it was seeded with.
type rng struct{ pcg rand.PCG }

func (r *rng) seed(seed uint64, k kind, n int) {
	r.pcg.Seed(seed*0x9e3779b97f4a7c15+uint64(k), uint64(n)*0xd1342543de82ef95+uint64(k)<<48)
	r.pcg.Uint64() // neighbouring seeds give like first numbers
}

// below returns a number in [0, n), or 0 if there is none.
func (r *rng) below(n int64) int64 {
	if n <= 0 {
		return 0
	}
	return int64(r.pcg.Uint64() >> 1 % uint64(n))
}

// between returns a number in [lo, hi).
func (r *rng) between(lo, hi int64) int64 { return lo + r.below(hi-lo) }

// permille is true in n of a thousand cases.
func (r *rng) permille(n int64) bool { return r.below(1000) < n }
