package check

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"testing"
)

// BenchmarkRun checks real text, over and over so that it is long enough.
func BenchmarkRun(b *testing.B) {
	text := realEvents(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Run(context.Background(), bytes.NewReader(text), -1, Options{Temp: temp})
		if err != nil || !r.Loads {
			b.Fatal(err, r.Reason)
		}
	}
}

// realEvents is a bare array of a real trace's events, many times.
func realEvents(b *testing.B) []byte {
	f, err := os.Open("../../testdata/vllm_decode_one_step.json.gz")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	from := bytes.Index(text, []byte(`"traceEvents"`))
	from += bytes.IndexByte(text[from:], '{')
	to := bytes.LastIndexByte(text, ']')
	out := []byte{'['}
	for len(out) < 32<<20 {
		out = append(append(out, text[from:to]...), ',')
	}
	return append(out[:len(out)-1], ']')
}
