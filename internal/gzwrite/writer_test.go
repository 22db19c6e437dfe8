package gzwrite

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

func TestSmoke(t *testing.T) {
	in := bytes.Repeat([]byte("hello world, "), 500000)
	var out bytes.Buffer
	w := NewWriter(&out, Options{})
	w.Write(in)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, in) {
		t.Fatal(err, len(got))
	}
}
