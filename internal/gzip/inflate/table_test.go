package inflate

import (
	"math/rand/v2"
	"testing"
)

// TestTablesAreLargeEnough goes through all complete codes, by the number of
// codes of each length, for the one that needs the most room.
func TestTablesAreLargeEnough(t *testing.T) {
	if got := mostEntries(fixedLits, litBits); got != litEntries {
		t.Errorf("literals and lengths need %d entries, not %d", got, litEntries)
	}
	if got := mostEntries(fixedDist, distBits); got != distEntries {
		t.Errorf("distances need %d entries, not %d", got, distEntries)
	}
}

func mostEntries(symbols, tableBits int) int {
	// reached holds which numbers of free codes and unplaced symbols are
	// possible at each length.
	type place struct{ free, symbols int }
	reached := map[place]bool{}
	for n := 2; n <= symbols; n++ {
		reached[place{2, n}] = true
	}
	for range tableBits {
		next := map[place]bool{}
		for p := range reached {
			for use := 0; use < p.free; use++ {
				q := place{2 * (p.free - use), p.symbols - use}
				if q.free <= q.symbols {
					next[q] = true
				}
			}
		}
		reached = next
	}
	r := room{tableBits, map[roomState]int{}}
	most := 0
	for p := range reached {
		most = max(most, r.needed(roomState{tableBits + 1, p.free, p.symbols, 0}))
	}
	return 1<<tableBits + most
}

// room counts the entries of second tables.
type room struct {
	tableBits int
	known     map[roomState]int
}

// roomState is what matters of a code that is fixed for all shorter lengths.
type roomState struct {
	length  int
	free    int // codes of this length that can still be used
	symbols int // that have no code yet
	slots   int // codes of this length that the current second table still takes
}

func (r room) needed(s roomState) int {
	if n, ok := r.known[s]; ok {
		return n
	}
	most := 0
	size := 1 << (s.length - r.tableBits)
	grown, slots := 0, s.slots
	for use := 0; use <= s.free; use++ {
		if use > 0 {
			if slots == 0 {
				slots = size
				grown += size
			}
			slots--
		}
		free, symbols := s.free-use, s.symbols-use
		if free == 0 && symbols == 0 {
			most = max(most, grown)
		}
		if s.length == maxCode || free == 0 || 2*free > symbols || free<<(maxCode-s.length) < symbols {
			continue
		}
		doubled := 0
		if slots > 0 {
			doubled = size
		}
		most = max(most, grown+doubled+r.needed(roomState{s.length + 1, 2 * free, symbols, 2 * slots}))
	}
	r.known[s] = most
	return most
}

func TestBuild(t *testing.T) {
	table := make([]entry, litEntries)
	for _, c := range []struct {
		lens []uint8
		ok   bool
	}{
		{nil, true},
		{[]uint8{0, 0}, true},
		{[]uint8{0, 1}, true},
		{[]uint8{1, 1}, true},
		{[]uint8{1, 1, 1}, false},
		{[]uint8{2}, false},
		{[]uint8{1, 2}, false},
		{[]uint8{1, 2, 2}, true},
		{[]uint8{1, 2, 2, 15}, false},
		{[]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15}, true},
		{[]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, false},
	} {
		if ok := build(table, litBits, c.lens, litSymbols[:]); ok != c.ok {
			t.Errorf("lengths %v: %v", c.lens, ok)
		}
	}
}

// TestPairs holds what is made code by code against what each lookup must find.
func TestPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pairs, table := make([]entry, 1<<litBits), make([]entry, litEntries)
	joined := 0
	for range 500 {
		lens := randomCode(rng)
		if !buildPairs(pairs, table, lens) {
			t.Fatalf("lengths %v: not a code", lens)
		}
		for i, e := range table[:1<<litBits] {
			want := e
			if e&literal != 0 {
				if next := table[i>>e.used()]; e.code()+next.code() <= litBits {
					want = e.with(next)
				}
			}
			if pairs[i] != want {
				t.Fatalf("lengths %v, bits %011b: %x, not %x", lens, i, pairs[i], want)
			}
			if want != e {
				joined++
			}
		}
	}
	if joined == 0 {
		t.Error("nothing was joined")
	}
}

// randomCode splits codes until there are some, and gives them to symbols, the end
// of the block among them.
func randomCode(rng *rand.Rand) []uint8 {
	sizes := []uint8{1, 1}
	for range rng.IntN(maxLitLen - 2) {
		i := rng.IntN(len(sizes))
		if rng.IntN(2) == 0 {
			i = rng.IntN(1 + i) // some become long, and others stay short
		}
		if sizes[i] < maxCode {
			sizes[i]++
			sizes = append(sizes, sizes[i])
		}
	}
	lens := make([]uint8, maxLitLen)
	for i, symbol := range rng.Perm(maxLitLen)[:len(sizes)] {
		lens[symbol] = sizes[i]
	}
	return lens
}
