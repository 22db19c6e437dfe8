package ahead

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// What is read ahead is what there is, in whatever pieces it is taken, and its end is told
// behind it.
func TestReader(t *testing.T) {
	broken := errors.New("broken")
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 60 {
		text := make([]byte, rng.IntN(100))
		for i := range text {
			text[i] = byte(rng.Int())
		}
		for _, end := range []error{io.EOF, broken} {
			source := func() io.Reader {
				return iotest.OneByteReader(io.MultiReader(bytes.NewReader(text), iotest.ErrReader(end)))
			}
			a := New(source(), 1+n%9)
			var got []byte
			for {
				data, err := a.Next()
				if got = append(got, data...); err != nil {
					if _, again := a.Next(); err != end || again != end {
						t.Fatalf("it ended with %v and %v, want %v", err, again, end)
					}
					break
				}
			}
			a.Close()
			if !bytes.Equal(got, text) {
				t.Fatalf("by blocks: %x, want %x", got, text)
			}
			for _, size := range []int{1 + n%9, 16 + n%20} {
				if got := readMore(t, rng, source(), size, end); !bytes.Equal(got, text) {
					t.Fatalf("in blocks of %d: %x, want %x", size, got, text)
				}
			}
		}
	}
}

// readMore reads all of r, and takes some of what there is at a time.
func readMore(t *testing.T, rng *rand.Rand, r io.Reader, size int, end error) (got []byte) {
	a := New(r, size)
	defer a.Close()
	var buf []byte
	for {
		left := bytes.Clone(buf)
		var err error
		buf, err = a.More(buf)
		if !bytes.HasPrefix(buf, left) || err == nil && len(buf) < max(2*len(left), 1) {
			t.Fatalf("%x and more are %x, %v", left, buf, err)
		}
		n := rng.IntN(len(buf) + 1)
		got = append(got, buf[:n]...)
		if buf = buf[n:]; err != nil {
			if again, same := a.More(buf); err != end || same != end || !bytes.Equal(again, buf) {
				t.Fatalf("it ended with %v and %v, want %v", err, same, end)
			}
			return append(got, buf...)
		}
	}
}

// A Reader can be closed whatever was taken.
func TestClose(t *testing.T) {
	for n := range 8 {
		a := New(bytes.NewReader(make([]byte, 100)), 10)
		for range n {
			a.Next()
		}
		a.Close()
	}
}
