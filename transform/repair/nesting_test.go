package repair

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/internal/perfetto"
	"tracekit/transform/check"
)

// plainNesting looks at every lane for each slice.
type plainNesting struct{ lanes []lane }

func (n *plainNesting) put(s span) int {
	k := 0
	for ; k < len(n.lanes); k++ {
		n.lanes[k].settle(s.from, s.to)
		if l := n.lanes[k]; len(l) == 0 || len(l) < perfetto.MaxDepth && s.to <= l[len(l)-1].to {
			break
		}
	}
	if k == len(n.lanes) {
		n.lanes = append(n.lanes, nil)
	}
	n.lanes[k] = append(n.lanes[k], s)
	return k
}

func (n *plainNesting) end(seq int64) {
	for _, l := range n.lanes {
		for i := range l {
			if l[i].endSeq == seq {
				l[i].ended = true
			}
		}
	}
}

// Slices come to the lanes that a look at every lane finds.
func TestLanes(t *testing.T) {
	type step struct {
		at, order int64
		span
		isEnd bool
	}
	for round := range 400 {
		rng := rand.New(rand.NewPCG(2, uint64(round)))
		var all []step
		for i := range int64(1 + rng.IntN(120)) {
			s := span{from: rng.Int64N(60)}
			s.to = s.from + 1 + rng.Int64N(40)
			if rng.IntN(4) == 0 {
				s.endSeq = i + 1
				all = append(all, step{at: s.to, order: 0, span: s, isEnd: true})
			}
			all = append(all, step{at: s.from, order: 1 + 100 - s.to, span: s})
		}
		slices.SortStableFunc(all, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
		var plain plainNesting
		tried := laneSet{ends: map[int64]int{}}
		for _, s := range all {
			if s.isEnd {
				plain.end(s.endSeq)
				tried.end(s.endSeq, s.at)
				continue
			}
			if got, want := tried.put(s.span), plain.put(s.span); got != want {
				t.Fatalf("round %d: %+v goes to lane %d, want %d", round, s.span, got, want)
			}
		}
	}
}

// Twice as many slices that overlap are a bit more than twice the work.
func TestLanesAreLinear(t *testing.T) {
	work := func(n int) int64 {
		p := &nesting{planner: &planner{plan: newPlan()}, lines: map[line]*laneSet{}}
		for i := range int64(n) {
			p.place(&check.Record{Seq: 3*i + 1, TS: i, Dur: int64(2 * n), Phase: 'X'})
			p.place(&check.Record{Seq: 3*i + 2, TS: i, Phase: 's'})
			p.place(&check.Record{Seq: 3*i + 3, TS: i, Phase: 'i', Thread: true})
		}
		s := p.lines[line{}]
		return s.rooms.Work() + s.began.Work()
	}
	if once, twice := work(4000), work(8000); float64(twice) > 2.3*float64(once) {
		t.Error(fmt.Sprint(once, " steps, and ", twice, " for twice as many slices"))
	}
}
