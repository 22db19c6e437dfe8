package trace

import (
	"math/rand/v2"
	"testing"
)

// sameFinds compares both ways of each search, from p to limit.
func sameFinds(t *testing.T, buf []byte, p, limit int) (found bool) {
	t.Helper()
	s, o := stringEnd(buf, p, limit), objectEnd(buf, p, limit)
	if want := plainStringEnd(buf, p, limit); s != want {
		t.Fatalf("the string ends at %d, want %d: %q from %d to %d", s, want, buf, p, limit)
	}
	if want := plainObjectEnd(buf, p, limit); o != want {
		t.Fatalf("the object ends at %d, want %d: %q from %d to %d", o, want, buf, p, limit)
	}
	return o > 0
}

func TestSearchesFindWhatPlainOnesFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	found := 0
	for range 200_000 {
		buf := make([]byte, 17+rng.IntN(150))
		rare := 1 + rng.IntN(40) // how seldom what is looked for comes
		for i := range buf {
			if buf[i] = byte(rng.Uint32()); rng.IntN(rare) == 0 {
				buf[i] = `""""{}}\`[rng.IntN(8)]
			}
		}
		limit := len(buf) - 17
		p := rng.IntN(limit + 2)
		if rng.IntN(2) == 0 {
			buf[p] = '{'
		}
		if sameFinds(t, buf, p, limit) {
			found++
		}
	}
	if found < 5_000 {
		t.Errorf("%d objects ended", found)
	}
}

// FuzzSearches: both ways of a search agree wherever it begins and ends.
func FuzzSearches(f *testing.F) {
	f.Add([]byte(`{"Python parent id": 2914396, "Ev Idx": 2914401}`), 0, 48)
	f.Add([]byte(`aten::mm", "pid"`), 0, 15)
	f.Add([]byte(`{"a": "}", "b\"": {`), 0, 18)
	f.Fuzz(func(t *testing.T, text []byte, p, limit int) {
		if p < 0 || limit < 0 || p >= len(text) || limit >= len(text) {
			return
		}
		sameFinds(t, append(text, make([]byte, 17)...), p, limit)
	})
}
