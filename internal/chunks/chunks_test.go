package chunks

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// A stack does what a slice does.
func TestStackActsAsASlice(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var s Stack[int]
		var want []int
		deepest := 1 + rng.IntN(5*perChunk)
		for range 20_000 {
			switch n := len(want); {
			case n < deepest && rng.IntN(10) < 6 || n == 0:
				v := rng.Int()
				s.Push(v)
				want = append(want, v)
			case rng.IntN(3000) == 0:
				odd := func(v int) bool { return v%2 != 0 }
				s.DeleteFunc(func(i int) bool { return odd(*s.At(i)) })
				want = slices.DeleteFunc(want, odd)
			case rng.IntN(3000) == 0:
				s.Clear()
				want = want[:0]
			case rng.IntN(8) == 0:
				i := n - 1 - rng.IntN(min(n, 40))
				s.Delete(i)
				want = slices.Delete(want, i, i+1)
			default:
				s.Pop()
				want = want[:n-1]
			}
			if s.Len() != len(want) || s.Len() > 0 && (*s.At(s.Len() - 1) != want[len(want)-1] || *s.At(s.Len() / 2) != want[len(want)/2]) {
				t.Fatalf("seed %d: %d, want %d", seed, s.Len(), len(want))
			}
		}
		for i, v := range want {
			if *s.At(i) != v {
				t.Fatalf("seed %d: the %d-th is %d, want %d", seed, i, *s.At(i), v)
			}
		}
		if room := s.Room(); room < len(want) || room > deepest+2*perChunk {
			t.Errorf("seed %d: room for %d, with %d at most", seed, room, deepest)
		}
		for s.Len() > 0 {
			s.Pop()
		}
		if room := s.Room(); room > 2*perChunk {
			t.Errorf("seed %d: room for %d, with none", seed, room)
		}
	}
}
