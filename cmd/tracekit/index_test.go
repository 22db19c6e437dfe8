package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/tracegen"
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

var flips = flag.Int("flips", 60, "rounds of indexes in which a bit is flipped")

// The same holds for all that asks an index: ranges, steps, reports and pieces, of a packed trace.
// -flips 1000 is what was promised.
func TestFlippedIndexesChangeNoAnswer(t *testing.T) {
	rounds := *flips
	if testing.Short() {
		rounds = 20
	}
	var text, packed bytes.Buffer
	if _, err := tracegen.Generate(&text, tracegen.Config{Seed: 5, Producer: tracegen.Gaudi, TargetBytes: 3 << 20, Hardware: true}); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&packed)
	z.Write(text.Bytes())
	z.Close()
	file := indexedTrace(t, "t.json.gz", packed.String())
	good, err := os.ReadFile(file + indexSuffix)
	if err != nil {
		t.Fatal(err)
	}
	calls := []string{
		"slice --from 20% --to 30%", "slice --step 2", "slice --from 60% --to 62% --device launched", "slice --step 1..3 --strip python",
		"report --from 40% --to 60% --json", "report --json", "split --by step --dry-run", "split --by step -o DIR --force",
	}
	answer := func(call string) (status int, answer, told string) {
		dir := t.TempDir()
		args := argsOf(strings.ReplaceAll(call, "DIR", dir+"/pieces"), "")
		var out bytes.Buffer
		status, told = started(nil, &out, append(args, "-q", file)...)
		pieces, _ := filepath.Glob(dir + "/pieces/*")
		for _, p := range pieces {
			text, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s %x\n", filepath.Base(p), sha256.Sum256(text))
		}
		os.RemoveAll(dir)
		return status, out.String(), told
	}
	want := make([]string, len(calls))
	for i, call := range calls {
		var status int
		var told string
		if status, want[i], told = answer(call); status != exitDone || told != "" || want[i] == "" {
			t.Fatalf("%s: %d, %d bytes: %s", call, status, len(want[i]), told)
		}
	}
	rng := rand.New(rand.NewPCG(12, uint64(rounds)))
	for range rounds {
		i := rng.IntN(len(calls))
		bad := bytes.Clone(good)
		at := rng.IntN(len(bad))
		bad[at] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(file+indexSuffix, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		status, got, told := answer(calls[i])
		if status != exitDone || !strings.HasPrefix(told, "hint: "+file+indexSuffix+" is not used") || got != want[i] {
			t.Errorf("%s: byte %d of %d flipped: %d, %d bytes, want %d: %s", calls[i], at, len(bad), status, len(got), len(want[i]), told)
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
