package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"tracekit/internal/testkit/tracegen"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"10kB": 10_000, "5GB": 5e9, "1.5GB": 15e8, "2MiB": 2 << 20, "77": 77, "77B": 77,
		"": 0, "kB": 0, "-1MB": 0, "5XB": 0, "NaN": 0, "0": 0, "1e99": 0,
	} {
		got, err := parseSize(text)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestCommandWritesATraceAndItsTruth(t *testing.T) {
	dir := t.TempDir()
	packed, truth := filepath.Join(dir, "a.json.gz"), filepath.Join(dir, "truth.json")
	args := []string{"-steps", "3", "-layers", "1", "-producer", "cuda", "-python"}
	var plain bytes.Buffer
	if err := run(args, &plain); err != nil {
		t.Fatal(err)
	}
	if err := run(append(args, "-o", packed, "-truth", truth, "-gzip-level", "1"), nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(unpacked, plain.Bytes()) {
		t.Errorf("the packed file holds something else than standard output (%v)", err)
	}
	text, err := os.ReadFile(truth)
	if err != nil {
		t.Fatal(err)
	}
	var got tracegen.Truth
	if err := json.Unmarshal(text, &got); err != nil || got.Bytes != int64(plain.Len()) || len(got.Steps) != 3 {
		t.Errorf("truth: %v, %d bytes, %d steps", err, got.Bytes, len(got.Steps))
	}
}

func TestRefusals(t *testing.T) {
	for _, args := range [][]string{{"-size", "x"}, {"file"}, {"-producer", "x"}, {"-o", "/nowhere/x"}, {"-size", "1MB", "-steps", "2"}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
