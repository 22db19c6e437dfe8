package deflate_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"tracekit/internal/gzip/deflate"
	"tracekit/internal/gzip/inflate"
	"tracekit/internal/gzip/verbatim"

	kgzip "github.com/klauspost/compress/gzip"
)

// text is like a trace, with a stretch of noise and one of zeros if it is odd.
func text(rng *rand.Rand, size int, odd bool) []byte {
	var b bytes.Buffer
	names := []string{"aten::mm", "cudaLaunchKernel", "nn.Module: Linear_0", "void at::native::elementwise_kernel<128, 4>"}
	for ts := 1e6; b.Len() < size; ts += rng.ExpFloat64() {
		fmt.Fprintf(&b, "{\"ph\": \"X\", \"name\": \"%s\", \"pid\": 7, \"tid\": %d, \"ts\": %.3f, \"dur\": %.3f},\n",
			names[rng.IntN(4)], rng.IntN(3), ts, rng.ExpFloat64()*9)
		if odd && rng.IntN(900) == 0 {
			for range rng.IntN(40_000) {
				b.WriteByte(byte(rng.Uint32()))
			}
		}
		if odd && rng.IntN(900) == 0 {
			b.Write(make([]byte, rng.IntN(90_000)))
		}
	}
	return b.Bytes()[:size]
}

// packer is the n-th of some that pack in different ways.
func packer(n int, w io.Writer) io.WriteCloser {
	var z io.WriteCloser
	var err error
	if n %= 20; n < 12 {
		z, err = gzip.NewWriterLevel(w, n-2)
	} else {
		z, err = kgzip.NewWriterLevel(w, n-11)
	}
	if err != nil {
		panic(err)
	}
	return z
}

// record packs text, and returns how.
func record(t *testing.T, text []byte, by, flushes, size int) (ranges []*verbatim.Range) {
	t.Helper()
	var b bytes.Buffer
	z := packer(by, &b)
	for i := range flushes + 1 {
		if _, err := z.Write(text[i*len(text)/(flushes+1) : (i+1)*len(text)/(flushes+1)]); err != nil {
			t.Fatal(err)
		}
		if i < flushes {
			z.(interface{ Flush() error }).Flush()
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r := inflate.NewReader(&b)
	r.Record()
	block := make([]byte, inflate.Window+size)
	for {
		_, err := r.Fill(block, inflate.Window)
		ranges = append(ranges, r.Ranges()...)
		if err == io.EOF {
			return ranges
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkCopies makes a chunk of some runs of text, with other text between them,
// and returns how much of it could be copied.
func checkCopies(t *testing.T, c *deflate.Compressor, text []byte, ranges []*verbatim.Range, cuts []int) (copied int) {
	t.Helper()
	var src []byte
	var copies []verbatim.Copy
	for i := 0; i+1 < len(cuts); i++ {
		from, to := cuts[i], cuts[i+1]
		src = fmt.Appendf(src, "something that was not there, the %d-th time", i)
		run := verbatim.Run{From: len(src), To: len(src) + to - from, Text: int64(from), Ranges: ranges}
		src = append(src, text[from:to]...)
		copies = run.Copies(copies)
	}
	for i, k := range copies {
		if i > 0 && k.From < copies[i-1].To {
			t.Fatalf("copies overlap: one ends at %d, one begins at %d", copies[i-1].To, k.From)
		}
		copied += k.To - k.From
	}
	packed := append(c.AppendChunk(nil, src, copies), 3, 0)
	rest := bytes.NewReader(packed)
	got, err := io.ReadAll(flate.NewReader(rest))
	if err != nil || !bytes.Equal(got, src) || rest.Len() != 0 {
		t.Fatalf("%d bytes became %d with %d copies, %d bytes are left, error %v", len(src), len(got), len(copies), rest.Len(), err)
	}
	return copied
}

func TestCopiesAreTheText(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	c := deflate.NewCompressor()
	copied, tries := 0, 120
	if testing.Short() {
		tries = 30
	}
	for n := range tries {
		text := text(rng, 100_000+rng.IntN(900_000), n%2 == 1)
		ranges := record(t, text, n, rng.IntN(4), 20_000+rng.IntN(500_000))
		cuts := []int{rng.IntN(50_000)}
		for at := cuts[0]; ; {
			if at += 10_000 + rng.IntN(500_000); at > len(text) {
				break
			}
			cuts = append(cuts, at)
		}
		copied += checkCopies(t, c, text, ranges, cuts)
	}
	if copied < tries*80_000 {
		t.Errorf("only %d bytes were copied", copied)
	}
}

// Most of what is kept is copied, and takes no more than it did.
func TestCopiesAreMostOfAChunk(t *testing.T) {
	text := text(rand.New(rand.NewPCG(1, 2)), 1<<20, false)
	ranges := record(t, text, 8, 0, 512<<10)
	run := verbatim.Run{To: len(text), Ranges: ranges}
	copies := run.Copies(nil)
	if len(copies) != 1 || copies[0].To-copies[0].From < 9*len(text)/10 {
		t.Fatalf("copies: %v", copies)
	}
	c := deflate.NewCompressor()
	with, without := c.AppendChunk(nil, text, copies), c.AppendChunk(nil, text, nil)
	if len(with) > len(without) {
		t.Errorf("%d bytes with a copy, %d without", len(with), len(without))
	}
}

// FuzzCopies packs what fuzzing makes of text, and cuts it where it likes.
func FuzzCopies(f *testing.F) {
	f.Add(uint64(1), uint8(8), uint8(0), uint16(900), []byte("\x10\x80\x20\xff"), []byte("{}"))
	f.Add(uint64(2), uint8(1), uint8(3), uint16(300), []byte("\x00\x40\xff"), []byte("\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, seed uint64, by, flushes uint8, size uint16, where, odd []byte) {
		text := text(rand.New(rand.NewPCG(seed, 1)), 200_000, seed%2 == 1)
		for i := 0; i < len(text) && len(odd) > 0; i += 20_000 {
			copy(text[i+len(odd)%500:], odd)
		}
		ranges := record(t, text, int(by), int(flushes%9), 1000+int(size)*16)
		cuts := []int{0}
		for _, w := range where {
			if at := cuts[len(cuts)-1] + int(w)*1000; at <= len(text) {
				cuts = append(cuts, at)
			}
		}
		checkCopies(t, deflate.NewCompressor(), text, ranges, cuts)
	})
}
