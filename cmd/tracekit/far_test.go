package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/far"
	"tracekit/internal/testkit/tracegen"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// called runs a command in this process.
func called(stdin string, args ...string) printed {
	var out, err bytes.Buffer
	status := run(context.Background(), append([]string{"tracekit"}, args...), strings.NewReader(stdin), &out, &err)
	return printed{status, out.String(), err.String()}
}

// made is a trace of about so many bytes of JSON.
func made(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := tracegen.Generate(&b, tracegen.Config{Seed: 3, Producer: tracegen.Gaudi, TargetBytes: size, Hardware: true, Python: true}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packedBy(t *testing.T, text []byte, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch filepath.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".zst":
		w, _ = zstd.NewWriter(&b)
	case ".zip":
		z := zip.NewWriter(&b)
		f, err := z.Create("t.json")
		if err == nil {
			_, err = f.Write(text)
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	default:
		return text
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shelf serves files by their paths: under /ranges/ from anywhere, under /stream/ as one, and
// under /chunked/ without saying how long they are.
type shelf map[string][]byte

func (s shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, there := s[path.Base(r.URL.Path)]
	file := far.File{Text: text, Tag: fmt.Sprintf(`"%d-%s"`, len(text), path.Base(r.URL.Path))}
	switch kind := path.Base(path.Dir(r.URL.Path)); {
	case !there:
		http.NotFound(w, r)
	case kind == "ranges":
		file.ServeHTTP(w, r)
	default:
		(&far.Stream{File: file, Chunked: kind == "chunked"}).ServeHTTP(w, r)
	}
}

// verbsFromFar are calls of every verb that reads a trace. FILE is it, and OUT a place of its own.
var verbsFromFar = []string{
	"slice --from 20% --to 60% FILE",
	"slice --part 2/3 --device launched --boundary keep --compress gzip FILE",
	"strip --python --args stack FILE",
	"filter --min-dur 5us --with-parents FILE",
	"downsample --merge 20us FILE",
	"downsample --max-events 100 FILE",
	"split --by step -o OUT FILE",
	"split --by size --size 100kB --dry-run FILE",
	"merge -o OUT/all.json FILE FILE2",
	"merge -o OUT/all.tar FILE FILE2",
	"info --json FILE",
	"info --html OUT/page.html FILE",
	"report --json FILE",
	"report --json --from 10% --to 12% FILE",
	"compare --json FILE FILE2",
	"check --json FILE",
	"repair FILE",
	"info --json FILE FILE2",
	"slice --from 20% --to 60% -o OUT/ FILE FILE2",
	"index -o OUT/x.tkx FILE",
}

// filesUnder is the text of all files in a folder, by their names.
func filesUnder(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if relative, _ := filepath.Rel(dir, name); !strings.HasSuffix(name, indexSuffix) { // an index names its file
			all[relative] = string(text)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all
}

// besideOf is the name of a trace that verbs may take with the one of some name.
func besideOf(name string) string { return "rank1-" + name }

// madeOf is what a verb makes of the trace of some name in a folder, whose name is taken out.
func madeOf(t *testing.T, dir, name, verb string, more ...string) (m outcome) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	call := strings.NewReplacer("FILE2", dir+besideOf(name), "FILE", dir+name, "OUT", out).Replace(verb)
	m.printed = called("", append(append(strings.Fields(call), "-q"), more...)...)
	m.out = strings.ReplaceAll(m.out, dir, "")
	m.files = filesUnder(t, out)
	for name, text := range m.files {
		m.files[name] = strings.ReplaceAll(text, dir, "")
	}
	return m
}

// What comes out is the same wherever a trace is, however it is packed, whether the server has
// ranges, and with an index and without.
func TestFarInputsGiveTheSameOutput(t *testing.T) {
	far.Alone(t)
	text := made(t, 400_000)
	names := []string{"t.json.gz", "t.json", "t.json.zst", "t.json.zip"}
	if testing.Short() {
		names = names[:2]
	}
	for _, name := range names {
		near := t.TempDir()
		shelf, bucket := shelf{}, far.NewS3(t, "traces")
		bucket.Know("ID", "SECRET", "")
		t.Setenv("AWS_ACCESS_KEY_ID", "ID")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
		put := func(name string, text []byte) {
			if err := os.WriteFile(filepath.Join(near, name), text, 0o666); err != nil {
				t.Fatal(err)
			}
			shelf[name] = text
			bucket.Put(t, "traces", "dir/"+name, text)
		}
		packed := packedBy(t, text, name)
		put(name, packed)
		put(besideOf(name), packed)
		web := far.NewProxy(t, shelf)
		from := func(dir, verb string) outcome { return madeOf(t, dir, name, verb, "--s3-endpoint", bucket.URL) }
		most := len(verbsFromFar)
		if strings.HasSuffix(name, ".zst") || strings.HasSuffix(name, ".zip") {
			most = 4 // how it is packed has no part in how it comes
		}
		nearby := map[string]outcome{} // by verb, without an index
		for _, verb := range verbsFromFar {
			nearby[verb] = from(near+"/", verb)
		}
		judge := func(how, at, verb string) {
			t.Helper()
			n, f := nearby[verb], from(at, verb)
			if n.status != f.status || n.out != f.out {
				t.Errorf("%s, %s, %s: status %d and %d bytes, not %d and %d: %s", how, at+name, verb, f.status, len(f.out), n.status, len(n.out), f.err)
			}
			if n.status > exitDamaged && n.status != exitNo || n.status == exitUsage {
				t.Errorf("%s: status %d: %s", verb, n.status, n.err)
			}
			if len(n.files) != len(f.files) {
				t.Errorf("%s, %s, %s: %d files, not %d", how, at+name, verb, len(f.files), len(n.files))
			}
			for file, text := range n.files {
				if f.files[file] != text {
					t.Errorf("%s, %s, %s: %s is another", how, at+name, verb, file)
				}
			}
		}
		places := map[string]string{"ranges": web.URL + "/ranges/", "one stream": web.URL + "/stream/", "chunked": web.URL + "/chunked/", "S3": "s3://traces/dir/"}
		for how, at := range places {
			for _, verb := range verbsFromFar[:most] {
				judge(how, at, verb)
			}
		}
		if p := called("", "index", "-q", filepath.Join(near, name)); p.status != exitDone {
			t.Fatal(p.err)
		}
		index, err := os.ReadFile(filepath.Join(near, name+indexSuffix))
		if err != nil {
			t.Fatal(err)
		}
		put(name+indexSuffix, index)
		for how, at := range places {
			for _, verb := range verbsFromFar[:min(16, most)] {
				judge(how+", indexed", at, verb)
			}
		}
		// An index that was made from afar, of what is there.
		own := filepath.Join(t.TempDir(), "far.tkx")
		if p := called("", "index", "-q", "-o", own, web.URL+"/ranges/"+name); p.status != exitDone {
			t.Fatal(p.err)
		}
		judgeIndex := func(status int, at string, more ...string) printed {
			t.Helper()
			p := called("", append([]string{"slice", "--from", "20%", "--to", "60%", "--index", own, at}, more...)...)
			want := called("", "slice", "-q", "--from", "20%", "--to", "60%", filepath.Join(near, name))
			if p.status != status || status == exitDone && p.out != want.out {
				t.Errorf("%s with an index of its own: status %d, %d bytes, not %d: %s", at, p.status, len(p.out), len(want.out), p.err)
			}
			return p
		}
		judgeIndex(exitDone, web.URL+"/ranges/"+name)
		shelf[name] = append(bytes.Clone(packed[:len(packed)-1]), packed[len(packed)-1]^1, 0) // another state
		if p := judgeIndex(exitFailed, web.URL+"/ranges/"+name); !strings.Contains(p.err, "the trace is not as it was when that was made") {
			t.Error(p.err)
		}
	}
}
