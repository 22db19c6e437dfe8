package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/window"
)

// threadsInTurn is a trace of threads one behind the other, each of which has calls that last as long as the trace, so
// that its blocks have time bounds.
func threadsInTurn(rng *rand.Rand, size int) []byte {
	b := bytes.NewBufferString(`{"traceEvents":[{"ph":"M","name":"process_name","pid":2,"args":{"name":"GPU 0"}}`)
	for tid := 0; b.Len() < size; tid++ {
		cat, pid := "python_function", 1
		if tid%2 == 1 {
			cat, pid = "kernel", 2
		}
		for n := range 3 {
			fmt.Fprintf(b, ",\n"+`{"ph":"X","cat":"%s","name":"outer %d","pid":%d,"tid":%d,"ts":%d,"dur":%d,"args":{"stream":7}}`, cat, n, pid, tid, n, 999_990-2*n)
		}
		for ts := 10 + rng.IntN(20); ts < 999_000; ts += 20 + rng.IntN(100) {
			fmt.Fprintf(b, ",\n"+`{"ph":"X","cat":"%s","name":"inner %d","pid":%d,"tid":%d,"ts":%d,"dur":%d,"args":{"stream":7}}`, cat, ts%7, pid, tid, ts, 1+rng.IntN(19))
		}
	}
	b.WriteString("]}")
	return b.Bytes()
}

// measureBy reports of a range, by what read shows to the second reading.
func measureBy(t *testing.T, text []byte, r window.Range, read func(*measure, *trace.Source) error) *Report {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := Options{Range: &r, Communication: true}
	l, err := learn(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := l.begin(o)
	if err != nil {
		t.Fatal(err)
	}
	m := newMeasure(l, report, o)
	defer m.close()
	if err := read(m, s); err != nil {
		t.Fatal(err)
	}
	if err := m.finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	report.Survey = nil
	return report
}

// A report that leaves out blocks, and takes from the survey what of them lies aside, is that of all events.
func TestOutliersAreReadWithoutTheirBlock(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	text := threadsInTurn(rng, 6<<20)
	aside := 0
	for range 12 {
		from := trace.Time(rng.Int64N(900_000_000))
		to := from + 1 + trace.Time(rng.Int64N(60_000_000))
		got := measureBy(t, text, window.Between(from, to), func(m *measure, s *trace.Source) error {
			_, outliers := m.choose()
			aside += len(outliers)
			return m.read(t.Context(), s)
		})
		want := measureBy(t, text, window.Between(from, to), func(m *measure, s *trace.Source) error {
			r, err := s.ReadBlocks(m.survey.Blocks)
			if err != nil {
				return err
			}
			defer r.Close()
			return trace.EachPart(t.Context(), r, func(p *trace.Part) error {
				for i := range p.Events {
					if err := m.event(&p.Events[i]); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if len(want.Python) < 3 || len(want.Devices) != 1 {
			t.Fatalf("%d functions, %d devices", len(want.Python), len(want.Devices))
		}
		cmptest.Same(t, fmt.Sprintf("%d to %d", from, to), want, got)
	}
	if aside < 12 {
		t.Errorf("%d blocks were not read", aside)
	}
}
