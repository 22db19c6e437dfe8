package check

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// realTexts are the texts of real traces in the tree, the first bytes of the larger ones.
func realTexts(t testing.TB) (texts [][]byte) {
	t.Helper()
	names, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatal("no traces: ", err)
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(io.LimitReader(z, 1<<20))
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// readBoth reads the event at b[p] by shapes and without, compares all that is read, and
// reports whether its shape was known.
func readBoth(t testing.TB, quick, slow *event, b []byte, p int) (end int, st status, known bool) {
	t.Helper()
	quick.reset()
	_, known = quick.shapes.read(b, p, quick)
	end, st = quick.read(b, p)
	slow.reset()
	wantEnd, wantStatus := slow.readAny(b, p)
	if end != wantEnd || st != wantStatus {
		t.Fatalf("it ends at %d with status %d, want %d with %d:\n%s", end, st, wantEnd, wantStatus, b[p:min(len(b), p+2000)])
	}
	if d := cmptest.Diff(slow.facts, quick.facts); d != "" {
		t.Fatalf("other facts (- want, + got):\n%s\n%s", d, b[p:end])
	}
	return end, st, known
}

// eachObject calls f for where objects begin that follow a comma or bracket.
func eachObject(text []byte, f func(p int) (end int)) {
	for p := 0; ; {
		i := bytes.IndexByte(text[p:], '{')
		if i < 0 {
			return
		}
		if p += i; p > 0 {
			if before := bytes.TrimRight(text[:p], " \r\n\t"); len(before) > 0 && strings.IndexByte(",[", before[len(before)-1]) >= 0 {
				p = max(f(p), p+1)
				continue
			}
		}
		p++
	}
}

// What is read of an event does not depend on whether its shape is known: of real ones, and
// of those with bytes put in, taken out and changed.
func TestShapesAgainstTheLexer(t *testing.T) {
	known, all := 0, 0
	for k, text := range realTexts(t) {
		rng := rand.New(rand.NewPCG(uint64(k), 3))
		var quick, slow event
		eachObject(text, func(p int) int {
			end, st, byShape := readBoth(t, &quick, &slow, text, p)
			if st != ok {
				return end
			}
			if all++; byShape {
				known++
			}
			if rng.IntN(4) == 0 {
				damaged := damage(rng, append(bytes.Clone(text[p:end]), ", \n  "...))
				readBoth(t, &quick, &slow, damaged, 0)
				cut := damaged[:rng.IntN(len(damaged))]
				if len(cut) > 0 {
					readBoth(t, &quick, &slow, cut, 0)
				}
			}
			return end
		})
	}
	if known < all*8/10 || all < 5000 {
		t.Errorf("only %d of %d events are of a known shape", known, all)
	}
}

// damage changes a few bytes behind the first.
func damage(rng *rand.Rand, b []byte) []byte {
	odd := []string{`"`, `\`, `\u00e9`, `\ud800`, "\t", "\xff", "é", "{", "}", "[", "]", ",", ":", "0", "1e5", "-", ".", "1e999", "true", "null", " ", "12345678901234567890", `"ts":`, `"ts": "5",`, `"dur": null,`, `"pid": -1,`, `"args": {},`, `"id2": {"local": 1},`}
	for range 1 + rng.IntN(3) {
		at := 1 + rng.IntN(len(b)-1)
		to := at
		if rng.IntN(3) == 0 {
			to = min(len(b), at+rng.IntN(4))
		}
		if rng.IntN(3) == 0 { // before a key
			if i := bytes.IndexByte(b[at:], ','); i >= 0 {
				at += i + 1
				to = at
			}
		}
		b = append(append(bytes.Clone(b[:at]), odd[rng.IntN(len(odd))]...), b[to:]...)
	}
	return b
}

// Shapes that never come again fill neither memory nor time.
func TestShapesAreBounded(t *testing.T) {
	var e event
	for i := range 20_000 {
		b := fmt.Appendf(nil, `{"ph":"X","key%d":1,"ts":%d,"args":{"a%d":1}}`, i, i, i)
		if _, st := e.read(append(b, ' '), 0); st != ok {
			t.Fatal(string(b))
		}
	}
	if s := &e.shapes; s.count > mostShapes || s.misses != mostMisses {
		t.Errorf("%d shapes, %d misses", s.count, s.misses)
	}
}

func FuzzShapes(f *testing.F) {
	for _, text := range realTexts(f) {
		n := 0
		eachObject(text, func(p int) int {
			var e event
			end, _ := e.read(text, p)
			if n++; n%50 == 0 {
				f.Add(text[p:end], uint64(n))
			}
			return end
		})
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		if len(b) == 0 {
			return
		}
		var quick, slow event
		b = append(b, ' ')
		readBoth(t, &quick, &slow, b, 0)
		rng := rand.New(rand.NewPCG(seed, 4))
		for range 4 {
			readBoth(t, &quick, &slow, damage(rng, bytes.Clone(b)), 0)
		}
	})
}

func BenchmarkReadEvents(b *testing.B) {
	texts := realTexts(b)
	for _, way := range []string{"shapes", "lexer"} {
		b.Run(way, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = 0
				for _, text := range texts {
					var e event
					eachObject(text, func(p int) int {
						n += len(text)
						if way == "shapes" {
							end, _ := e.read(text, p)
							return end
						}
						e.reset()
						end, _ := e.readAny(text, p)
						return end
					})
				}
			}
		})
	}
}
