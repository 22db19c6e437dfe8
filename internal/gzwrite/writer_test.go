package gzwrite

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// sample is n bytes of text that repeats itself, with noise.
func sample(n int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, 0, n+100)
	for len(b) < n {
		b = fmt.Appendf(b, `{"ph": "X", "name": "aten::mm", "ts": %d.%03d},`, rng.Uint32(), rng.IntN(1000))
	}
	return b[:n]
}

func pack(t *testing.T, in []byte, workers, piece int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, Options{Workers: workers})
	for len(in) > 0 {
		n := min(piece, len(in))
		if _, err := w.Write(in[:n]); err != nil {
			t.Fatal(err)
		}
		in = in[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOthersReadWhatIsWritten(t *testing.T) {
	for _, n := range []int{0, 1, 1000, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<20 + 7} {
		in := sample(n)
		r, err := gzip.NewReader(bytes.NewReader(pack(t, in, 2, 100_000)))
		if err != nil {
			t.Fatal(n, err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, in) {
			t.Fatalf("%d bytes: %v, %d came back", n, err, len(got))
		}
	}
}

func TestWorkersDoNotChangeTheBytes(t *testing.T) {
	in := sample(9<<20 + 3)
	want := pack(t, in, 1, len(in))
	for _, workers := range []int{2, 3, 8} {
		if !bytes.Equal(pack(t, in, workers, 77_777), want) {
			t.Fatalf("%d workers write other bytes", workers)
		}
	}
}

var errFull = errors.New("disk full")

// full takes room bytes and then fails.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestEveryFailureSurfaces(t *testing.T) {
	in := sample(3 << 20)
	whole := len(pack(t, in, 2, len(in)))
	for room := 0; room < whole; room += 1 + whole/97 {
		w := NewWriter(&full{room}, Options{Workers: 2})
		_, err := w.Write(in)
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("with room for %d of %d bytes: %v", room, whole, err)
		}
		w.Abort()
	}
}
