package reference

import (
	"cmp"
	"math"
	"slices"
)

// pair is a beginning and its end, as indices of events. A beginning that is
// never closed has end -1 and stops at the largest time there is.
type pair struct {
	begin, end  int
	start, stop int64
}

func (p pair) open() bool { return p.end < 0 }

// matching is what matching the beginnings and ends of one track found.
type matching struct {
	order []int // the events by time: the order in which they open and close
	pairs []pair
	loose []int // ends without a beginning
}

// match pairs beginnings with ends, in order of time. At equal times the file's order
// holds, but for E, which come first. An end closes the last beginning before it that is
// open and has the name and category that it names.
func match(t *Trace, events []int, end string) matching {
	order := slices.Clone(events)
	endsFirst := end == "E"
	rank := func(i int) int {
		if endsFirst && t.Events[i].Phase == end {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.Events[a].TS, t.Events[b].TS), cmp.Compare(rank(a), rank(b)))
	})
	m := matching{order: order}
	closed := map[int]bool{}
	for n, i := range order {
		e := &t.Events[i]
		if e.Phase != end {
			continue
		}
		begin := -1
		for _, b := range order[:n] { // the last that will do
			if o := &t.Events[b]; o.Phase != end && !closed[b] && closes(e, o) {
				begin = b
			}
		}
		if begin < 0 {
			m.loose = append(m.loose, i)
			continue
		}
		closed[begin] = true
		m.pairs = append(m.pairs, pair{begin, i, t.Events[begin].TS, e.TS})
	}
	for _, b := range slices.Backward(order) { // innermost first, after all others
		if t.Events[b].Phase != end && !closed[b] {
			m.pairs = append(m.pairs, pair{b, -1, t.Events[b].TS, math.MaxInt64})
		}
	}
	return m
}

// closes reports whether an end can close a beginning. It need not name it.
func closes(end, begin *Event) bool {
	name, cat := end.str("name"), end.str("cat")
	return (name == "" || name == begin.str("name")) && (cat == "" || cat == begin.str("cat"))
}

// matchTracks matches B and E on every track, in order of appearance.
func matchTracks(t *Trace) []matching {
	return matchBy(t, "B", "E", func(e *Event) string { return e.Track.Pid + " " + e.Track.Tid })
}

// matchAsync matches b and e of every key. Those that have no id are each alone.
func matchAsync(t *Trace) []matching {
	all := matchBy(t, "b", "e", asyncKey)
	alone := matching{}
	for i := range t.Events {
		if e := &t.Events[i]; e.HasTS && (e.Phase == "b" || e.Phase == "e") && asyncKey(e) == "" {
			alone.loose = append(alone.loose, i)
		}
	}
	return append(all, alone)
}

// Pair is a B and its E, by their index; End is -1 if there is none.
type Pair struct{ Begin, End int }

// Pairs lists the B of a trace and what closes them.
func Pairs(t *Trace) []Pair { return pairsOf(matchTracks(t)) }

// AsyncPairs lists the b of a trace and what closes them.
func AsyncPairs(t *Trace) []Pair { return pairsOf(matchAsync(t)) }

func pairsOf(matchings []matching) []Pair {
	var all []Pair
	for _, m := range matchings {
		for _, p := range m.pairs {
			all = append(all, Pair{p.begin, p.end})
		}
	}
	return all
}

func matchBy(t *Trace, begin, end string, key func(*Event) string) []matching {
	groups := map[string][]int{}
	var keys []string
	for i := range t.Events {
		e := &t.Events[i]
		if !e.HasTS || e.Phase != begin && e.Phase != end {
			continue
		}
		k := key(e)
		if k == "" {
			continue
		}
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], i)
	}
	var all []matching
	for _, k := range keys {
		all = append(all, match(t, groups[k], end))
	}
	return all
}

// asyncKey is what joins the events of an async operation, empty if e tells of none.
func asyncKey(e *Event) string {
	cat := e.text("cat")
	if id := e.text("id"); id != "" {
		return cat + " id " + id
	}
	id2, err := members(e.text("id2"))
	if err != nil {
		return ""
	}
	if id := find(id2, "global"); id != "" {
		return cat + " global " + id
	}
	if id := find(id2, "local"); id != "" {
		return cat + " local " + id + " in " + e.Pid
	}
	return ""
}

// keepsPair reports whether a pair stays, judged by time.
func (s *slicer) keepsPair(p pair) bool {
	if !p.open() {
		return s.inWindow(p.start, p.stop)
	}
	if s.o.Boundary == Drop {
		return p.start >= s.o.From && (!s.hasEnd || s.o.To > s.end)
	}
	return p.start < s.o.To
}

// cutPair writes a pair that is kept, cut at the window's edges, and the end at
// To of one that is still open there.
func (s *slicer) cutPair(p pair) {
	s.wholePair(p)
	if s.o.Boundary != Clip {
		return
	}
	if p.start < s.o.From {
		s.move(p.begin, s.o.From, Reopened)
	}
	if !p.open() && p.stop > s.o.To {
		s.move(p.end, s.o.To, Closed)
	}
	if p.open() && s.reachesPast() {
		s.makeEnd(p)
	}
}

func (s *slicer) wholePair(p pair) {
	s.leave(p.begin)
	if !p.open() {
		s.leave(p.end)
	}
}

func (s *slicer) move(i int, ts int64, k Kind) {
	e := &s.t.Events[i]
	ms := with(e.Members, "ts", Micros(ts))
	s.out[i] = &Out{Kind: k, Value: addOriginals(ms, Member{"tracekit.ts", e.text("ts")}), Source: i}
}

func (s *slicer) makeEnd(p pair) {
	s.ended = append(s.ended, Out{Kind: Ended, Value: s.madeEnd(&s.t.Events[p.begin]), Source: p.begin})
}

// madeEnd is the end of what e began, at To, or where the trace ends before.
func (s *slicer) madeEnd(e *Event) []Member {
	phase, names := `"E"`, []string{"pid", "tid"}
	if e.Phase == "b" {
		phase, names = `"e"`, []string{"cat", "id", "id2", "pid", "tid", "name"}
	}
	ms := []Member{{"ph", phase}}
	for _, name := range names {
		if text := e.text(name); text != "" {
			ms = append(ms, Member{name, text})
		}
	}
	return append(ms, Member{"ts", Micros(min(s.o.To, s.end))})
}

// dropDangling takes ends without a beginning.
func (s *slicer) dropDangling(m matching) {
	for _, i := range m.loose {
		if e := &s.t.Events[i]; s.inRange(e.TS) {
			s.leave(i)
		}
	}
}

// addAsync takes b and e.
func (s *slicer) addAsync() {
	for _, m := range matchAsync(s.t) {
		for _, p := range m.pairs {
			if s.keepsPair(p) {
				s.cutPair(p)
			}
		}
		s.dropDangling(m)
	}
}
