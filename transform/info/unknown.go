package info

import (
	"cmp"
	"slices"

	"tracekit/filter"
	"tracekit/filter/producer"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/steps"
)

// Unknown is slices of a thread of which nothing tells what they are: neither their category
// nor their name, process or thread.
type Unknown struct {
	Cat    string `json:"cat"`
	Pid    string `json:"pid"`
	Tid    string `json:"tid"`
	Thread string `json:"thread"` // its name
	Events int64  `json:"events"`
}

// strangers counts slices of no known category, by kind and track.
type strangers struct {
	known []bool // by kind of the census
	at    map[place]*stranger
	last  *stranger
	place place
}

// stranger is what the first of them shows, as names may come later.
type stranger struct {
	look   filter.Place
	events int64
}

// addEvent counts an event of a kind and a track of the census, which sides has learnt from.
func (s *strangers) addEvent(e *trace.Event, at place, sides *filter.Recognizer, kinds filter.Kinds) {
	for len(s.known) <= at.kind {
		s.known = append(s.known, false)
		_, s.known[len(s.known)-1] = producer.CategoryOf(e.Cat())
	}
	if s.known[at.kind] || kinds != 0 || e.Phase != 'X' && e.Phase != 'B' && e.Phase != 'b' {
		return
	}
	if s.last == nil || s.place != at {
		if s.at == nil {
			s.at = map[place]*stranger{}
		}
		if s.at[at] == nil {
			s.at[at] = &stranger{look: sides.PlaceOf(e)}
		}
		s.last, s.place = s.at[at], at
	}
	s.last.events++
}

// list tells of those that stayed unknown, but for the tracks of steps: most events first.
func (s *strangers) list(c *census, sides *filter.Recognizer, run *steps.Run) []Unknown {
	of := map[steps.Track]bool{}
	if run != nil {
		for _, r := range append(slices.Clone(run.Others), run.Seen) {
			of[r.Track] = true
		}
	}
	joined := map[Unknown]int64{} // of all phases
	for at, n := range s.at {
		t := c.names.All[at.track]
		if !sides.Knows(n.look) && !of[steps.Track{Pid: t.Pid, Tid: t.Tid}] {
			joined[Unknown{Cat: c.kinds[at.kind].Cat, Pid: trace.Unquote([]byte(t.Pid)), Tid: trace.Unquote([]byte(t.Tid)), Thread: c.names.Thread(at.track)}] += n.events
		}
	}
	all := []Unknown{}
	for u, n := range joined {
		u.Events = n
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Pid, b.Pid), cmp.Compare(a.Tid, b.Tid))
	})
	return all
}

// unknown tells which slices were not understood.
func (p *printer) unknown() {
	if len(p.Unknown) == 0 {
		return
	}
	t := term.Table{Left: 3, Spare: []int{2}, Head: []string{term.Heading("of no known kind", len(p.Unknown), p.Rows), "process", "thread", "events", "share"}}
	for _, u := range p.Unknown[:min(p.Rows, len(p.Unknown))] {
		t.Add(cmp.Or(u.Cat, "-"), u.Pid, cmp.Or(u.Thread, "tid "+u.Tid), term.Count(u.Events), percent(u.Events, p.Events))
	}
	p.table(&t)
}
