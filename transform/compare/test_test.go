package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// series makes n durations of steps.
func series(rng *rand.Rand, kind string, n int) []float64 {
	x := make([]float64, n)
	state := rng.NormFloat64() / math.Sqrt(1-0.9*0.9)
	for i := range x {
		noise := rng.NormFloat64()
		switch kind {
		case "independent":
			x[i] = 1000 + 20*noise
		case "skewed":
			x[i] = 1000 + 20*rng.ExpFloat64()*rng.ExpFloat64()
		case "autocorrelated":
			state = 0.9*state + noise
			x[i] = 1000 + 20*state
		case "trending":
			x[i] = 1000 + 100*float64(i)/float64(n) + 20*noise
		}
	}
	return x
}

func blocked(x []float64) *sample {
	var s sample
	for i, v := range x {
		b := blockOf(i, len(x))
		s[b] = append(s[b], v)
	}
	return &s
}

func TestFalseAlarmsAreRare(t *testing.T) {
	lengths := []int{12, 40, 200, 1000}
	if testing.Short() {
		lengths = lengths[:2]
	}
	for _, n := range lengths {
		for _, kind := range []string{"independent", "skewed", "autocorrelated", "trending"} {
			for _, how := range []string{"two runs", "two halves"} {
				t.Run(fmt.Sprint(kind, " ", n, " ", how), func(t *testing.T) {
					const seeds = 200
					alarms := 0
					for seed := range uint64(seeds) {
						rng := rand.New(rand.NewPCG(seed, uint64(n)))
						var a, b []float64
						if how == "two runs" {
							a, b = series(rng, kind, n), series(rng, kind, n)
						} else {
							x := series(rng, kind, 2*n)
							a, b = x[:n], x[n:]
						}
						if p := difference(blocked(a).median(), blocked(b).median()); *p < alpha {
							alarms++
						}
					}
					t.Logf("%d of %d", alarms, seeds)
					if alarms >= seeds*5/100 {
						t.Errorf("%d false alarms of %d", alarms, seeds)
					}
				})
			}
		}
	}
}
