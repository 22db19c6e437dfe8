package info

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"

	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// tally is what the naive reference counts of something.
type tally struct{ events, busy int64 }

type tallies map[string]tally

func (all tallies) add(key string, n tally) {
	all[key] = tally{all[key].events + n.events, all[key].busy + n.busy}
}

func (all tallies) forgetBusy() {
	for key, n := range all {
		all[key] = tally{n.events, 0}
	}
}

// plainPlace is a kind on a thread; 1 and "1" are two threads.
type plainPlace struct {
	kind  string
	track reference.Track
}

func threadKey(t reference.Track) string { return "thread " + plain(t.Pid) + " " + plain(t.Tid) }

// stretch is the time that a slice covers.
type stretch struct{ start, end int64 }

// plainly counts events and covered time by kind, process and thread.
func plainly(t testing.TB, data []byte) tallies {
	t.Helper()
	parsed := parse(t, data)
	all := tallies{}
	covered := map[plainPlace][]stretch{}
	kindOf := func(e *reference.Event) string { return "kind " + e.Phase + " " + text(e.Members, "cat") }
	cover := func(e *reference.Event, s stretch) {
		if s.end > s.start && e.HasTS && e.TS >= 0 {
			covered[plainPlace{kindOf(e), e.Track}] = append(covered[plainPlace{kindOf(e), e.Track}], s)
		}
	}
	for _, p := range reference.Pairs(parsed) {
		if p.End >= 0 {
			b := &parsed.Events[p.Begin]
			cover(b, stretch{b.TS, parsed.Events[p.End].TS})
		}
	}
	for i := range parsed.Events {
		e := &parsed.Events[i]
		all.add(kindOf(e), tally{1, 0})
		if e.Phase == "M" {
			continue
		}
		all.add("process "+plain(e.Pid), tally{1, 0})
		all.add(threadKey(e.Track), tally{1, 0})
		if e.Phase == "X" {
			cover(e, stretch{e.TS, e.TS + e.Span})
		}
	}
	threads := map[reference.Track][]stretch{}
	for at, list := range covered {
		all.add(at.kind, tally{0, union(list)})
		threads[at.track] = append(threads[at.track], list...)
	}
	for track, list := range threads {
		all.add(threadKey(track), tally{0, union(list)})
	}
	return all
}

// union is the length of what stretches cover together.
func union(all []stretch) int64 {
	slices.SortFunc(all, func(a, b stretch) int { return int(a.start - b.start) })
	sum, end := int64(0), int64(0)
	for i, s := range all {
		if i == 0 {
			end = s.start
		}
		if s.end > end {
			sum += s.end - max(s.start, end)
			end = s.end
		}
	}
	return sum
}

func parse(t testing.TB, data []byte) *reference.Trace {
	t.Helper()
	parsed, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func text(ms []reference.Member, name string) string {
	for _, m := range slices.Backward(ms) {
		if m.Name == name {
			return plain(m.Text)
		}
	}
	return ""
}

func plain(json string) string { return trace.Unquote([]byte(json)) }

func unpack(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	data, err = io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// inOrder reports whether the begins and ends of each track stand in order of time.
func inOrder(parsed *reference.Trace) bool {
	latest := map[reference.Track]int64{}
	for i := range parsed.Events {
		if e := &parsed.Events[i]; e.HasTS && (e.Phase == "B" || e.Phase == "E") {
			if at, some := latest[e.Track]; some && e.TS < at || e.TS < 0 {
				return false
			}
			latest[e.Track] = e.TS
		}
	}
	return true
}
