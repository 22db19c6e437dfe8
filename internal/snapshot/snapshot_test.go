package snapshot

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

type thing struct {
	N    int64
	Byte uint8
	Is   bool
	Name string
	Deep []thing
}

func (t *thing) state(s *State) {
	Since(s, &t.N, 7)
	Number(s, &t.Byte)
	s.Bool(&t.Is)
	s.Shared(&t.Name)
	List(s, &t.Deep, func(d *thing) { d.state(s) })
}

func random(rng *rand.Rand, depth int) thing {
	names := []string{"", "a", "decode", "\x00\xff", "step 12"}
	t := thing{N: rng.Int64() - rng.Int64(), Byte: uint8(rng.Uint32()), Is: rng.IntN(2) == 0, Name: names[rng.IntN(len(names))]}
	if rng.IntN(5) == 0 {
		t.N = []int64{math.MaxInt64, math.MinInt64, 0}[rng.IntN(3)]
	}
	for range rng.IntN(4) * min(depth, 1) {
		t.Deep = append(t.Deep, random(rng, depth-1))
	}
	return t
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		want := random(rng, 3)
		text := Write(want.state)
		var got thing
		if !Read(text, got.state) {
			t.Fatalf("%d bytes are none", len(text))
		}
		cmptest.Same(t, "what was read", want, got)
		if Read(append(slices.Clip(text), 0), new(thing).state) {
			t.Error("a byte more is one")
		}
	}
}

// What is no snapshot is refused, or read as another: never more memory than it may stand for.
func TestHostileSnapshots(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	want := random(rng, 4)
	text := Write(want.state)
	for n := range text {
		if Read(text[:n], new(thing).state) {
			t.Errorf("the first %d of %d bytes are one", n, len(text))
		}
	}
	for range 3000 {
		bad := slices.Clone(text)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		var got thing
		if Read(bad, got.state) {
			var again thing
			if !Read(Write(got.state), again.state) {
				t.Fatal("what was read can't be written")
			}
			cmptest.Same(t, "what comes back", got, again)
		}
	}
	var narrow uint8
	wide := 300
	if Read(Write(func(s *State) { Number(s, &wide) }), func(s *State) { Number(s, &narrow) }) {
		t.Error("300 fits a byte")
	}
	many := 1 << 40
	var list []int
	if Read(Write(func(s *State) { Number(s, &many) }), func(s *State) { List(s, &list, func(n *int) { Number(s, n) }) }) || list != nil {
		t.Error("a list of nothing is one")
	}
}
