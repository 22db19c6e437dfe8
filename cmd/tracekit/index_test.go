package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// indexedTrace is a trace of its own in a folder, with an index beside it.
func indexedTrace(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if status, told := started(nil, &bytes.Buffer{}, "index", file); status != exitDone {
		t.Fatal(told)
	}
	return file
}

// Wherever a bit of an index is another, the slice is as it is without one, and that
// the index is not used is said.
func TestFlippedIndexesGiveNoWrongSlice(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	file := indexedTrace(t, "t.json", longTrace(3000))
	good, err := os.ReadFile(file + indexSuffix)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(11, 1))
	whole := map[int][]byte{} // the slice with the good index, by where it begins
	for range rounds {
		from := rng.IntN(80)
		slice := []string{"slice", "--from", fmt.Sprintf("%d%%", from), "--to", fmt.Sprintf("%d%%", from+5), "-q", file}
		var got bytes.Buffer
		want, known := whole[from]
		if !known {
			var out bytes.Buffer
			if status, told := started(nil, &out, slice...); status != exitDone || told != "" {
				t.Fatal(told)
			}
			want = out.Bytes()
			whole[from] = want
		}
		bad := bytes.Clone(good)
		at := rng.IntN(len(bad))
		bad[at] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(file+indexSuffix, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		status, told := started(nil, &got, slice...)
		if status != exitDone || !strings.HasPrefix(told, "hint: "+file+indexSuffix+" is not used") || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("byte %d flipped: %d, %d bytes, want %d: %s", at, status, got.Len(), len(want), told)
		}
		if err := os.WriteFile(file+indexSuffix, good, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// A trace that was changed in its middle, and has the time of modification that it
// had, is not what the index says; nor is another one of the same size.
func TestChangedBehindTheBackOfAnIndex(t *testing.T) {
	text := longTrace(6000)
	file := indexedTrace(t, "t.json", text)
	was, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(text, `"ts":30000,`)
	changed := text[:at] + `"ts":30001,` + text[at+len(`"ts":30001,`):]
	if err := os.WriteFile(file, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, was.ModTime()); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(filepath.Dir(file), "out.json")
	status, told := started(nil, &bytes.Buffer{}, "slice", "--from", "29ms", "--to", "31ms", "-o", out, file)
	if status != exitFailed || !strings.Contains(told, "what stands there is not what the index was made of\nhint: make a new one: tracekit index ") {
		t.Errorf("%d: %s", status, told)
	}
	if isFile(out) {
		t.Error("there is an output")
	}
}
