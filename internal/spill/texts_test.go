package spill

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// What was added comes back, in whatever order it is asked for.
func TestTextsComeBackInAnyOrder(t *testing.T) {
	for _, c := range []struct {
		name       string
		texts, pad int
	}{{"one", 1, 0}, {"some", 40, 3}, {"many", 20_000, 20}, {"large", 7, 40_000}} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(3, uint64(c.texts)))
			var held Texts
			want := map[int64]string{}
			var order []int64
			number, size := int64(rng.IntN(5)), 0
			for i := range c.texts {
				text := fmt.Sprintf(`{"ph":"B","name":"n%d"%s}`, i, strings.Repeat("x", c.pad*(i%3)))
				if i == 5 {
					text = ""
				}
				held.Add(number, []byte(text))
				want[number], order = text, append(order, number)
				if got := string(held.Get(number)); i%100 == 0 && got != text {
					t.Fatalf("%d: %q, want %q", number, got, text)
				}
				size += len(text)
				number += 1 + rng.Int64N(1+rng.Int64N(1000))
			}
			for range 2 { // in order, and in none
				for _, n := range order {
					if got := string(held.Get(n)); got != want[n] {
						t.Fatalf("%d: %q, want %q", n, got, want[n])
					}
				}
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			if c.texts > 1000 && held.Memory() > size/2 {
				t.Errorf("%d bytes are held of %d", held.Memory(), size)
			}
		})
	}
}
