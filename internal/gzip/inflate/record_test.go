package inflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/testkit/cmptest"
)

// recorded decodes data in blocks of size bytes, and returns all that was recorded.
func recorded(t *testing.T, r *Reader, size int) (text []byte, ranges []*verbatim.Range) {
	t.Helper()
	r.Record()
	block := make([]byte, Window+size)
	for {
		n, err := r.Fill(block, Window)
		text = append(text, block[Window:Window+n]...)
		ranges = append(ranges, r.Ranges()...)
		if err == io.EOF {
			return text, ranges
		}
		if err != nil {
			t.Fatal(err)
		}
		copy(block, spoilt)
	}
}

func placesOn(ranges []*verbatim.Range) (all []verbatim.Boundary) {
	for _, t := range ranges {
		all = append(all, t.Boundaries...)
	}
	return all
}

// someStreams are streams as they are met with, by name.
func someStreams() map[string][]byte {
	text := slices.Concat(trace(400<<10), noise(50<<10), trace(300<<10), make([]byte, 100<<10), trace(200<<10))
	if testing.Short() {
		text = text[:500<<10]
	}
	m := map[string][]byte{
		"chunks":  chunked(slices.Concat(trace(2*gzwrite.ChunkSize), noise(300<<10), trace(gzwrite.ChunkSize))),
		"members": slices.Concat(pack("std6", text[:300<<10], 0), pack("klauspost1", text[300<<10:], 2)),
	}
	for name := range packers {
		if !testing.Short() || strings.HasSuffix(name, "1") || strings.HasSuffix(name, "6") {
			m[name] = pack(name, text, 3)
		}
	}
	return m
}

func TestPlacesDependOnTheFileAlone(t *testing.T) {
	for name, packed := range someStreams() {
		var points []Checkpoint
		r := NewReader(bytes.NewReader(packed))
		r.Checkpoints(200<<10, func(cp Checkpoint) { points = append(points, cp) })
		_, ranges := recorded(t, r, 512<<10)
		want := placesOn(ranges)
		same := func(how string, ranges []*verbatim.Range, from int64) {
			t.Helper()
			after := slices.DeleteFunc(slices.Clone(want), func(p verbatim.Boundary) bool { return p.Bit <= from })
			if got := placesOn(ranges); len(got)+len(after) > 0 {
				cmptest.Same(t, fmt.Sprintf("%s, %s: the list of places", name, how), after, got)
			}
		}
		_, ranges = recorded(t, narrow(packed), 5000)
		same("little at a time", ranges, 0)
		_, ranges = recorded(t, NewReader(&slow{src: bytes.NewReader(packed)}), 1<<20)
		same("from a slow source", ranges, 0)
		for _, cp := range points {
			r, err := NewReaderAt(bytes.NewReader(packed), int64(len(packed)), cp)
			if err != nil {
				t.Fatal(err)
			}
			_, ranges := recorded(t, r, 300_000)
			same("from a checkpoint", ranges, 8*cp.In+int64(cp.Bit))
		}
		c := NewChunked(bytes.NewReader(packed), 3)
		c.Record()
		ranges = nil
		for err := error(nil); err == nil; {
			var n int
			_, n, err = c.Next(nil)
			if ranges = append(ranges, c.Ranges()...); n == 0 && err == nil {
				t.Fatal("nothing decoded")
			}
		}
		c.Close()
		same("side by side", ranges, 0)
	}
}

// slow gives a few bytes at a time.
type slow struct {
	src *bytes.Reader
	n   int
}

func (s *slow) Read(p []byte) (int, error) {
	s.n++
	return s.src.Read(p[:min(len(p), 100+s.n*7919%60000)])
}

// bitsOf is a plain way to gather bits.
type bitsOf struct {
	b []byte
	n int
}

func (b *bitsOf) add(bit byte) {
	if b.n%8 == 0 {
		b.b = append(b.b, 0)
	}
	b.b[b.n/8] |= bit << (b.n % 8)
	b.n++
}

func (b *bitsOf) code(v uint32, n uint) {
	for i := range n {
		b.add(byte(v >> i & 1))
	}
}

func (b *bitsOf) header(k *verbatim.Block) {
	for i := range k.Bits {
		b.add(k.Header[i/8] >> (i % 8) & 1)
	}
}

// copied is a stream of what stands in packed from one place to a later one.
func copied(packed []byte, places []verbatim.Boundary) []byte {
	var b bitsOf
	k := places[0].Block
	b.header(k)
	at := places[0].Bit
	for _, p := range places[1:] {
		until := p.Bit
		if p.Block != nil && p.Block.Start != k.Start {
			until = p.Block.Start
		}
		for ; at < until; at++ {
			b.add(packed[at/8] >> (at % 8) & 1)
		}
		if at = p.Bit; p.Block == nil {
			k = nil
		} else if p.Block.Start != k.Start {
			k = p.Block
			b.header(k)
		}
	}
	if k != nil {
		b.code(k.End, k.EndLen)
	}
	b.code(1|1<<1, 3) // a final block of fixed codes, and its end
	b.code(0, 7)
	return b.b
}

// What stands between two places is the text between them, for any decoder.
func TestSymbolsBetweenPlacesAreTheText(t *testing.T) {
	streams := someStreams()
	for seed := range uint64(20) {
		if testing.Short() && seed > 4 {
			break
		}
		streams["random"+string(rune('a'+seed))], _ = randomMember(seed, 20, 3000)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	tried := 0
	for name, packed := range streams {
		text, ranges := recorded(t, NewReader(bytes.NewReader(packed)), 70_000)
		places := placesOn(ranges)
		for _, p := range places {
			if p.Block != nil && p.Block.Header[0]&1 != 0 {
				t.Fatalf("%s: the block at %d is the last one", name, p.Text)
			}
		}
		for range 60 {
			if len(places) < 2 {
				break
			}
			i := rng.IntN(len(places) - 1)
			j := i + 1 + rng.IntN(min(9, len(places)-i-1))
			if k := slices.IndexFunc(places[i:j], func(p verbatim.Boundary) bool { return p.Block == nil }); k == 0 {
				continue
			} else if k > 0 {
				j = i + k
			}
			from, to := places[i].Text, places[j].Text
			d := flate.NewReaderDict(bytes.NewReader(copied(packed, places[i:j+1])), text[max(0, from-Window):from])
			if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, text[from:to]) {
				t.Fatalf("%s: from %d to %d: %d bytes, error %v", name, from, to, len(got), err)
			}
			tried++
		}
	}
	if tried < 30*len(streams) {
		t.Errorf("only %d stretches tried", tried)
	}
}

func TestRangesHoldWhatTheirBoundariesPointTo(t *testing.T) {
	for name, packed := range someStreams() {
		_, ranges := recorded(t, NewReader(&slow{src: bytes.NewReader(packed)}), 50_000)
		var before []byte
		for i, one := range ranges {
			if !bytes.Equal(one.Bits, packed[one.Base:one.Base+int64(len(one.Bits))]) {
				t.Fatalf("%s: one %d is not what stands at %d", name, i, one.Base)
			}
			for _, p := range one.Boundaries {
				if p.Bit < 8*one.Base || p.Bit > 8*(one.Base+int64(len(one.Bits))) {
					t.Errorf("%s: one %d has %d bytes from %d on, and a place at bit %d", name, i, len(one.Bits), one.Base, p.Bit)
				}
			}
			before = append(before, one.Bits...)
		}
		least := 7 // tenths
		if testing.Short() {
			least = 6 // of a text with more noise
		}
		if name == "std6" && len(before) < len(packed)*least/10 {
			t.Errorf("only %d of %d bytes are on ranges", len(before), len(packed))
		}
	}
}

// What chunks were packed as stays there as long as somebody has it.
func TestRangesOfChunksAreKept(t *testing.T) {
	packed := chunked(trace(9 << 20))
	c := NewChunked(bytes.NewReader(packed), 1)
	defer c.Close()
	c.Record()
	var ranges []*verbatim.Range
	for err := error(nil); err == nil; {
		_, _, err = c.Next(nil)
		ranges = append(ranges, c.Ranges()...)
	}
	size := 0
	for i, one := range ranges {
		if !bytes.Equal(one.Bits, packed[one.Base:one.Base+int64(len(one.Bits))]) {
			t.Fatalf("one %d is not what stands at %d", i, one.Base)
		}
		size += len(one.Bits)
	}
	if size < len(packed)*9/10 {
		t.Errorf("%d bytes of %d", size, len(packed))
	}
}

// Buffers are used again as soon as nobody has a one that views them, and not before.
func TestBuffersAreUsedAgain(t *testing.T) {
	size := 20 << 20
	if testing.Short() {
		size = 6 << 20
	}
	text := trace(size)
	packed := pack("std-2", text, 0) // codes alone, so that there is much of it
	for _, keep := range []int{0, 7} {
		r := NewReader(bytes.NewReader(packed))
		r.Record()
		block := make([]byte, Window+512<<10)
		var kept []*verbatim.Range
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for n, err := 0, error(nil); err == nil; n++ {
			_, err = r.Fill(block, Window)
			ranges := r.Ranges()
			if keep > 0 && n%keep == 0 {
				verbatim.Hold(ranges)
				kept = append(kept, ranges...)
			}
			verbatim.Drop(ranges)
		}
		runtime.ReadMemStats(&after)
		if size := after.TotalAlloc - before.TotalAlloc; keep == 0 && !testing.Short() && size > uint64(len(packed))/4 {
			t.Errorf("%d bytes were allocated to read %d", size, len(packed))
		}
		for i, one := range kept {
			if !bytes.Equal(one.Bits, packed[one.Base:one.Base+int64(len(one.Bits))]) {
				t.Fatalf("one %d is not what stands at %d", i, one.Base)
			}
		}
	}
}

func TestBoundariesAreCloseTogether(t *testing.T) {
	text := trace(3 << 20)
	_, ranges := recorded(t, NewReader(bytes.NewReader(pack("std6", text, 0))), 512<<10)
	at := int64(0)
	for _, p := range placesOn(ranges) {
		if p.Text-at > verbatim.Every+300 || p.Block == nil && p.Text < int64(len(text)) {
			t.Errorf("after a place at %d the next is at %d", at, p.Text)
		}
		at = p.Text
	}
	if at != int64(len(text)) {
		t.Errorf("the last place is at %d, the text ends at %d", at, len(text))
	}
}

// A stream of blocks with nothing in them takes no memory.
func TestEmptyBlocksAreNotRecorded(t *testing.T) {
	var b bitsOf
	for range 200_000 {
		b.code(1<<1, 3)
		b.code(0, 7)
		if b.n%3 == 0 {
			b.code(0, 3)
			b.code(0, uint(-b.n&7))
			b.code(0xffff0000, 32)
		}
	}
	b.code(1|1<<1, 3)
	b.code(0, 7)
	packed := slices.Concat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), b.b, make([]byte, 8))
	_, ranges := recorded(t, NewReader(bytes.NewReader(packed)), 4096)
	if n := len(placesOn(ranges)); n > 4 {
		t.Errorf("%d places on %d ranges", n, len(ranges))
	}
}

// codeOf finds the codes that a table finds.
func TestCodeOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		e := &encoder{rng: rng}
		c := e.randomCode(286, 15, endOfBlock)
		lens := make([]uint8, 286)
		for s, n := range c.length {
			lens[s] = uint8(n)
		}
		code, n := codeOf(lens, endOfBlock)
		want := 0
		for i := range c.length[endOfBlock] {
			want |= c.code[endOfBlock] >> (c.length[endOfBlock] - 1 - i) & 1 << i
		}
		if int(n) != c.length[endOfBlock] || code != uint32(want) {
			t.Fatalf("%b of %d bits, not %b of %d", code, n, want, c.length[endOfBlock])
		}
	}
}

// Of a block that can't end, nothing can be copied either.
func TestABlockWithoutAnEndIsNotRecorded(t *testing.T) {
	e := encoder{rng: rand.New(rand.NewPCG(1, 1))}
	lit, dist := prefixCode{make([]int, 257), make([]int, 257)}, prefixCode{[]int{1}, []int{0}}
	lit.length['a'], lit.length['b'] = 1, 1
	lit.assign()
	e.block(5000, 0)
	e.header(lit, dist, 1)
	for range 300_000 {
		e.symbol(lit, 'a'+e.rng.IntN(2))
	}
	r := NewReader(bytes.NewReader(member(e.out, nil)))
	r.Record()
	block := make([]byte, Window+1<<20)
	n, err := r.Fill(block, Window)
	places := placesOn(r.Ranges())
	if err == nil || n < 300_000 || len(places) < 2 {
		t.Fatalf("%d bytes, %d places, error %v", n, len(places), err)
	}
	if last := places[len(places)-1]; last.Block != nil || last.Text > int64(len(e.plain)) {
		t.Errorf("the last place is at %d: %+v", last.Text, last.Block)
	}
}
