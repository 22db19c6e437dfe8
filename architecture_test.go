package tracekit_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers in the order in which imports may point. The test kit may use everything that it
// tests, and no program's package uses the test kit but cmd's own tools.
var layers = []string{"cmd", "internal/testkit", "transform", "filter", "trace", "internal"}

// rooms of transform in the order in which imports may point.
var rooms = []string{
	"transform/split", "transform/slice", "transform/filter", "transform/internal/keep",
	"transform/internal/launches", "transform/internal/flows", "transform/internal/pairs",
}

// place is where a path lies in a list, negative if it does not.
func place(path string, list []string) int {
	return slices.IndexFunc(list, func(l string) bool { return path == l || strings.HasPrefix(path, l+"/") })
}

func TestImportsPointOneWay(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		from, room := place(filepath.ToSlash(path), layers), place(filepath.ToSlash(path), rooms)
		if from < 0 {
			t.Errorf("%s lies in no layer", path)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if to, ours := strings.CutPrefix(name, "tracekit/"); ours {
				checked++
				if place(to, layers) < from {
					t.Errorf("%s imports %s, against the direction %s", path, name, strings.Join(layers, " → "))
				}
				if in := place(to, rooms); in >= 0 && in < room {
					t.Errorf("%s imports %s, against the direction %s", path, name, strings.Join(rooms, " → "))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Fatal("no import of our own was seen")
	}
}

// onlyIn is text that only some folders' files have, since what it is about is decided there.
var onlyIn = []struct {
	text    string
	folders []string
}{
	{`"unicode/utf16"`, []string{"internal/jsonlex"}},                         // surrogate pairs
	{"math.MaxInt64 / 1000", []string{"internal/perfetto", "trace"}},          // times that fit
	{"* fnvPrime", []string{"transform/internal/flows"}},                      // keys of flows
	{`"perfetto_manifest"`, []string{"internal/perfetto", "transform/merge"}}, // what makes a file another kind
	{`"libs"`, []string{"internal/perfetto", "trace"}},                        // the same
	{"append(key, 'g')", []string{"transform/internal/pairs"}},                // keys of async events
	{"func isNumber(", []string{"filter"}},                                    // numbers in expressions
}

// What one place decides has no second copy.
func TestMatchersHaveOnePlace(t *testing.T) {
	found := make([]bool, len(onlyIn))
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || place(path, []string{"internal/testkit"}) == 0 {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, o := range onlyIn {
			switch {
			case !strings.Contains(string(text), o.text):
			case place(path, o.folders) < 0:
				t.Errorf("%s has %s, which is decided in %s", path, o.text, strings.Join(o.folders, " and "))
			default:
				found[i] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range onlyIn {
		if !found[i] {
			t.Errorf("%s is nowhere in %s", o.text, strings.Join(o.folders, " and "))
		}
	}
}
