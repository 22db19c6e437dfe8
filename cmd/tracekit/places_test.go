package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Files are made, renamed and removed where it is known what is read, and nowhere else.
func TestFilesAreWrittenInOnePlace(t *testing.T) {
	changes := regexp.MustCompile(`\bos\.(Create|CreateTemp|OpenFile|WriteFile|Rename|Remove|RemoveAll|Truncate|Mkdir|MkdirAll|Link|Symlink|NewFile|OpenRoot)\(`)
	allowed := map[string][]string{
		"cmd/tracekit":     {"places.go", "folder.go", "pieces.go", "record.go", "output.go", "system_unix.go", "system_windows.go", "shells.go"},
		"internal/spill":   {"spill.go"},
		"internal/release": {"main.go"}, "cmd/bench": nil, "internal/testkit/soak": nil, "internal/testkit/tracegen": nil, "internal/testkit/guard": nil,
	}
	var files []string
	for _, pattern := range []string{"cmd/*/*.go", "filter/*.go", "filter/*/*.go", "trace/*.go", "transform/*/*.go", "transform/internal/*/*.go", "internal/*/*.go"} {
		more, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) < 200 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		dir, name := filepath.Split(file)
		dir, err := filepath.Rel("../..", dir)
		if err != nil {
			t.Fatal(err)
		}
		here, some := allowed[filepath.ToSlash(dir)]
		if match, _ := filepath.Match("*_test.go", name); match || some && here == nil || slices.Contains(here, name) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := changes.Find(text); found != nil {
			t.Errorf("%s has %s…): outputs go through newOutput or openFolder", file, found)
		}
	}
}
