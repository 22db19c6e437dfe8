package trace

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/testkit/cmptest"

	"github.com/klauspost/compress/zstd"
)

// sample is a trace of about size bytes with text, names and counters here and
// there among its events.
func sample(size int) []byte {
	rng := rand.New(rand.NewPCG(3, uint64(size)))
	var b bytes.Buffer
	b.WriteString(`{"schemaVersion":1,"note":"` + strings.Repeat("twice ", size>>10) + `","traceEvents":[`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "\n{\"ph\":\"X\",\"cat\":\"%s\",\"name\":\"op %d\",\"pid\":1,\"tid\":%d,\"ts\":%d.%03d,\"dur\":%d.5,\"args\":{\"k\":%d}},",
			[]string{"kernel", "cpu_op", `caf\u00e9`}[rng.IntN(3)], rng.IntN(50), rng.IntN(4), 1000+i*7, rng.IntN(1000), rng.IntN(90), rng.Uint32())
		if i%9973 == 5 {
			fmt.Fprintf(&b, "{\"ph\":\"C\",\"name\":\"n\",\"pid\":1,\"ts\":%d,\"args\":{\"v\":%d}},", i*7, i)
			b.WriteString(`{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"t"}},`)
		}
	}
	b.WriteString("{}\n],\"after\":[1,2]}\n")
	return b.Bytes()
}

// packings are ways to keep a text in a file.
var packings = []struct {
	name string
	pack func(text []byte) []byte
}{
	{"plain", func(text []byte) []byte { return text }},
	{"gzip", gzipped},
	{"cut", func(text []byte) []byte { p := gzipped(text); return p[:len(p)-len(p)/5] }},
	{"zstd", func(text []byte) []byte {
		z, err := zstd.NewWriter(nil)
		if err != nil {
			panic(err)
		}
		return z.EncodeAll(text, nil)
	}},
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text)
	z.Close()
	return b.Bytes()
}

var someTime = time.Date(2026, 3, 17, 1, 9, 2, 63606411, time.UTC)

func openSample(t testing.TB, file []byte) (*Source, Identity) {
	t.Helper()
	s, err := NewSource(bytes.NewReader(file), int64(len(file)), SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.points.every = 90 << 10
	id, err := Identify(bytes.NewReader(file), int64(len(file)), someTime)
	if err != nil {
		t.Fatal(err)
	}
	return s, id
}

func indexOf(t testing.TB, file []byte) (*Index, Identity) {
	t.Helper()
	s, id := openSample(t, file)
	x, err := s.Index(context.Background(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x, id
}

// contents are the parts of blocks as a second reading gives them.
func contents(s *Source, blocks []Block) (string, error) {
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return "", err
	}
	defer r.Close()
	var all strings.Builder
	for {
		b, err := r.Next()
		if err == io.EOF {
			return all.String(), nil
		}
		if err != nil {
			return all.String(), err
		}
		for i := range b.Parts {
			all.Write(b.Parts[i].Text)
			for k := range b.Parts[i].Events {
				e := &b.Parts[i].Events[k]
				fmt.Fprintf(&all, "%s%s@%d+%d,", e.Lead(), e.Raw(), e.TS, e.Dur)
			}
		}
	}
}

func TestIndexesGiveWhatReadingGives(t *testing.T) {
	text := sample(3 << 19)
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			file := p.pack(text)
			read, _ := openSample(t, file)
			want, err := read.Survey(nil)
			if err != nil {
				t.Fatal(err)
			}
			x, id := indexOf(t, file)
			if x, err = ParseIndex(x.Append(nil)); err != nil {
				t.Fatal(err)
			}
			indexed, _ := openSample(t, file)
			if err := indexed.Use(x, id); err != nil {
				t.Fatal(err)
			}
			got, err := indexed.Survey(nil)
			if err != nil {
				t.Fatal(err)
			}
			cmptest.Same(t, "the survey, which a reading made", want, got)
			if gzip := p.name == "gzip" || p.name == "cut"; (x.Places() > 10) != gzip {
				t.Errorf("%d places", x.Places())
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for range 4 {
				var some []Block
				for _, b := range want.Blocks {
					if rng.IntN(4) == 0 {
						some = append(some, b)
					}
				}
				a, err := contents(read, some)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := contents(indexed, some); err != nil || a != b {
					t.Fatalf("%d blocks: %d bytes with the index, %d without, error %v", len(some), len(b), len(a), err)
				}
			}
		})
	}
}

// TestPlacesGrowNoMoreThanAllowed makes more places than there may be: what is
// read from those that are left is the same.
func TestPlacesGrowNoMoreThanAllowed(t *testing.T) {
	file := gzipped(sample(3 << 19))
	all, _ := openSample(t, file)
	want, err := all.Survey(nil)
	if err != nil {
		t.Fatal(err)
	}
	few, _ := openSample(t, file)
	few.points.most = 8
	if _, err := few.Survey(nil); err != nil {
		t.Fatal(err)
	}
	if n := len(few.points.list); n >= 8 || n < 4 || len(all.points.list) <= 8 {
		t.Errorf("%d places of %d", n, len(all.points.list))
	}
	for i := range few.points.list[1:] {
		if gap := few.points.list[i+1].out - few.points.list[i].out; gap < few.points.every {
			t.Errorf("%d bytes from place %d to the next, not %d", gap, i, few.points.every)
		}
	}
	for i := range want.Blocks {
		a, err := contents(all, want.Blocks[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if b, err := contents(few, want.Blocks[i:i+1]); err != nil || a != b {
			t.Fatalf("block %d: %d bytes, not %d, error %v", i, len(b), len(a), err)
		}
	}
}

// TestEventsAreReadWithAnIndexToo makes sure that who wants every event gets it.
func TestEventsAreReadWithAnIndexToo(t *testing.T) {
	file := gzipped(sample(1 << 20))
	x, id := indexOf(t, file)
	s, _ := openSample(t, file)
	if err := s.Use(x, id); err != nil {
		t.Fatal(err)
	}
	var seen, bytes int64
	v, err := s.Survey(func(e *Event) error {
		seen++
		bytes += int64(e.Size())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	cmptest.Same(t, "the survey", x.Survey, *v)
	var events, size int64
	for _, c := range x.Cats {
		events, size = events+c.Events, size+c.Bytes
	}
	if seen != v.Events || events != seen || size != bytes || len(s.points.list) != len(x.points) {
		t.Errorf("%d events of %d bytes seen, %d of %d surveyed by category, %d in all", seen, bytes, events, size, v.Events)
	}
}

func TestCategories(t *testing.T) {
	x, _ := indexOf(t, []byte(`[{"ph":"X","cat":"a","ts":1,"dur":2},{"ph":"X","cat":"a","ts":9,"dur":0.5},{"ph":"i","cat":"a","ts":1},
		{"ph":"X","ts":1,"dur":7},{"ph":"X","cat":"a","ts":7,"dur":-1}]`))
	for _, want := range []Category{
		{Phase: 'X', Cat: "a", Events: 3, Busy: 2500}, {Phase: 'i', Cat: "a", Events: 1}, {Phase: 'X', Events: 1, Busy: 7000},
	} {
		found := false
		for _, c := range x.Cats {
			c.Bytes = 0
			found = found || c == want
		}
		if !found {
			t.Errorf("no %+v in %+v", want, x.Cats)
		}
	}
}

func TestAnotherFileIsStale(t *testing.T) {
	file := gzipped(sample(3 << 20))
	x, id := indexOf(t, file)
	other := func(change func(f []byte) []byte, modified time.Time) {
		t.Helper()
		f := change(bytes.Clone(file))
		id, err := Identify(bytes.NewReader(f), int64(len(f)), modified)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSource(bytes.NewReader(f), int64(len(f)), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Use(x, id); !errors.Is(err, ErrStale) {
			t.Errorf("error %v", err)
		}
	}
	same := func(f []byte) []byte { return f }
	other(same, someTime.Add(time.Nanosecond))
	other(func(f []byte) []byte { return append(f, 0) }, someTime)
	other(func(f []byte) []byte { return f[:len(f)-1] }, someTime)
	other(func(f []byte) []byte { f[4]++; return f }, someTime)
	other(func(f []byte) []byte { f[len(f)-1]++; return f }, someTime)

	pipe, err := NewSource(io.MultiReader(bytes.NewReader(file)), -1, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.Use(x, id); !errors.Is(err, ErrStale) {
		t.Errorf("a pipe: error %v", err)
	}
}

// seal ends a made-up index with the checksum that it needs.
func seal(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
}

// tryIndex uses an index file that may say anything on a trace, and fails if
// it is taken for good but does not come back as it is.
func tryIndex(t *testing.T, file, packed []byte) {
	t.Helper()
	x, err := ParseIndex(file)
	if err != nil {
		if !errors.Is(err, ErrIndex) {
			t.Fatalf("error %v", err)
		}
		return
	}
	again, err := ParseIndex(x.Append(nil))
	if err != nil {
		t.Fatalf("what was written can't be read: %v", err)
	}
	cmptest.Same(t, "the index that comes back", x, again)
	s, id := openSample(t, packed)
	x.File, x.Format = id, s.format
	if s.Use(x, id) != nil {
		return
	}
	v, err := s.Survey(nil)
	if err != nil {
		t.Fatal(err)
	}
	contents(s, v.Blocks)
}

// What others keep in an index comes back under its name, if it has room.
func TestSectionsOfAnIndex(t *testing.T) {
	packed := gzipped(sample(120 << 10))
	x, id := indexOf(t, packed)
	many := bytes.Repeat([]byte("steps"), 1000)
	if x.Put("a 1", many, 100) == 0 || x.Put("b 1", []byte{}, 100) == 0 || x.Put("c 1", many, 10) != 0 {
		t.Error("they are not kept as they fit")
	}
	y, err := ParseIndex(x.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := openSample(t, packed)
	if s.Indexed("a 1") != nil {
		t.Error("something without an index")
	}
	if err := s.Use(y, id); err != nil {
		t.Fatal(err)
	}
	if a, c := s.Indexed("a 1"), s.Indexed("c 1"); !bytes.Equal(a, many) || c != nil {
		t.Errorf("%d and %d bytes", len(a), len(c))
	}
	y.sections[0].size--
	if y.Get("a 1") != nil {
		t.Error("a section of another size")
	}
}

func TestHostileIndex(t *testing.T) {
	packed := gzipped(sample(120 << 10))
	x, _ := indexOf(t, packed)
	good := x.Append(nil)
	for n := range good {
		if _, err := ParseIndex(good[:n]); !errors.Is(err, ErrIndex) {
			t.Fatalf("cut at %d: error %v", n, err)
		}
	}
	body := good[:len(good)-crc32.Size]
	for i := 0; i < len(body); i += 1 + i/5 {
		for _, c := range []byte{0, 0x7f, 0xff, body[i] ^ 1} {
			bad := bytes.Clone(body)
			bad[i] = c
			tryIndex(t, seal(bad), packed)
		}
	}
}

func FuzzIndex(f *testing.F) {
	packed := gzipped(sample(8 << 10))
	x, _ := indexOf(f, packed)
	good := x.Append(nil)
	f.Add(good[len(indexMagic) : len(good)-crc32.Size])
	f.Fuzz(func(t *testing.T, body []byte) {
		tryIndex(t, seal(append([]byte(indexMagic), body...)), packed)
	})
}

// TestProcessorsDoNotMatter reads what tracekit has packed itself, whole and
// damaged, with one processor and with many.
func TestProcessorsDoNotMatter(t *testing.T) {
	var b bytes.Buffer
	w := gzwrite.NewWriter(&b, gzwrite.Options{})
	w.Write(sample(5 << 19))
	w.Close()
	flipped := bytes.Clone(b.Bytes())
	flipped[len(flipped)*2/3] ^= 0x10
	for _, file := range [][]byte{b.Bytes(), b.Bytes()[:b.Len()*3/4], flipped} {
		var events, texts, damage []string
		for _, processors := range []int{1, 4, 16} {
			before := runtime.GOMAXPROCS(processors)
			defer runtime.GOMAXPROCS(before)
			s, _ := openSample(t, file)
			var all strings.Builder
			v, err := s.Survey(func(e *Event) error {
				all.Write(e.Raw())
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			second, err := contents(s, v.Blocks)
			if err != nil {
				t.Fatal(err)
			}
			events, damage = append(events, all.String()+second), append(damage, v.Damage.String())
			s, _ = openSample(t, file)
			r, err := s.Text()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			texts = append(texts, fmt.Sprint(string(text), err))
			r.Close()
		}
		for i := range events {
			if events[0] != events[i] || texts[0] != texts[i] || damage[0] != damage[i] {
				t.Errorf("%d and %d bytes of events, %d and %d of text, damage %q and %q",
					len(events[0]), len(events[i]), len(texts[0]), len(texts[i]), damage[0], damage[i])
			}
		}
	}
}
