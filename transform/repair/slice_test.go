package repair

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// sliceText is the range [from, to) in ns of a trace, clipped; nil if there is
// nothing.
func sliceText(t testing.TB, text []byte, from, to int64) []byte {
	t.Helper()
	bound := func(ns int64) window.Bound {
		b, err := window.Parse("@" + string(trace.AppendMicros(nil, trace.Time(ns))))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out bytes.Buffer
	o := slice.Options{Range: window.Range{From: bound(from), To: bound(to)}}
	_, err = slice.Run(context.Background(), s, trace.NewWriter(&out), o)
	if errors.Is(err, window.ErrRange) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wild makes a trace with the damage that is met in real ones: slices of a stream
// that overlap, begins and ends that have lost each other, flows to nowhere.
// Times are whole nanoseconds.
func wild(rng *rand.Rand, n int) []byte {
	b := []byte(`{"traceEvents":[`)
	micros := func(most int64) []byte { return trace.AppendMicros(nil, trace.Time(rng.Int64N(most))) }
	for i := range n {
		if i > 0 {
			b = append(b, ',', '\n')
		}
		name := string(rune('a' + rng.IntN(4)))
		ts := micros(100_000)
		switch rng.IntN(8) {
		case 0, 1, 2:
			b = fmt.Appendf(b, `{"ph":"X","cat":"kernel","name":"%s","pid":1,"tid":%d,"ts":%s,"dur":%s}`, name, rng.IntN(3), ts, micros(30_000))
		case 3:
			b = fmt.Appendf(b, `{"ph":"B","name":"%s","pid":2,"tid":%d,"ts":%s}`, name, rng.IntN(2), ts)
			if rng.IntN(3) > 0 {
				b = fmt.Appendf(b, ",\n"+`{"ph":"E","pid":2,"tid":%d,"ts":%s}`, rng.IntN(2), micros(100_000))
			}
		case 4:
			b = fmt.Appendf(b, `{"ph":"%c","cat":"req","name":"%s","id":"%s","pid":2,"tid":1,"ts":%s}`, "be"[rng.IntN(2)], name, name, ts)
		case 5:
			b = fmt.Appendf(b, `{"ph":"s","name":"ac2g","cat":"ac2g","id":%d,"pid":1,"tid":%d,"ts":%s}`, rng.IntN(5), rng.IntN(3), ts)
		case 6:
			b = fmt.Appendf(b, `{"ph":"f","bp":"e","name":"ac2g","cat":"ac2g","id":%d,"pid":1,"tid":%d,"ts":%s}`, rng.IntN(5), rng.IntN(3), ts)
		case 7:
			b = fmt.Appendf(b, `{"ph":"C","name":"%s","pid":2,"ts":%s,"args":{"v":%d}}`, name, ts, rng.IntN(9))
		}
	}
	return append(b, "]}"...)
}

// mustSlice checks that ranges of what a repair makes are clean.
func mustSlice(t testing.TB, rng *rand.Rand, text []byte, ranges int) {
	t.Helper()
	out, _, _, err := repairText(t, text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := reference.Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	for range ranges {
		from, to := reference.RandomWindow(rng, parsed)
		piece := sliceText(t, out, from, to)
		if piece == nil {
			continue
		}
		if bad := unclean(checkText(t, piece)); bad != "" {
			t.Fatalf("[%d, %d) ns is not clean: %s\nof %s\nis %s", from, to, bad, clip(out), clip(piece))
		}
	}
}

func TestSliceOfRepaired(t *testing.T) {
	for i := range uint64(50) {
		rng := rand.New(rand.NewPCG(i, 4))
		text := wild(rng, 3+rng.IntN(60))
		mustRepair(t, text)
		mustSlice(t, rng, text, 4)
	}
	for _, text := range realTraces(t) {
		rng := rand.New(rand.NewPCG(1, uint64(len(text))))
		if len(text) < 1<<20 {
			mustSlice(t, rng, text, 4)
		}
	}
}
