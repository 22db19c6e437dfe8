package slice

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/window"
)

// nested is a trace of long threads, some with calls around all that they did, and
// with flows between them.
func nested(rng *rand.Rand, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"traceEvents":[`)
	for tid := 0; b.Len() < size; tid++ {
		for n := range rng.IntN(4) {
			fmt.Fprintf(&b, "\n {\"ph\":\"X\",\"name\":\"outer %d\",\"pid\":1,\"tid\":%d,\"ts\":%d,\"dur\":%d},", n, tid, n, 1_000_000-2*n)
		}
		few := 15_000 + rng.IntN(20_000)
		for n := range few {
			ts := 10 + n*(999_900/few)
			fmt.Fprintf(&b, "\n {\"ph\":\"X\",\"name\":\"op %d\",\"pid\":1,\"tid\":%d,\"ts\":%d,\"dur\":5},", n%50, tid, ts)
			if n%700 == 0 {
				fmt.Fprintf(&b, "\n {\"ph\":\"%c\",\"name\":\"flow\",\"cat\":\"f\",\"bp\":\"e\",\"pid\":1,\"tid\":%d,\"ts\":%d,\"id\":%d},", "sf"[tid%2], tid, ts+1, n/700)
			}
		}
	}
	b.WriteString("\n {\"ph\":\"X\",\"name\":\"last\",\"pid\":1,\"tid\":0,\"ts\":1,\"dur\":999998}]}")
	return b.Bytes()
}

// An index knows of slices that last so long that their blocks need not be read. What
// is cut is the same with it and without, and whatever is held in memory.
func TestOutliersOfBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 3))
	var packed bytes.Buffer
	z := gzwrite.NewWriter(&packed, gzwrite.Options{})
	z.Write(nested(rng, 10<<20))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := packed.Bytes()
	open := func() (*trace.Source, trace.Identity) {
		s, err := trace.NewSource(bytes.NewReader(file), int64(len(file)), trace.SourceOptions{Record: true})
		if err != nil {
			t.Fatal(err)
		}
		id, err := trace.Identify(bytes.NewReader(file), int64(len(file)), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return s, id
	}
	s, id := open()
	x, err := s.Index(context.Background(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	slice := func(x *trace.Index, o Options, held int) []byte {
		s, id := open()
		defer s.Close()
		if x != nil {
			if err := s.Use(x, id); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		z := gzwrite.NewWriter(&out, gzwrite.Options{})
		if _, err := sliceKeeping(context.Background(), s, trace.NewPackedWriter(z), o, held); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	// What is too much to be held is read again, the most of it without a look.
	for n := range 9 {
		from := rng.Int64N(600_000_000)
		o := Options{Range: window.Range{From: at(t, from), To: at(t, from+100_000_000+rng.Int64N(300_000_000))}, Boundary: Boundary(n % 3)}
		want := slice(nil, o, 1<<30)
		if got := slice([]*trace.Index{nil, x}[n%2], o, keep.KeptBytes); !bytes.Equal(got, want) {
			t.Errorf("from %d, boundary %d: %d bytes, and %d if all is held", from, o.Boundary, len(got), len(want))
		}
	}
	outliers := map[Boundary]int{}
	for n := range 24 {
		from := rng.Int64N(990_000_000)
		to := from + 1 + rng.Int64N(1<<(10+n%16))
		o := Options{Range: window.Range{From: at(t, from), To: at(t, to)}, Boundary: Boundary(n % 3)}
		r := &timeRange{from: trace.Time(from), to: trace.Time(to), boundary: o.Boundary}
		_, blocks := r.choose(&x.Survey)
		outliers[o.Boundary] += len(blocks)
		want := slice(nil, o, keep.KeptBytes)
		if got := slice(x, o, []int{keep.KeptBytes, 0}[n%2]); !bytes.Equal(got, want) {
			t.Errorf("%d to %d, boundary %d: %d bytes with an index, %d without", from, to, o.Boundary, len(got), len(want))
		}
	}
	// Where they are kept whole they stand where they stood, so that their blocks are read.
	if outliers[Clip] < 8 || outliers[Whole] > 0 || outliers[Drop] < 8 {
		t.Errorf("blocks that were not read, by boundary: %v", outliers)
	}
}
