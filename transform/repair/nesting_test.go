package repair

import (
	"fmt"
	"testing"

	"tracekit/transform/check"
	"tracekit/transform/internal/firstfit"
)

// Twice as many slices that overlap are a bit more than twice the work.
func TestLanesAreLinear(t *testing.T) {
	work := func(n int) int64 {
		p := &nesting{planner: &planner{plan: newPlan(), lines: map[line]*firstfit.Lanes{}}}
		for i := range int64(n) {
			p.place(&check.Record{Seq: 3*i + 1, TS: i, Dur: int64(2 * n), Phase: 'X'})
			p.place(&check.Record{Seq: 3*i + 2, TS: i, Phase: 's'})
			p.place(&check.Record{Seq: 3*i + 3, TS: i, Phase: 'i', Thread: true})
		}
		return p.lines[line{}].Work()
	}
	if once, twice := work(4000), work(8000); float64(twice) > 2.3*float64(once) {
		t.Error(fmt.Sprint(once, " steps, and ", twice, " for twice as many slices"))
	}
}
