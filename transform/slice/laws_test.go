package slice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/streams"
	"tracekit/trace"
	"tracekit/transform/window"
)

func parsed(t *testing.T, data []byte) *reference.Trace {
	t.Helper()
	p, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// between slices, and reports whether the range held anything.
func between(t *testing.T, data []byte, from, to int64) ([]byte, bool) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var out bytes.Buffer
	_, err = Run(context.Background(), s, trace.NewWriter(&out), Options{Range: window.Range{From: at(t, from), To: at(t, to)}})
	if err != nil && !errors.Is(err, window.ErrRange) {
		t.Fatal(err)
	}
	return out.Bytes(), err == nil
}

// contents are the events of a trace in any order, without the marks of cuts and
// with numbers of time in one notation. A begin and its end are one slice.
func contents(t *testing.T, data []byte) []string {
	t.Helper()
	p := parsed(t, data)
	ends := map[int]bool{}
	var all []string
	add := func(members, args []reference.Member) {
		var texts []string
		for _, m := range members {
			switch m.Name {
			case "ts", "dur":
				if ns, ok := reference.Nanos(m.Text); ok {
					m.Text = fmt.Sprint(ns)
				}
			case "args":
				continue
			}
			texts = append(texts, fmt.Sprintf("%q:%s", m.Name, m.Text))
		}
		for _, a := range args {
			if !strings.HasPrefix(a.Name, "tracekit.") {
				texts = append(texts, fmt.Sprintf("args %q:%s", a.Name, a.Text))
			}
		}
		sort.Strings(texts) // carried series have an order of their own
		all = append(all, strings.Join(slices.Compact(texts), ","))
	}
	end, _ := reference.End(p)
	for _, pair := range reference.Pairs(p) {
		b := p.Events[pair.Begin]
		ends[pair.Begin] = true
		args := slices.Clone(b.Args)
		stop := max(end, b.TS)
		if pair.End >= 0 {
			ends[pair.End] = true
			stop = p.Events[pair.End].TS
			for _, a := range p.Events[pair.End].Args {
				if !slices.ContainsFunc(args, func(o reference.Member) bool { return o.Name == a.Name }) {
					args = append(args, a)
				}
			}
		}
		members := slices.DeleteFunc(slices.Clone(b.Members), func(m reference.Member) bool { return m.Name == "ph" || m.Name == "dur" })
		add(append(members, reference.Member{Name: "ph", Text: `"X"`}, reference.Member{Name: "dur", Text: reference.Micros(stop - b.TS)}), args)
	}
	for i, e := range p.Events {
		if !ends[i] {
			add(e.Members, e.Args)
		}
	}
	sort.Strings(all)
	return all
}

// Slicing twice gives what slicing the intersection gives.
func TestSlicingTwiceGivesTheIntersection(t *testing.T) {
	judged := 0
	traces := eachRandom(t, 150, 40, 21, func(rng *rand.Rand, data []byte, what string) {
		p := parsed(t, data)
		a, b := reference.RandomWindow(rng, p)
		c, d := reference.RandomWindow(rng, p)
		from, to := max(a, c), min(b, d)
		if from >= to {
			return
		}
		once, some := between(t, data, a, b)
		if !some {
			return
		}
		// What is never closed lasts to the trace's end, so that has to stay.
		if whole, _ := reference.End(p); whole <= b {
			if end, _ := reference.End(parsed(t, once)); end != whole {
				return
			}
		}
		twice, some := between(t, once, c, d)
		direct, ok := between(t, data, from, to)
		if !some || !ok {
			return
		}
		judged++
		got, want := contents(t, twice), contents(t, direct)
		if diff := cmptest.Diff(want, got); diff != "" {
			t.Fatalf("%s, [%d,%d) and [%d,%d) (- want, + got):\n%s\nof\n%s\nthen\n%s", what, a, b, c, d, diff, data, once)
		}
	})
	if judged < traces/5 {
		t.Fatalf("only %d of %d traces were judged", judged, traces)
	}
}

// Pieces of a partition give back every track's busy time exactly, and no piece
// has an overlap, a dangling flow or a nameless track that was not there.
func TestPiecesOfAPartitionAddUp(t *testing.T) {
	eachRandom(t, 50, 15, 22, func(rng *rand.Rand, data []byte, what string) {
		if p := parsed(t, data); reference.Edges(p)[0] >= 0 { // what starts before 0 is not shown
			addUp(t, data, 1+rng.IntN(7), what)
		}
	})
	for _, name := range realTraces(t) {
		addUp(t, recorded.Text(t, name), 3, name)
	}
}

func addUp(t *testing.T, data []byte, pieces int, what string) {
	t.Helper()
	p := parsed(t, data)
	edges := reference.Edges(p)
	end, _ := reference.End(p)
	first, last := edges[0], max(end, edges[len(edges)-1])+1
	whole, sum := reference.BusyByTrack(p), map[reference.Track]int64{}
	overlaps := len(reference.Overlaps(p))
	for i := range pieces {
		from, to := first+(last-first)*int64(i)/int64(pieces), first+(last-first)*int64(i+1)/int64(pieces)
		if from >= to {
			continue
		}
		piece, some := between(t, data, from, to)
		if !some {
			continue
		}
		after := parsed(t, piece)
		for track, ns := range reference.BusyByTrack(after) {
			sum[track] += ns
		}
		if n := len(reference.Overlaps(after)); n > overlaps {
			t.Errorf("%s, [%d,%d): %d overlaps, %d before", what, from, to, n, overlaps)
		}
		if d := reference.Dangling(after); len(d) > 0 {
			t.Errorf("%s, [%d,%d): %d flow events dangle, %s", what, from, to, len(d), after.Events[d[0]].Raw)
		}
		if n := reference.UnnamedTracks(p, after); len(n) > 0 {
			t.Errorf("%s, [%d,%d): lost the names of %v", what, from, to, n)
		}
		if n := reference.NamesWithoutEvents(after); len(n) > 0 {
			t.Errorf("%s, [%d,%d): %d names of nothing", what, from, to, len(n))
		}
	}
	cmptest.Same(t, fmt.Sprintf("%s in %d pieces: the busy time of all", what, pieces), whole, sum)
}

// No slices overlap that did not before, by whatever boundary: those that do make
// a viewer move some of them aside, and which it moves depends on what is around.
func TestNoNewOverlaps(t *testing.T) {
	more, err := filepath.Glob(*moreTraces)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(realTraces(t), more...) {
		data := recorded.Text(t, name)
		before := parsed(t, data)
		for _, share := range [][2]string{{"10%", "90%"}, {"73%", "98%"}} {
			for _, o := range []Options{{}, {Boundary: Whole}, {Boundary: Drop}, {Device: Launched}} {
				var err error
				if o.From, err = window.Parse(share[0]); err != nil {
					t.Fatal(err)
				}
				if o.To, err = window.Parse(share[1]); err != nil {
					t.Fatal(err)
				}
				after := parsed(t, sliceBytes(t, data, o, streams.Ways[0]))
				for _, x := range reference.NewOverlaps(before, after) {
					t.Errorf("%s, %v, boundary %d, device %d:\n%s\n%s", name, share, o.Boundary, o.Device, after.Events[x.First].Raw, after.Events[x.Second].Raw)
				}
			}
		}
	}
}
