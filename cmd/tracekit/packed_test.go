package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/testkit/tracegen"
)

// What of a packed trace stays as it was is copied, packed as it is. The result
// depends on the file alone, not on how it is read, and is the same text as without.
func TestPackedOutputDependsOnTheFileAlone(t *testing.T) {
	var text bytes.Buffer
	size := int64(2 << 20)
	if _, err := tracegen.Generate(&text, tracegen.Config{Seed: 3, Producer: tracegen.CUDA, Python: true, Hardware: true, TargetBytes: size}); err != nil {
		t.Fatal(err)
	}
	verbs := []string{
		"strip --cat nothing", "strip --python", "slice --from 0%", "slice --from 20% --to 60%", "slice --part 2/3 --device launched",
		"filter --not-cat gpu_memcpy", "filter --min-dur 5us --with-parents", "downsample --merge 20us", "repair",
	}
	if testing.Short() {
		verbs = []string{"strip --cat nothing", "strip --python", "slice --from 20% --to 60%", "filter --not-cat gpu_memcpy"}
	}
	for _, k := range waysToKeep {
		if testing.Short() && k.name != "t.json.gz" && k.name != ownGzip {
			continue
		}
		file := filepath.Join(t.TempDir(), k.name)
		packed := pack(t, text.Bytes(), k.pack)
		if err := os.WriteFile(file, packed, 0o666); err != nil {
			t.Fatal(err)
		}
		made := map[string]printed{}
		same := func(how, verb string, got printed) {
			t.Helper()
			if got.status != exitDone {
				t.Fatalf("%s, %s, %s: status %d: %s", k.name, how, verb, got.status, got.err)
			}
			if first, known := made[verb]; !known {
				made[verb] = got
			} else if got != first {
				t.Errorf("%s, %s, %s: %d bytes, not %d", k.name, how, verb, len(got.out), len(first.out))
			}
		}
		all := func(how string) {
			t.Helper()
			for _, verb := range verbs {
				same(how, verb, printedBy(verb+" -z gzip", file, nil))
			}
		}
		all("a file")
		for _, verb := range verbs {
			got := printedBy(verb+" -z gzip", "-", &dripping{r: bytes.NewReader(packed)})
			if !strings.HasPrefix(verb, "slice") {
				same("a pipe", verb, got)
			} else if nameless(unpack(t, got.out)) != nameless(unpack(t, made[verb].out)) {
				t.Errorf("%s, a pipe, %s: another trace than of the file, but for the name", k.name, verb)
			}
		}
		for _, processors := range []int{1, 16} {
			before := runtime.GOMAXPROCS(processors)
			all("on one or sixteen processors")
			runtime.GOMAXPROCS(before)
		}
		if index := printedBy("index", file, nil); index.status != exitDone {
			t.Fatalf("%s: no index: %v", k.name, index)
		}
		all("indexed")
		for _, verb := range verbs {
			plain := printedBy(verb, file, nil)
			if got := unpack(t, made[verb].out); got != plain.out {
				t.Errorf("%s, %s: %d bytes, %d packed and unpacked", k.name, verb, len(plain.out), len(got))
			}
			if verb != "strip --cat nothing" && verb != "slice --from 0%" {
				continue
			}
			// All stays, so that some is copied if it was gzip.
			anew := pack(t, []byte(plain.out), func(w io.Writer) io.WriteCloser { return gzwrite.NewWriter(w, gzwrite.Options{}) })
			if gzip := strings.HasSuffix(k.name, ".gz"); (string(anew) == made[verb].out) == gzip {
				t.Errorf("%s, %s: packed anew it is %d bytes, and %d", k.name, verb, len(anew), len(made[verb].out))
			}
		}
	}
}

func unpack(t *testing.T, packed string) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader([]byte(packed)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dripping gives less than is asked for, now more, now less.
type dripping struct {
	r *bytes.Reader
	n int
}

func (d *dripping) Read(p []byte) (int, error) {
	d.n++
	return d.r.Read(p[:min(len(p), 1+d.n*d.n*7919%70_000)])
}
