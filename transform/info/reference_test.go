package info

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"

	"tracekit/internal/reference"
	"tracekit/trace"
)

// tally is what the plain twin counts of something.
type tally struct{ events, busy int64 }

type tallies map[string]tally

func (all tallies) add(key string, n tally) {
	all[key] = tally{all[key].events + n.events, all[key].busy + n.busy}
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
	type begin struct {
		kind string
		ts   int64
	}
	open := map[reference.Track][]begin{}
	for i := range parsed.Events {
		e := &parsed.Events[i]
		kind := "kind " + e.Phase + " " + text(e.Members, "cat")
		all.add(kind, tally{1, 0})
		if e.Phase == "M" {
			continue
		}
		all.add("process "+plain(e.Pid), tally{1, 0})
		all.add(threadKey(e.Track), tally{1, 0})
		if !e.HasTS || e.TS < 0 {
			continue
		}
		cover := func(kind string, s stretch) {
			if s.end > s.start {
				covered[plainPlace{kind, e.Track}] = append(covered[plainPlace{kind, e.Track}], s)
			}
		}
		switch begun := open[e.Track]; {
		case e.Phase == "X":
			cover(kind, stretch{e.TS, e.TS + e.Span})
		case e.Phase == "B":
			open[e.Track] = append(begun, begin{kind, e.TS})
		case e.Phase == "E" && len(begun) > 0:
			b := begun[len(begun)-1]
			open[e.Track] = begun[:len(begun)-1]
			cover(b.kind, stretch{b.ts, e.TS})
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
