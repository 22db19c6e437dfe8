package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// What a killed split had begun is found whatever its folder is called, and goes
// when the next one begins.
func TestSplitContinuesInAFolderNamedLikeAPattern(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]")
	split := []string{"split", "--by", "time", "--time", "10us", "-o", dir}
	if status, told := started(strings.NewReader(smallTrace), io.Discard, split...); status != exitDone {
		t.Fatal(told)
	}
	whole := list(t, dir)
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil { // the last file of a split
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, temporaryInFolder+"7-0.tmp"), []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	if status, told := started(strings.NewReader(smallTrace), io.Discard, split...); status != exitDone {
		t.Fatalf("%d: %s", status, told)
	}
	cmptest.Same(t, "the folder", whole, list(t, dir))
}
