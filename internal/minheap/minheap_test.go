package minheap

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type number int

func (n number) Before(m number) bool { return n < m }

// A sorted list, in which each item is looked for from the start, judges the heap.
func TestHeapIsASortedList(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := Heap[number]{}
		var list []number
		for step := range 1000 {
			item := number(rng.IntN(100))
			switch what := rng.IntN(5); {
			case what < 2 || len(list) == 0:
				h.Push(item)
				list = append(list, item)
			case what < 4:
				if got := h.Pop(); got != list[0] {
					t.Fatalf("seed %d, step %d: %d, want %d", seed, step, got, list[0])
				}
				list = list[1:]
			default:
				*h.Top(), list[0] = item, item
				h.Fix()
			}
			slices.Sort(list)
			if h.Len() != len(list) || h.Len() > 0 && *h.Top() != list[0] {
				t.Fatalf("seed %d, step %d: %d items, want %v", seed, step, h.Len(), list)
			}
		}
		rest := h.Drain()
		slices.Sort(rest)
		if h.Len() != 0 || !slices.Equal(rest, list) {
			t.Fatalf("seed %d: %v is left, want %v", seed, rest, list)
		}
	}
}
