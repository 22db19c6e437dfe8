package trace

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

func sumsOf(text []byte) *sums {
	var s sums
	s.add(text)
	s.finish()
	return &s
}

// someBlocks are a few runs of blocks of a survey.
func someBlocks(rng *rand.Rand, all []Block) (some []Block) {
	for range 1 + rng.IntN(3) {
		from := rng.IntN(len(all))
		some = append(some, all[from:from+rng.IntN(len(all)-from)+1]...)
		all = all[from:]
	}
	return some
}

// A file that is not the one that was indexed, but looks like it, never gives what is
// not in its index.
func TestAnIndexOfAnotherFileGivesNoWrongText(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 15
	}
	text := sample(400 << 10)
	for _, p := range packings[:2] {
		t.Run(p.name, func(t *testing.T) {
			x, id := indexOf(t, p.pack(text))
			rng := rand.New(rand.NewPCG(5, 1))
			found := 0
			for range rounds {
				blocks := someBlocks(rng, x.Survey.Blocks)
				want := read(t, p.pack(text), x, id, blocks)
				if want.err != nil {
					t.Fatal(want.err)
				}
				other := bytes.Clone(text)
				at := 100_000 + rng.IntN(len(text)-200_000)
				other[at] ^= 1
				got := read(t, p.pack(other), x, id, blocks)
				if got.err == nil && got.text != want.text {
					t.Fatalf("byte %d of the text is another, and nobody says so", at)
				}
				if got.err != nil {
					found++
					if !errors.Is(got.err, ErrMisfit) && p.name == "plain" {
						t.Errorf("%v", got.err)
					}
				}
			}
			if found == 0 {
				t.Error("no block was read that is another")
			}
		})
	}
}

type outcome struct {
	text string
	err  error
}

// read reads blocks of a file that is said to be what x is of.
func read(t *testing.T, file []byte, x *Index, id Identity, blocks []Block) outcome {
	t.Helper()
	s, own := openSample(t, file)
	y := *x
	y.File = own
	if err := s.Use(&y, own); err != nil {
		return outcome{err: err}
	}
	text, err := contents(s, blocks)
	return outcome{text, err}
}

// Whatever of an index that leads to text is another, with all checksums as they ought
// to be: what is read is right, or refused.
func TestAForgedIndexGivesNoOtherText(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	file := gzipped(sample(700 << 10))
	x, id := indexOf(t, file)
	if len(x.points) < 4 {
		t.Fatalf("%d places", len(x.points))
	}
	rng := rand.New(rand.NewPCG(7, 1))
	refused := 0
	for range rounds {
		blocks := someBlocks(rng, x.Survey.Blocks)
		want := read(t, file, x, id, blocks)
		y, err := ParseIndex(x.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		p := &y.points[rng.IntN(len(y.points))]
		switch k := rng.IntN(5); {
		case k == 0:
			p.in += rng.Int64N(9) - 4
		case k == 1:
			p.out += rng.Int64N(9) - 4
		case k == 2:
			p.bit ^= 1 << rng.IntN(3)
		case k == 3 && p.among != nil:
			packed := bytes.Clone(p.among.packed)
			packed[rng.IntN(len(packed))] ^= 1 << rng.IntN(8)
			p.among.packed = packed
		default:
			y.sums.list[rng.IntN(len(y.sums.list))] ^= 1 << rng.IntN(32)
		}
		if y, err = ParseIndex(y.Append(nil)); err != nil {
			refused++
			continue
		}
		got := read(t, file, y, id, blocks)
		if got.err == nil && got.text != want.text {
			t.Fatal("another text, and nobody says so")
		}
		if got.err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

func TestIndexedSumsFindChangedText(t *testing.T) {
	text := sample(5*summedStretch + 77)
	rng := rand.New(rand.NewPCG(9, 1))
	for _, n := range []int{0, 1, summedStretch - 1, summedStretch, summedStretch + 1, 3 * summedStretch, len(text)} {
		text := text[:n]
		var s sums
		for rest := text; len(rest) > 0; {
			k := 1 + rng.IntN(len(rest))
			s.add(rest[:k])
			rest = rest[k:]
		}
		s.finish()
		if s.size != int64(n) || int64(len(s.list)) != numSums(s.size) {
			t.Fatalf("%d bytes: %d in %d sums", n, s.size, len(s.list))
		}
		for range 50 {
			from := rng.IntN(n + 1)
			v := verifier{sums: &s}
			v.restart(int64(from))
			changed := bytes.Clone(text[from:])
			at := -1
			if len(changed) > 0 && rng.IntN(2) == 0 {
				at = from + rng.IntN(len(changed))
				changed[at-from]++
			}
			var err error
			for rest := changed; len(rest) > 0 && err == nil; {
				k := 1 + rng.IntN(len(rest))
				err = v.verify(rest[:k])
				rest = rest[k:]
			}
			whole := (from + summedStretch - 1) / summedStretch * summedStretch // where the first stretch begins that is seen whole
			if want := at >= whole; (err != nil) != want {
				t.Errorf("%d bytes from %d, changed at %d: %v", n, from, at, err)
			}
		}
		v := verifier{sums: &s}
		v.restart(int64(n))
		if err := v.verify([]byte("more")); !errors.Is(err, ErrMisfit) {
			t.Errorf("more than there was: %v", err)
		}
	}
}
