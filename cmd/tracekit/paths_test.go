package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/transform/window"

	"github.com/klauspost/compress/zstd"
)

// verbsToCompare read a trace in each way that there is, and write the same of
// it whichever way it came.
var verbsToCompare = []string{
	"slice --from 20% --to 60%",
	"slice --part 2/3 --device launched --boundary keep",
	"strip --python --args stack --cat cpu_op",
	"strip --hardware --counters",
	"filter --min-dur 5us --not-cat gpu_memcpy --with-parents --with-device",
	"downsample --merge 20us",
	"downsample --max-events 100",
	"repair",
}

// tellers tell of a trace, how it is packed included.
var tellers = []string{"info --json", "report --json", "check --json"}

// printed is what a verb prints, and its exit status.
type printed struct {
	status   int
	out, err string
}

func printedBy(verb, file string, stdin io.Reader) printed {
	var out, err bytes.Buffer
	args := append([]string{"tracekit"}, strings.Fields(verb)...)
	status := run(context.Background(), append(args, "-q", file), stdin, &out, &err)
	input := file
	if file == "-" {
		input = "standard input"
	}
	return printed{status, out.String(), strings.ReplaceAll(err.String(), input, "FILE")}
}

const ownGzip = "t.own.json.gz"

// wayToKeep is a file that holds a text as one of the packers leaves it.
type wayToKeep struct {
	name string
	pack func(w io.Writer) io.WriteCloser
}

var waysToKeep = []wayToKeep{
	{"t.json", func(w io.Writer) io.WriteCloser { return unpacked{w} }},
	{"t.json.gz", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{ownGzip, func(w io.Writer) io.WriteCloser { return gzwrite.NewWriter(w, gzwrite.Options{}) }},
	{"t.json.zst", func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return z
	}},
}

type unpacked struct{ io.Writer }

func (unpacked) Close() error { return nil }

// comparePaths reads a text from a file of every kind and from a pipe, with an
// index and without, on one processor and on many.
func comparePaths(t *testing.T, text []byte, kept []wayToKeep) {
	t.Helper()
	made := map[string]printed{} // by each verb, the first time
	for _, k := range kept {
		file := filepath.Join(t.TempDir(), k.name)
		packed := pack(t, text, k.pack)
		if err := os.WriteFile(file, packed, 0o666); err != nil {
			t.Fatal(err)
		}
		same := func(how, verb string, got printed) {
			t.Helper()
			// A trace that shows nothing has no range to slice.
			failed := got.status == exitFailed && !strings.HasPrefix(verb, "check")
			if got.status == exitUsage || failed == (got.out != "") || failed && !strings.Contains(got.err, window.ErrRange.Error()) {
				t.Fatalf("%s, %s, %s: status %d and %d bytes: %s", k.name, how, verb, got.status, len(got.out), got.err)
			}
			got.out = nameless(got.out)
			if first, known := made[verb]; !known {
				made[verb] = got
			} else if got != first {
				t.Errorf("%s, %s, %s: status %d and %d bytes, not %d and %d: %s; not %s", k.name, how, verb,
					got.status, len(got.out), first.status, len(first.out), got.err, first.err)
			}
		}
		fromFile := func(how string) {
			t.Helper()
			for _, verb := range verbsToCompare {
				same(how, verb, printedBy(verb, file, nil))
			}
			for _, verb := range tellers {
				same(how, verb+" of "+k.name, printedBy(verb, file, nil))
			}
		}
		fromFile("a file")
		for _, verb := range verbsToCompare {
			same("a pipe", verb, printedBy(verb, "-", bytes.NewReader(packed)))
		}
		if k.name == ownGzip { // what is decompressed and scanned side by side where it can be
			for _, processors := range []int{1, 16} {
				before := runtime.GOMAXPROCS(processors)
				fromFile("on one or sixteen processors")
				runtime.GOMAXPROCS(before)
			}
		}
		if index := printedBy("index", file, nil); index.status != exitDone && index.status != exitDamaged {
			t.Fatalf("%s: no index: %v", k.name, index)
		}
		fromFile("indexed")
	}
}

var sourceName = regexp.MustCompile(`^(\s*\{"tracekit":\{"version":"[^"]*",)(?:"source":"[^"]*",)?("call":"[^"]*?)(?: t\.[a-z.]+)?"`)

// nameless is a trace that was cut without the name of the file that it was cut from: a pipe
// has none.
func nameless(text string) string { return sourceName.ReplaceAllString(text, `$1$2"`) }

func pack(t *testing.T, text []byte, by func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := by(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	firstSeed  = flag.Uint64("seed", 0, "seed of the first random trace of which all paths are compared")
	numTraces  = flag.Uint64("traces", 3, "how many random traces all paths are compared on")
	moreTraces = flag.String("recorded", "", "pattern of more recorded traces to compare all paths on")
)

func TestEveryPathGivesTheSame(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	if *moreTraces != "" {
		more, err := filepath.Glob(*moreTraces)
		if err != nil || len(more) == 0 {
			t.Fatalf("no traces %s: %v", *moreTraces, err)
		}
		files = append(files, more...)
	}
	for i, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { comparePaths(t, recorded.Text(t, name), waysFor(i)) })
	}
	for seed := *firstSeed; seed < *firstSeed+*numTraces; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 9))
			comparePaths(t, reference.Random(rng, 30+int(seed%300)), waysFor(int(seed%3)))
		})
	}
}

// waysFor are two of the ways, another one for each trace, or all of them.
func waysFor(i int) []wayToKeep {
	if *moreTraces != "" {
		return waysToKeep
	}
	return []wayToKeep{waysToKeep[0], waysToKeep[1+i%3]}
}
