package repair

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What an end closes is what a look at each open begin finds.
func TestOpens(t *testing.T) {
	for round := range 300 {
		rng := rand.New(rand.NewPCG(6, uint64(round)))
		var tried opens
		var plain []openBegin
		kinds := 2 + rng.IntN(5)
		for seq := range int64(50 + rng.IntN(400)) {
			if rng.IntN(5) < 3 {
				b := openBegin{seq: seq, name: uint32(1 + rng.IntN(kinds)), cat: uint32(rng.IntN(kinds))}
				tried.push(b)
				plain = append(plain, b)
				continue
			}
			n := openName{uint32(rng.IntN(kinds + 1)), uint32(rng.IntN(kinds))}
			want := len(plain) - 1
			for want >= 0 && (n.cat != 0 && plain[want].cat != n.cat || n.name != 0 && plain[want].name != n.name) {
				want--
			}
			got := tried.find(n)
			if (got < 0) != (want < 0) || got >= 0 && tried.all[got] != plain[want] {
				t.Fatalf("round %d: %+v closes %d, want %d", round, n, got, want)
			}
			if got >= 0 {
				tried.close(got)
				plain = slices.Delete(plain, want, want+1)
			}
			if tried.isEmpty() != (len(plain) == 0) {
				t.Fatalf("round %d: %d are open", round, len(plain))
			}
		}
		var left []openBegin
		tried.left(func(b openBegin) { left = append(left, b) })
		if !slices.Equal(left, plain) {
			t.Fatalf("round %d: left are %v, want %v", round, left, plain)
		}
	}
}

// Twice as many begins, closed from the outermost on or by ends of other names, are a bit
// more than twice the work.
func TestOpensAreLinear(t *testing.T) {
	work := func(n uint32) int64 {
		var o opens
		for i := range n {
			o.push(openBegin{seq: int64(i), name: 1 + i})
		}
		for i := range n {
			if o.find(openName{name: 2*n + i}) >= 0 {
				t.Fatal("closed by another's end")
			}
			o.close(o.find(openName{name: 1 + i}))
		}
		return o.looked
	}
	if once, twice := work(4000), work(8000); float64(twice) > 2.3*float64(once) {
		t.Error(once, "steps, and", twice, "for twice as many begins")
	}
}
