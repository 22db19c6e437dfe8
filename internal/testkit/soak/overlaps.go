package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"

	"tracekit/internal/testkit/reference"

	"github.com/klauspost/compress/zstd"
)

// overlappedBefore reports that slices which overlap in a trace did so in the one
// that it was made of. Which of them a viewer moves aside hangs on what it shows
// before, so that a part may have more to move than the whole.
func overlappedBefore(whole, part string) bool {
	before, err := parse(whole)
	if err != nil {
		return false
	}
	after, err := parse(part)
	return err == nil && len(reference.NewOverlaps(before, after)) == 0
}

func parse(path string) (*reference.Trace, error) {
	text, err := readAll(path)
	if err != nil {
		return nil, err
	}
	return reference.Parse(text)
}

// readAll returns the text of a trace, unpacked.
func readAll(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var in io.Reader = bytes.NewReader(packed)
	switch {
	case bytes.HasPrefix(packed, []byte("\x1f\x8b")):
		in, err = gzip.NewReader(in)
	case bytes.HasPrefix(packed, []byte("\x28\xb5\x2f\xfd")):
		in, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}
