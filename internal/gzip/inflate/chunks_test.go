package inflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"tracekit/internal/gzip/gzwrite"
)

// chunked packs data as tracekit does.
func chunked(data []byte) []byte {
	var b bytes.Buffer
	w := gzwrite.NewWriter(&b, gzwrite.Options{})
	must(w.Write(data))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// decodeChunks reads src to its end. It gives some blocks back, spoilt, and
// keeps others.
func decodeChunks(src io.Reader, workers int, offer func(Checkpoint)) (all []byte, err error) {
	c := NewChunked(src, workers)
	defer c.Close()
	if offer != nil {
		c.Checkpoints(300<<10, offer)
	}
	var spare []byte
	for i := 0; ; i++ {
		block, n, err := c.Next(spare)
		if n == 0 && err == nil {
			return all, errors.New("no output and no error")
		}
		all = append(all, block[Window:Window+n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		copy(block, spoilt)
		if spare = block; i%5 == 3 {
			spare = nil
		}
	}
}

// sameAsReader fails if chunks side by side are not what a Reader makes of the
// stream.
func sameAsReader(t *testing.T, what string, data []byte, workers int) {
	t.Helper()
	want, wantErr := decodeAll(data)
	got, err := decodeChunks(bytes.NewReader(data), workers, nil)
	if !bytes.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%s, %d workers: %d bytes, error %v; want %d, error %v", what, workers, len(got), err, len(want), wantErr)
	}
}

// manyChunks is text of several chunks, some of which do not compress and hold
// what looks like marks.
func manyChunks() []byte {
	odd := noise(gzwrite.ChunkSize + 5000)
	for i := 1000; i < len(odd); i += 70000 {
		copy(odd[i:], "\x00\x00\xff\xff")
	}
	return slices.Concat(trace(2*gzwrite.ChunkSize+3), odd, trace(gzwrite.ChunkSize), make([]byte, gzwrite.ChunkSize), trace(77))
}

func TestChunksAreWhatAReaderMakesOfThem(t *testing.T) {
	const size = gzwrite.ChunkSize
	whole := chunked(trace(3*size + 1000))
	ordinary := pack("std6", trace(size), 3)
	for name, data := range map[string][]byte{
		"nothing": nil, "one byte": {magic0}, "empty": chunked(nil), "short": chunked([]byte("[]")),
		"less than a chunk": chunked(trace(size - 1)), "a chunk": chunked(trace(size)), "more than a chunk": chunked(trace(size + 1)),
		"three": whole, "false marks": chunked(manyChunks()),
		"members":    slices.Concat(whole, ordinary, whole, chunked(nil)),
		"other kind": slices.Concat(ordinary, whole),
		"padded":     append(bytes.Clone(whole), make([]byte, 3000)...),
		"garbage":    append(bytes.Clone(whole), "more"...),
		"liar":       slices.Concat(whole[:gzwrite.HeaderSize], pack("std6", trace(3*size), 0)[10:]),
		"no marks":   slices.Concat(whole[:gzwrite.HeaderSize], pack("std0", noise(4*size), 0)[10:]),
		"header":     whole[:gzwrite.HeaderSize],
		"marks only": append(bytes.Clone(whole[:gzwrite.HeaderSize]), bytes.Repeat([]byte("\x00\x00\x00\xff\xff"), 1000)...),
	} {
		sameAsReader(t, name, data, 2)
		if !testing.Short() {
			sameAsReader(t, name, data, 1)
			sameAsReader(t, name, data, 5)
		}
	}
}

func TestSpoiltChunks(t *testing.T) {
	good := chunked(manyChunks())
	rng := rand.New(rand.NewPCG(5, 6))
	rounds := 25
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		at := rng.IntN(len(good))
		sameAsReader(t, fmt.Sprint("cut at ", at), good[:at], 2)
		bad := bytes.Clone(good)
		bad[at] ^= 1 << rng.IntN(8)
		sameAsReader(t, fmt.Sprint("flipped at ", at), bad, 3)
	}
	few := chunked(trace(gzwrite.ChunkSize + 99))
	for at := len(few) - 12; at < len(few); at++ {
		bad := bytes.Clone(few)
		bad[at] ^= 4
		sameAsReader(t, fmt.Sprint("flipped at ", at), bad, 2)
		sameAsReader(t, fmt.Sprint("cut at ", at), few[:at], 2)
	}
}

// TestChunkThatRefersToTheOneBefore has a chunk that refers to the one before it: nobody
// promised to a Reader that there is none.
func TestChunkThatRefersToTheOneBefore(t *testing.T) {
	data := trace(gzwrite.ChunkSize)
	first := chunked(data)
	body := first[:len(first)-10] // without the final block and the trailer
	again := pack("std6", slices.Concat(data, data), 1)
	// The second half of again begins behind the flush and reaches into the first.
	marks := gzwrite.AppendMarks(nil, again)
	sameAsReader(t, "reaching back", slices.Concat(body, again[marks[len(marks)-1]:]), 2)
}

func TestChunkedSourceFails(t *testing.T) {
	good := chunked(trace(3 * gzwrite.ChunkSize))
	broken := errors.New("cable cut")
	for _, at := range []int{0, 1, 20, 21, 22, len(good) / 2, len(good) - 8, len(good)} {
		for _, fail := range []error{broken, io.ErrUnexpectedEOF} {
			source := func() io.Reader {
				return io.MultiReader(iotest.HalfReader(bytes.NewReader(good[:at])), iotest.ErrReader(fail))
			}
			want, wantErr := decode(NewReader(source()), Window, 64<<10)
			got, err := decodeChunks(source(), 2, nil)
			if !bytes.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) || !errors.Is(err, fail) {
				t.Errorf("cut at %d: %d bytes, error %v; want %d, error %v", at, len(got), err, len(want), wantErr)
			}
		}
	}
	stuck := readerFunc(func([]byte) (int, error) { return 0, nil })
	if _, err := decodeChunks(stuck, 2, nil); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v, want %v", err, io.ErrNoProgress)
	}
}

func TestResumeAtChunks(t *testing.T) {
	packed := slices.Concat(chunked(manyChunks()), pack("std6", trace(900<<10), 9))
	want, err := decodeAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	var points []Checkpoint
	if _, err := decodeChunks(bytes.NewReader(packed), 2, func(cp Checkpoint) { points = append(points, cp) }); err != nil {
		t.Fatal(err)
	}
	if len(points) < 8 || points[0].In != 0 || points[0].Out != 0 {
		t.Fatalf("%d checkpoints", len(points))
	}
	for i, cp := range points {
		if i > 0 && cp.Out < points[i-1].Out+300<<10 {
			t.Errorf("checkpoint at %d after %d", cp.Out, points[i-1].Out)
		}
		if !bytes.HasSuffix(want[:cp.Out], cp.Window) {
			t.Errorf("window before %d is not the output there", cp.Out)
		}
		r, err := NewReaderAt(bytes.NewReader(packed), int64(len(packed)), cp)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(r, Window, 100000); err != nil || !bytes.Equal(got, want[cp.Out:]) {
			t.Errorf("from %d: %d bytes, error %v", cp.Out, len(got), err)
		}
	}
}

func TestChunkedEndsEarly(t *testing.T) {
	before := runtime.NumGoroutine()
	good := chunked(trace(6 * gzwrite.ChunkSize))
	for taken := range 4 {
		c := NewChunked(bytes.NewReader(good), 2)
		for range taken {
			if _, _, err := c.Next(nil); err != nil {
				t.Fatal(err)
			}
		}
		c.Close()
		c.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// FuzzChunks changes a good stream: each four bytes of edits are a place and
// what is added to the byte there; cut ends the stream early.
func FuzzChunks(f *testing.F) {
	good := chunked(slices.Concat(trace(gzwrite.ChunkSize+9), make([]byte, gzwrite.ChunkSize)))
	f.Fuzz(func(t *testing.T, edits []byte, cut uint32, tail []byte) {
		data := bytes.Clone(good)
		for ; len(edits) >= 4; edits = edits[4:] {
			data[int(binary.LittleEndian.Uint32(edits)>>8)%len(data)] += edits[0]
		}
		data = append(data[:len(data)-int(cut)%len(data)], tail...)
		sameAsReader(t, "edited", data, 2)
	})
}

func BenchmarkChunks(b *testing.B) {
	text := trace(16 * gzwrite.ChunkSize)
	packed := chunked(text)
	b.Run("side by side", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			c := NewChunked(bytes.NewReader(packed), runtime.GOMAXPROCS(0))
			var block []byte
			var err error
			for err == nil {
				block, _, err = c.Next(block)
			}
			c.Close()
		}
	})
	b.Run("one after the other", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		block := make([]byte, chunkBlock)
		for b.Loop() {
			r := NewReader(bytes.NewReader(packed))
			var err error
			for err == nil {
				_, err = r.Fill(block, Window)
			}
		}
	})
}
