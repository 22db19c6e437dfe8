package check

import "testing"

// Twice as many slices that overlap are a bit more than twice the work.
func TestLanesAreLinear(t *testing.T) {
	work := func(n int64) int64 {
		var l lanes
		for i := range n {
			l.place(i, 2*n)
		}
		for i := range n {
			l.place(4*n+i, 1)
		}
		return l.Work()
	}
	if once, twice := work(4000), work(8000); float64(twice) > 2.3*float64(once) {
		t.Error(once, "steps, and", twice, "for twice as many slices")
	}
}
