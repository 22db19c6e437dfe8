package firstfit

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainNesting looks at every lane for each slice, and at all that lies on it.
type plainNesting struct{ lanes [][]Span }

func (n *plainNesting) put(s Span) int {
	for k := range n.lanes {
		var open []Span
		for _, o := range n.lanes[k] {
			over := o.ended || o.End == 0 && (o.To < s.From || o.To == s.From && (o.From < o.To || s.From < s.To))
			if !over {
				open = append(open, o)
			}
		}
		n.lanes[k] = open
		fits := len(open) < deepest && !slices.ContainsFunc(open, func(o Span) bool { return o.To < s.To })
		if fits {
			n.lanes[k] = append(open, s)
			return k
		}
	}
	n.lanes = append(n.lanes, []Span{s})
	return len(n.lanes) - 1
}

func (n *plainNesting) end(seq int64) {
	for _, l := range n.lanes {
		for i := range l {
			if l[i].End == seq {
				l[i].ended = true
			}
		}
	}
}

const deepest = 5

// Slices come to the lanes that a look at every lane finds.
func TestLanes(t *testing.T) {
	type step struct {
		at, order int64
		Span
		isEnd bool
	}
	for round := range 400 {
		rng := rand.New(rand.NewPCG(2, uint64(round)))
		var all []step
		for i := range int64(1 + rng.IntN(120)) {
			s := Span{From: rng.Int64N(60)}
			s.To = s.From + max(rng.Int64N(40)-4, 0)
			if s.To > s.From && rng.IntN(4) == 0 {
				s.End = i + 1
				all = append(all, step{at: s.To, order: 0, Span: s, isEnd: true})
			}
			all = append(all, step{at: s.From, order: 1 + 100 - s.To, Span: s})
		}
		slices.SortStableFunc(all, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order)) })
		var plain plainNesting
		tried := Lanes{Deepest: deepest}
		for _, s := range all {
			if s.isEnd {
				plain.end(s.End)
				tried.End(s.End, s.at)
				continue
			}
			if got, want := tried.Put(s.Span), plain.put(s.Span); got != want {
				t.Fatalf("round %d: %+v goes to lane %d, want %d", round, s.Span, got, want)
			}
		}
	}
}
