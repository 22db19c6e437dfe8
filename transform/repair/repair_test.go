package repair

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	"tracekit/transform/check"
)

func temp() (*spill.File, error) { return spill.Create("") }

// repairText runs a repair and returns the output, what was set aside, and the
// report.
func repairText(t testing.TB, text []byte, o Options) (out, set []byte, r Report, err error) {
	t.Helper()
	o.Temp = temp
	var rejects bytes.Buffer
	o.Rejects = func() (io.Writer, error) { return &rejects, nil }
	var w bytes.Buffer
	r, err = Run(context.Background(), func() (io.ReadCloser, error) {
		s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
		if err != nil {
			return nil, err
		}
		return s.Text()
	}, &w, o)
	return w.Bytes(), rejects.Bytes(), r, err
}

func checkText(t testing.TB, text []byte) *check.Report {
	t.Helper()
	r, err := check.Run(context.Background(), bytes.NewReader(text), int64(len(text)), check.Options{Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unclean says what a check found, notes apart.
func unclean(r *check.Report) string {
	var s []string
	for _, f := range r.Findings {
		if f.Level != check.Note {
			s = append(s, fmt.Sprintf("%s=%d at %d: %s %s", f.Kind, f.Count, f.First[0].Offset, f.First[0].Detail, f.First[0].Head))
		}
	}
	return strings.Join(s, "\n")
}

// mustRepair repairs text and checks the laws of it: the result is clean, and
// there is nothing left to repair.
func mustRepair(t testing.TB, text []byte) {
	t.Helper()
	out, _, r, err := repairText(t, text, Options{})
	if errors.Is(err, trace.ErrNoEvents) || errors.Is(err, trace.ErrNotTrace) || errors.Is(err, trace.ErrEmpty) || errors.Is(err, trace.ErrFormat) {
		return
	}
	if err != nil {
		t.Fatalf("%v\n%q", err, clip(text))
	}
	if bad := unclean(checkText(t, out)); bad != "" {
		t.Fatalf("not clean: %s\nafter %v\ninput  %q\noutput %q", bad, r.Counts, clip(text), clip(out))
	}
	again, _, r2, err := repairText(t, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, out) || !r2.Unchanged {
		t.Fatalf("a second repair changes something: %v\ninput  %q\noutput %q\nagain  %q", r2.Counts, clip(text), clip(out), clip(again))
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 6000)] }

func realTraces(t testing.TB) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob("../../testdata/*.json.gz")
	if len(names) < 5 {
		t.Fatal("the traces are missing")
	}
	all := map[string][]byte{}
	for _, name := range names {
		all[filepath.Base(name)] = recorded.Text(t, name)
	}
	return all
}

func TestRealTraces(t *testing.T) {
	for name, text := range realTraces(t) {
		mustRepair(t, text)
		out, _, _, err := repairText(t, text, Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		if clean := checkText(t, text).Clean; clean != bytes.Equal(out, text) {
			t.Errorf("%s: clean %v, but unchanged %v", name, clean, !clean)
		}
	}
}

func TestPerfettoCases(t *testing.T) {
	names, _ := filepath.Glob("../../testdata/perfetto-cases/*.json")
	if len(names) < 30 {
		t.Fatal("the cases are missing")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		mustRepair(t, text)
	}
}

func TestRandomTraces(t *testing.T) {
	for i := range uint64(120) {
		mustRepair(t, reference.Random(rand.New(rand.NewPCG(i, 1)), 10+int(i)/3))
	}
}

// tokens are what mutations put in.
var tokens = strings.Split(`" { } [ ] , : NaN Infinity null true 1e400 -1 \ \q \ud83d \ud83d\ude00 // ,, 99999999999999999999 0.12345678901234567890123 "dur":null "ts":"5" {} 1. 01 "ph":"B" "ph":"E" "id":"zz" "bind_id":"0x1" "flow_in":true -5 "pid":"a" "name":"" "s":"p" "id2":{"local":1} `+"\n \x01 \xff \xef\xbb\xbf", " ")

var valueAt = regexp.MustCompile(`"(ph|ts|dur|pid|tid|id|name|cat|bp|s|args)"\s*:\s*("[^"]*"|[-0-9.e]+)`)

var values = strings.Split(`null -5 "x" 0 1 1.5 "7" {} [1] true "B" "E" "X" "s" "f" "b" "e" "C" "i" "M" "n" "t" "T" 1e400 NaN 12345678901234567890 9300000000000000 "2.5" {"a":NaN,"a":2}`, " ")

// mutate damages text in a few places.
func mutate(rng *rand.Rand, text []byte) []byte {
	d := bytes.Clone(text)
	for range 1 + rng.IntN(4) {
		if len(d) == 0 {
			return d
		}
		i := rng.IntN(len(d))
		j := min(len(d), i+rng.IntN(60))
		switch rng.IntN(9) {
		case 0:
			d[i] ^= 1 << rng.IntN(8)
		case 1:
			d[i] = byte(rng.IntN(256))
		case 2:
			d = append(d[:i:i], d[j:]...)
		case 3:
			d = append(append(d[:j:j], d[i:j]...), d[j:]...)
		case 4:
			if rng.IntN(3) == 0 {
				d = d[:i]
			}
		case 5, 6:
			d = append(append(d[:i:i], tokens[rng.IntN(len(tokens))]...), d[i:]...)
		default:
			if all := valueAt.FindAllSubmatchIndex(d, -1); len(all) > 0 {
				m := all[rng.IntN(len(all))]
				d = append(append(d[:m[4]:m[4]], values[rng.IntN(len(values))]...), d[m[5]:]...)
			}
		}
	}
	return d
}

func TestMutations(t *testing.T) {
	n := uint64(250)
	if testing.Short() {
		n = 60
	}
	for i := range n {
		rng := rand.New(rand.NewPCG(i, 2))
		text := reference.Random(rng, 10+rng.IntN(60))
		mustRepair(t, mutate(rng, text))
	}
}

func TestMutatedRealTraces(t *testing.T) {
	all := realTraces(t)
	for name, text := range all {
		if len(text) > 100<<10 {
			continue
		}
		for i := range uint64(25) {
			rng := rand.New(rand.NewPCG(i, uint64(len(name))))
			mustRepair(t, mutate(rng, text))
		}
	}
}

// What a repair makes of a text does not depend on how the text comes in.
func TestBlocks(t *testing.T) {
	texts := [][]byte{}
	for _, c := range cases {
		texts = append(texts, []byte(c.in))
	}
	for i := range uint64(60) {
		rng := rand.New(rand.NewPCG(i, 6))
		texts = append(texts, mutate(rng, reference.Random(rng, 10+rng.IntN(40))))
	}
	for _, text := range texts {
		whole, set, r, err := repairText(t, text, Options{})
		for _, size := range []int{1, 13, 300} {
			got, gotSet, gotR, gotErr := repairText(t, text, Options{block: size})
			if fmt.Sprint(gotErr) != fmt.Sprint(err) || !bytes.Equal(got, whole) {
				t.Fatalf("in blocks of %d bytes: %v %v\n%q\nwant %v %v\n%q\nof %q", size, gotErr, gotR.Counts, got, err, r.Counts, whole, clip(text))
			}
			if countsOf(gotR) != countsOf(r) || len(set) == 0 != (len(gotSet) == 0) {
				t.Errorf("in blocks of %d bytes: %s, want %s; of %q", size, countsOf(gotR), countsOf(r), clip(text))
			}
		}
	}
}
