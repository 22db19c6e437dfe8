package trace

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"tracekit/internal/spill"
)

type zipped struct {
	name   string
	method uint16
	data   []byte
}

func archive(t *testing.T, files ...zipped) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: f.method})
		if err != nil {
			t.Fatal(err)
		}
		entry.Write(f.data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func realTrace(t *testing.T) (packed, plain []byte) {
	t.Helper()
	packed, err := os.ReadFile("../testdata/vllm_decode_one_step.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return packed, plain
}

// bothReadings returns the text of a survey's parts, and that of its blocks when
// they are read again.
func bothReadings(t *testing.T, file []byte) (first, second string) {
	t.Helper()
	s, err := NewSource(bytes.NewReader(file), int64(len(file)), SourceOptions{
		Spool: func() (*spill.File, error) { return spill.Create(t.TempDir()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Format() != Zip || s.Size() != int64(len(file)) {
		t.Fatalf("%v of %d bytes, want zip of %d", s.Format(), s.Size(), len(file))
	}
	var text strings.Builder
	gather := func(p *Part) {
		text.Write(p.Text)
		for i := range p.Events {
			text.Write(p.Events[i].Raw())
		}
	}
	v, err := s.SurveyParts(func(p *Part) error { gather(p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if v.Damage.Lost() {
		t.Error(v.Damage.String())
	}
	first = text.String()
	text.Reset()
	r, err := s.ReadBlocks(v.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return first, text.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Parts {
			gather(&b.Parts[i])
		}
	}
}

func TestZipHoldsTheTraceThatWentIn(t *testing.T) {
	packed, plain := realTrace(t)
	folder := zipped{"run/", zip.Store, nil}
	hidden := zipped{"__MACOSX/._trace.json", zip.Store, []byte("x")}
	want, _ := bothReadings(t, archive(t, zipped{"trace.json", zip.Store, plain}))
	if len(want) < len(plain)/2 {
		t.Fatalf("%d bytes of events in a trace of %d", len(want), len(plain))
	}
	for name, file := range map[string][]byte{
		"deflated":      archive(t, zipped{"trace.json", zip.Deflate, plain}),
		"in a folder":   archive(t, folder, hidden, zipped{"run/trace.json", zip.Deflate, plain}),
		"gzip, stored":  archive(t, zipped{"trace.json.gz", zip.Store, packed}),
		"gzip, packed":  archive(t, zipped{"trace.json.gz", zip.Deflate, packed}),
		"stored, again": archive(t, folder, zipped{"run/trace.json", zip.Store, plain}),
	} {
		first, second := bothReadings(t, file)
		if first != want || second != want {
			t.Errorf("%s: %d bytes, then %d; want %d", name, len(first), len(second), len(want))
		}
	}
}

func TestZipThatIsNotReadSaysWhy(t *testing.T) {
	_, plain := realTrace(t)
	one := archive(t, zipped{"a.json", zip.Deflate, plain})
	two := archive(t, zipped{"a.json", zip.Deflate, plain}, zipped{"b.json", zip.Deflate, plain})
	for _, c := range []struct {
		name, says string
		file       []byte
		err        error
	}{
		{"two files", "2 files", two, ErrFormat},
		{"no file", "0 files", archive(t, zipped{"a/", zip.Store, nil}), ErrFormat},
		{"a zip in it", "zip in a zip", archive(t, zipped{"a.zip", zip.Store, one}), ErrFormat},
		{"a packed zip in it", "zip in a zip", archive(t, zipped{"a.zip", zip.Deflate, one}), ErrFormat},
		{"cut", "zip", one[:len(one)-30], ErrDecode},
	} {
		_, err := NewSource(bytes.NewReader(c.file), int64(len(c.file)), SourceOptions{})
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := NewSource(io.MultiReader(bytes.NewReader(one)), -1, SourceOptions{}); !errors.Is(err, ErrFormat) {
		t.Errorf("a pipe: %v", err)
	}
}

func TestDamageInAZipIsCounted(t *testing.T) {
	_, plain := realTrace(t)
	file := archive(t, zipped{"a.json", zip.Deflate, plain})
	for i := len(file) / 2; i < len(file)/2+64; i++ {
		file[i] ^= 0x5a
	}
	s, err := NewSource(bytes.NewReader(file), int64(len(file)), SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Survey(func(*Event) error { return nil })
	if err != nil || !v.Damage.Lost() || v.Events == 0 {
		t.Errorf("error %v, damage %v", err, v)
	}
}

func TestFramedReadsAtAnyPlace(t *testing.T) {
	_, plain := realTrace(t)
	file := archive(t, zipped{"a.json", zip.Deflate, plain[:5000]})
	at, size, err := unzip(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(io.NewSectionReader(at, 0, size))
	if err != nil || int64(len(whole)) != size {
		t.Fatalf("%d bytes of %d: %v", len(whole), size, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, plain[:5000]) {
		t.Fatalf("%d bytes of text: %v", len(text), err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		off := random.Int64N(size + 5)
		p := make([]byte, random.IntN(40))
		n, err := at.ReadAt(p, off)
		want := min(int64(len(p)), max(0, size-off))
		if int64(n) != want || !bytes.Equal(p[:n], whole[min(off, size):min(off, size)+want]) || (n < len(p)) != (err == io.EOF) {
			t.Fatalf("%d bytes at %d of %d: %d, %v", len(p), off, size, n, err)
		}
	}
}
