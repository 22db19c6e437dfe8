package gzwrite

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// events is text like that of a trace.
func events(size int) []byte {
	rng := rand.New(rand.NewPCG(7, uint64(size)))
	var b bytes.Buffer
	for ts := 6520430064204.583; b.Len() < size; ts += rng.ExpFloat64() * 9 {
		fmt.Fprintf(&b, "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"sgemm_%d\", \"pid\": 0, \"tid\": 7, \"ts\": %.3f, \"dur\": %.3f},\n",
			rng.IntN(9), ts, rng.ExpFloat64()*40)
	}
	return b.Bytes()[:size]
}

func noise(size int) []byte {
	rng := rand.New(rand.NewPCG(8, uint64(size)))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// pack writes data in pieces of at most piece bytes.
func pack(t testing.TB, data []byte, workers, piece int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, Options{Workers: workers})
	if err := writePieces(w, data, piece); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writePieces(w *Writer, data []byte, piece int) error {
	for len(data) > 0 {
		n := min(piece, len(data))
		if m, err := w.Write(data[:n]); err != nil {
			return err
		} else if m != n {
			return fmt.Errorf("%d of %d bytes taken and no error", m, n)
		}
		data = data[n:]
	}
	return nil
}

func unpack(t testing.TB, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var errFull = errors.New("no space left")

// limited takes so many bytes, then fails in one of several ways.
type limited struct {
	room  int
	short bool // a short write without an error
	fails int  // calls that failed
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.room -= n
	if n == len(p) {
		return n, nil
	}
	l.fails++
	if l.short {
		return n, nil
	}
	return n, errFull
}

// noMoreGoroutines waits for those that the test started to be gone.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond)
	}
}
