package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// compare does not write over what it compares, whichever side it is on and whatever it is
// called by.
func TestCompareSparesItsInputs(t *testing.T) {
	text := []byte(longTrace(50))
	for _, c := range []struct{ name, html, before, after string }{
		{"before", "a.json", "a.json", "b.json"},
		{"after", "b.json", "a.json", "b.json"},
		{"a link", "link.json", "a.json", "b.json"},
		{"a hard link", "hard.json", "b.json", "a.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			in := func(name string) string { return filepath.Join(dir, name) }
			for _, name := range []string{"a.json", "b.json"} {
				if err := os.WriteFile(in(name), text, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("a.json", in("link.json")); err != nil {
				t.Skip("no links: ", err)
			}
			if err := os.Link(in("a.json"), in("hard.json")); err != nil {
				t.Skip("no links: ", err)
			}
			status, told := started(nil, io.Discard, "compare", "--html", in(c.html), in(c.before), in(c.after))
			if status != exitFailed || !strings.Contains(told, "names the input\nhint: write to another file") {
				t.Errorf("status %d: %s", status, told)
			}
			for _, name := range []string{"a.json", "b.json"} {
				if now, err := os.ReadFile(in(name)); err != nil || !bytes.Equal(now, text) {
					t.Errorf("%s is another: %v, %d bytes", name, err, len(now))
				}
			}
		})
	}
}
