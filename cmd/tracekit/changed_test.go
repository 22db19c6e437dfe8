package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meddling changes a file when the first output of a second reading appears.
type meddling struct{ change func() }

func (m *meddling) Write(p []byte) (int, error) {
	if m.change != nil {
		m.change()
		m.change = nil
	}
	return len(p), nil
}

// A trace that changes between two readings is refused: what comes out would be
// of neither.
func TestInputThatChangesMeanwhile(t *testing.T) {
	events := 60_000
	if testing.Short() {
		events = 20_000
	}
	text := longTrace(events)
	half := int64(len(text) / 2)
	changes := map[string]func(f *os.File) error{
		"cut":      func(f *os.File) error { return f.Truncate(half) },
		"emptied":  func(f *os.File) error { return f.Truncate(0) },
		"longer":   func(f *os.File) error { _, err := f.WriteAt([]byte("\n"), int64(len(text))); return err },
		"spaces":   func(f *os.File) error { _, err := f.WriteAt([]byte(strings.Repeat(" ", 9999)), half); return err },
		"shifted":  func(f *os.File) error { _, err := f.WriteAt([]byte(text[half+1:]), half); return err },
		"no JSON":  func(f *os.File) error { _, err := f.WriteAt([]byte(strings.Repeat("\x00\"{", 9999)), half); return err },
		"the same": nil,
	}
	for _, verb := range [][]string{{"strip", "--python"}, {"slice", "--from", "0us"}, {"filter", "dur > 1us"}, {"repair", "--skip", "ends"}, {"downsample", "--min-dur", "1us"}} {
		for name, change := range changes {
			path := filepath.Join(t.TempDir(), "t.json")
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			changed := false
			out := &meddling{func() {
				changed = true
				if change != nil {
					if err := change(f); err != nil {
						t.Error(err)
					}
				}
			}}
			status, told := started(nil, out, append(verb[:len(verb):len(verb)], path)...)
			switch {
			case !changed:
				t.Fatalf("%q: nothing came out: %s", verb, told)
			case change == nil && status != exitDone, change != nil && status != exitFailed,
				change != nil && !strings.Contains(told, "the input has changed while it was read\nhint: "):
				t.Errorf("%q, %s: %d: %s", verb, name, status, told)
			}
		}
	}
}
