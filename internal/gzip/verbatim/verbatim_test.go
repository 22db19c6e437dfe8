package verbatim

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// rangeOf makes a one of places every 32 KiB of text from one offset on, ten times
// as dense as the text; a letter says what is at each: a, b, … are blocks, and - is
// none.
func rangeOf(from int64, blocks string) *Range {
	t := &Range{Base: from / 10}
	known := map[rune]*Block{}
	for i, letter := range blocks {
		at := from + int64(i)*Every
		p := Boundary{Text: at, Bit: at * 8 / 10}
		if letter != '-' {
			if known[letter] == nil {
				known[letter] = &Block{Start: p.Bit - 40}
			}
			p.Block = known[letter]
		}
		t.Boundaries = append(t.Boundaries, p)
	}
	t.Bits = make([]byte, len(blocks)*Every/10+1)
	return t
}

func TestCopies(t *testing.T) {
	const k = Every
	dense := rangeOf(0, "aaaaaaaaaa")
	for i := range dense.Boundaries {
		dense.Boundaries[i].Bit *= 3 // as if it was packed badly
	}
	apart := rangeOf(7*k, "bbb")
	apart.Base += 2
	for _, c := range []struct {
		name string
		run  Run
		want string
	}{
		{"all but what is referred to", Run{0, 10 * k, 0, []*Range{rangeOf(0, "aaaaaaaaaa")}}, "1-9"},
		{"elsewhere in what is written", Run{5 * k, 9 * k, 2 * k, []*Range{rangeOf(0, "aaaaaaaaaa")}}, "3-5"},
		{"between places", Run{k / 2, 9*k + k/2, k / 2, []*Range{rangeOf(0, "aaaaaaaaaa")}}, "2-9"},
		{"what stands at the end is left", Run{0, 4 * k, 0, []*Range{rangeOf(0, "aaaaaaaaaa")}}, "1-3"},
		{"on two ranges", Run{0, 10 * k, 0, []*Range{rangeOf(0, "aaaab"), rangeOf(5*k, "bbbbb")}}, "1-9"},
		{"a gap", Run{0, 10 * k, 0, []*Range{rangeOf(0, "aaaa-abbbb")}}, "1-4 5-9"},
		{"two gaps", Run{0, 10 * k, 0, []*Range{rangeOf(0, "aa-a--aaab")}}, "1-2 3-4 6-9"},
		{"a gap from the start", Run{0, 10 * k, 0, []*Range{rangeOf(0, "-------aaa")}}, "7-9"},
		{"missing bits", Run{0, 10 * k, 0, []*Range{rangeOf(0, "aaaaaaa"), apart}}, "1-6 7-9"},
		{"too short", Run{0, 2 * k, 0, []*Range{rangeOf(0, "aaaaaaaaaa")}}, ""},
		{"no one", Run{0, 10 * k, 0, nil}, ""},
		{"packed badly", Run{0, 10 * k, 0, []*Range{dense}}, ""},
	} {
		got := ""
		for _, p := range c.run.Copies(nil) {
			got += fmt.Sprintf(" %d-%d", (p.From-c.run.From+int(c.run.Text))/k, (p.To-c.run.From+int(c.run.Text))/k)
			if first, last := p.Boundaries[0], p.Boundaries[len(p.Boundaries)-1]; int(first.Text-c.run.Text) != p.From-c.run.From || int(last.Text-c.run.Text) != p.To-c.run.From {
				t.Errorf("%s: %d to %d are not the places at %d and %d", c.name, p.From, p.To, first.Text, last.Text)
			}
		}
		if got != "" {
			got = got[1:]
		}
		if got != c.want {
			t.Errorf("%s: copies %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	file := make([]byte, 60)
	for i := range file {
		file[i] = byte(rng.Uint32())
	}
	// The second begins with a byte that the first has too.
	ranges := []*Range{{Base: 5, Bits: file[5:20]}, {Base: 19, Bits: file[19:50]}}
	for from := 40; from < 400; from += 3 {
		for to := from; to <= 400; to += 5 {
			want := make([]byte, (to-from+7)/8)
			for i := from; i < to; i++ {
				want[(i-from)/8] |= file[i/8] >> (i % 8) & 1 << ((i - from) % 8)
			}
			if got := Cut(ranges, int64(from), int64(to)); !bytes.Equal(got, want) {
				t.Fatalf("bits %d to %d: %x, want %x", from, to, got, want)
			}
		}
	}
}

func TestShiftMovesAllBoundaries(t *testing.T) {
	one := rangeOf(0, "aab-b")
	one.Shift(1000, 5000)
	want := rangeOf(0, "aab-b")
	for i, p := range one.Boundaries {
		w := want.Boundaries[i]
		if p.Text != w.Text+5000 || p.Bit != w.Bit+8000 || (p.Block == nil) != (w.Block == nil) || p.Block != nil && p.Block.Start != w.Block.Start+8000 {
			t.Errorf("place %d: %+v %+v, from %+v %+v", i, p, p.Block, w, w.Block)
		}
	}
	if one.Base != 1000 {
		t.Errorf("begins at %d", one.Base)
	}
}
