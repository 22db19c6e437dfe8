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
			a = New(source(), 1+n%9)
			got, err := io.ReadAll(iotest.HalfReader(a))
			a.Close()
			if !bytes.Equal(got, text) || end == broken && err != broken || end == io.EOF && err != nil {
				t.Fatalf("%x, %v, want %x, %v", got, err, text, end)
			}
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
