package deflate

import (
	"container/heap"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNumberLen(t *testing.T) {
	isNumber := func(b byte) bool { return b >= '-' && b <= '9' }
	for value := range 256 {
		for at := range 18 {
			b := append(noise(40, 256), "0123456789.-0123456789.-"...)
			start := len(b) - 24
			b[start+at] = byte(value)
			want := 0
			for want < 16 && isNumber(b[start+want]) {
				want++
			}
			if got := numberLen(b, start); got != want {
				t.Errorf("%q: %d, want %d", b[start:], got, want)
			}
		}
	}
	for start := range 5000 {
		b := noise(5024, 256)
		want := 0
		for want < 16 && isNumber(b[start+want]) {
			want++
		}
		if got := numberLen(b, start); got != want {
			t.Errorf("%q: %d, want %d", b[start:start+16], got, want)
		}
	}
}

func TestAlign(t *testing.T) {
	const rest = `, "args": {"External id": `
	for _, c := range []struct {
		before, now, behind string
		skip                int
		equal               bool
	}{
		{"12.5", "9.25", rest, 4, true},
		{"12.5", "1234567.25", rest, 10, true},
		{"1234567.25", "7", rest, 1, true},
		{"", "-4", rest, 2, true},
		{"17", "", rest, 0, true},
		{"123456789012345", "0123456789012345", rest, 16, true},
		{"12345678901234567", "012345678901234567", rest, 16, false}, // longer than is looked at
		{"12.5", "9.25", "!" + rest, 4, false},
		{"aten::mm", "mul", rest, 0, false},
	} {
		behind := rest
		b := []byte(c.before + behind + strings.Repeat(" ", 20) + c.now + c.behind + strings.Repeat(" ", 40))
		i := len(c.before+behind) + 20
		skip, like := align(b, i, i)
		want := 0
		if c.equal {
			want = i + len(c.now) - len(c.before)
		}
		if skip != c.skip || like != want {
			t.Errorf("%q after %q: skip %d, distance %d, want %d and %d", c.now, c.before, skip, like, c.skip, want)
		}
	}
	if _, like := align(make([]byte, window+100), window+9, window+1); like != 0 {
		t.Errorf("distance %d", like)
	}
}

func TestEqualBefore(t *testing.T) {
	b := []byte("..........abcdefghij..........Xbcdefghij")
	for most := range 12 {
		if got, want := equalBefore(b, 40, 20, most), min(most, 8); got != want {
			t.Errorf("%d of at most %d, want %d", got, most, want)
		}
		if got, want := equalBefore(b, 35, 20, most), min(most, 4); got != want {
			t.Errorf("%d of at most %d, want %d", got, most, want)
		}
	}
	if got := equalBefore(make([]byte, 40), 20, 13, 5); got != 0 {
		t.Errorf("%d before the start", got)
	}
}

func TestMatchLen(t *testing.T) {
	for _, d := range []int{1, 2, 7, 8, 9, 31, 100} {
		for n := range 90 {
			b := copies(400, d)
			b[d+n] ^= 0x80
			for _, end := range []int{len(b), d + n + 1, d + n} {
				if got := matchLen(b[:end], d, d); got != n {
					t.Errorf("distance %d, end %d: %d, want %d", d, end, got, n)
				}
			}
		}
	}
}

func TestSymbolsCoverEveryLengthAndDistance(t *testing.T) {
	for n := minMatch; n <= maxMatch; n++ {
		s := lenSymbol[n-minMatch] - firstLength
		extra := n - minMatch - int(lenBase[s])
		if extra < 0 || extra >= 1<<lenExtra[s] {
			t.Errorf("length %d is symbol %d and %d", n, s, extra)
		}
	}
	for d := 1; d <= window; d++ {
		s := distSymbol(d)
		extra := d - 1 - int(distBase[s])
		if extra < 0 || extra >= 1<<distExtra[s] {
			t.Errorf("distance %d is symbol %d and %d", d, s, extra)
		}
	}
}

// weights is a heap of the plain way to make a Huffman code.
type weights []int

func (w weights) Len() int           { return len(w) }
func (w weights) Less(i, j int) bool { return w[i] < w[j] }
func (w weights) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *weights) Push(x any)        { *w = append(*w, x.(int)) }
func (w *weights) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// leastBits is the total length under the best code without a limit.
func leastBits(freq []uint32) (sum int) {
	var w weights
	for _, f := range freq {
		if f > 0 {
			heap.Push(&w, int(f))
		}
	}
	for len(w) > 1 {
		both := heap.Pop(&w).(int) + heap.Pop(&w).(int)
		sum += both
		heap.Push(&w, both)
	}
	return sum
}

func TestCodesAreShortAndComplete(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 2000 {
		freq := make([]uint32, 2+rng.IntN(litSymbols-1))
		for i := range freq {
			if freq[i] = rng.Uint32N(1 << rng.IntN(11)); round%3 == 0 && rng.IntN(3) > 0 {
				freq[i] = 0
			}
		}
		lens := make([]uint8, len(freq))
		freq[0]++
		freq[1]++
		codeLengths(lens, freq, maxBits)
		if got, want := totalBits(t, lens, freq, maxBits), leastBits(freq); got != want {
			t.Fatalf("%d bits where %d are enough, for %v", got, want, freq)
		}
		codeLengths(lens, freq, 9)
		totalBits(t, lens, freq, 9)
	}
}

// totalBits checks that a code is complete and serves all that occur.
func totalBits(t *testing.T, lens []uint8, freq []uint32, limit int) (sum int) {
	t.Helper()
	full := 0
	for s, n := range lens {
		if int(n) > limit || n == 0 && freq[s] > 0 {
			t.Fatalf("length %d for frequency %d", n, freq[s])
		}
		if n > 0 {
			full += 1 << (limit - int(n))
		}
		sum += int(n) * int(freq[s])
	}
	if full != 1<<limit {
		t.Fatalf("%d of %d codes are given, for %v", full, 1<<limit, freq)
	}
	return sum
}

func TestCodeLengthsStayWithinTheirLimit(t *testing.T) {
	freq := make([]uint32, 30)
	a, b := uint32(1), uint32(1)
	for i := range freq {
		freq[i], a, b = a, b, a+b // makes the deepest tree there is
	}
	lens := make([]uint8, len(freq))
	for limit := 5; limit <= maxBits; limit++ {
		codeLengths(lens, freq, limit)
		totalBits(t, lens, freq, limit)
		for i := 1; i < len(lens); i++ {
			if lens[i] > lens[i-1] {
				t.Errorf("limit %d: %d bits for the commoner, %d for the rarer", limit, lens[i], lens[i-1])
			}
		}
	}
}

func TestCodesOfFewSymbols(t *testing.T) {
	for _, freq := range [][]uint32{{0, 0, 0}, {5, 0, 0}, {0, 5, 0}, {0, 0, 5}} {
		lens := make([]uint8, 3)
		codeLengths(lens, freq, 7)
		totalBits(t, lens, freq, 7)
	}
}
