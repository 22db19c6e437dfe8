// Package recorded unpacks the recorded traces that tests read: [Text] is its only entry.
package recorded

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Text is what a gzip file holds. The test is skipped if the file is one of those
// that a clone does not have, in a folder shared beside it.
func Text(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(strings.Split(filepath.ToSlash(name), "/"), "shared") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
