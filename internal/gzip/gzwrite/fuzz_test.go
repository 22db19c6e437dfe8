package gzwrite_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/gzip/inflate"
)

// FuzzWriter writes text in pieces whose sizes are drawn, some of them by way of
// the room that is offered. The standard library and this module's own reader,
// on several cores, want the text back; one write of all makes the same bytes.
func FuzzWriter(f *testing.F) {
	const chunk = gzwrite.ChunkSize
	event := []byte(`{"ph": "X", "name": "aten::mm", "ts": 6520430064204.583, "dur": 12.5},`)
	for _, size := range []uint32{0, 1, 5000, chunk - 1, chunk, chunk + 1, 2*chunk + 7} {
		f.Add(event, size, []byte{3, 40, 200}, uint8(2))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint32, pieces []byte, workers uint8) {
		text := blanks(data, int(size%(5*chunk/2)))
		opts := gzwrite.Options{Workers: 1 + int(workers)%4}
		packed := write(t, text, pieces, opts)
		if whole := write(t, text, nil, gzwrite.Options{Workers: 1}); !bytes.Equal(packed, whole) {
			t.Errorf("%d bytes in pieces, %d at once", len(packed), len(whole))
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, text) {
			t.Errorf("the standard library reads %d bytes of %d, error %v", len(got), len(text), err)
		}
		if got, err := readChunks(packed); err != io.EOF || !bytes.Equal(got, text) {
			t.Errorf("the own reader reads %d bytes of %d, error %v", len(got), len(text), err)
		}
	})
}

// blanks makes size bytes, of which those near the ends of chunks and the last are
// of data.
func blanks(data []byte, size int) []byte {
	const near = 8 << 10
	text := bytes.Repeat([]byte{' '}, size)
	for end := gzwrite.ChunkSize; end < size+gzwrite.ChunkSize; end += gzwrite.ChunkSize {
		at := min(end, size)
		part := text[max(0, at-near):min(size, at+near)]
		copy(part, grow(data, len(part)))
	}
	return text
}

// grow repeats data, each time with another byte changed.
func grow(data []byte, size int) []byte {
	text := append(make([]byte, 0, size+len(data)+1), data...)
	for n := 0; len(text) < size; n++ {
		start := len(text)
		text = append(append(text, data...), byte(n))
		text[start+n%(len(data)+1)] += byte(n)
	}
	return text[:size]
}

// write makes gzip of text. A piece is up to the square of its byte times 32; if
// it is odd, it is appended to the room. Pieces recur.
func write(t *testing.T, text, pieces []byte, opts gzwrite.Options) []byte {
	var out bytes.Buffer
	w := gzwrite.NewWriter(&out, opts)
	defer w.Abort()
	for n := 0; len(text) > 0; n++ {
		size := len(text)
		if len(pieces) > 0 {
			p := int(pieces[n%len(pieces)])
			size = min(size, 1+n/100+p*p*32)
		}
		p := text[:size]
		if size%2 == 1 {
			p = append(w.AvailableBuffer(), p...)
		}
		if got, err := w.Write(p); err != nil || got != size {
			t.Fatalf("%d of %d bytes taken, error %v", got, size, err)
		}
		text = text[size:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readChunks(packed []byte) (text []byte, err error) {
	r := inflate.NewChunked(bytes.NewReader(packed), 2)
	defer r.Close()
	var block []byte
	for err == nil {
		var n int
		block, n, err = r.Next(block)
		text = append(text, block[inflate.Window:inflate.Window+n]...)
	}
	return text, err
}
