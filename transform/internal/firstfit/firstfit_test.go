package firstfit

import (
	"math/rand/v2"
	"testing"
)

// The first with room is the one that a look at each finds.
func TestFirstRoomIsThatOfALinearSearch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		var r Rooms
		var all []int64
		for range rng.IntN(200) {
			if len(all) == 0 || rng.IntN(3) == 0 {
				room := int64(rng.IntN(50))
				r.Add(room)
				all = append(all, room)
			} else {
				i, room := rng.IntN(len(all)), int64(rng.IntN(50))
				r.Set(i, room)
				all[i] = room
			}
			needed := int64(rng.IntN(55))
			want, most := len(all), int64(Full)
			for i := len(all) - 1; i >= 0; i-- {
				most = max(most, all[i])
				if all[i] >= needed {
					want = i
				}
			}
			if got := r.First(needed); got != want || r.n != len(all) || r.Most() != most {
				t.Fatalf("the first of at least %d among %v is %d of %d, want %d; the most %d, want %d", needed, all, got, r.n, want, r.Most(), most)
			}
		}
	}
}
