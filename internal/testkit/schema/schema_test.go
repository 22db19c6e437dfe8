package schema

import (
	"os"
	"path/filepath"
	"testing"
)

// failed counts errors in place of a test's.
type failed struct {
	testing.TB
	errors int
}

func (f *failed) Helper()               {}
func (f *failed) Errorf(string, ...any) { f.errors++ }

func TestDocumentsThatBreakASchemaAreReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(path, []byte(`{"type":"object","required":["n"],"additionalProperties":false,"properties":{"n":{"type":"integer"}}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	s := Read(t, path)
	for text, want := range map[string]int{`{"n":1}`: 0, `{"n":"1"}`: 1, `{}`: 1, `{"n":1,"m":2}`: 1, `{"n":`: 1} {
		f := &failed{TB: t}
		if s.Judge(f, text, []byte(text)); f.errors != want {
			t.Errorf("%s: %d errors, want %d", text, f.errors, want)
		}
	}
}
