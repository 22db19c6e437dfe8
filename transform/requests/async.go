package requests

import (
	"cmp"
	"maps"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// asyncs are the async events of one category and id, in the order of the file.
type asyncs struct {
	id        string
	isRequest bool // by the category, or the name of one
	events    []asyncEvent
}

// asyncEvent begins a slice, ends one, or lies in one.
type asyncEvent struct {
	ts      trace.Time
	name    int32 // number of its name, 0 if it has none
	request int32 // in Collector.found, -1 if it names none
	phase   byte
}

// span is an async slice, or a moment that lies in none.
type span struct {
	start, end trace.Time
	name       int32
	request    int32
	begun      bool // before the trace: no begin is known
	open       bool // no end is known
}

// spans matches begins and ends in order of time. They are in order of their starts, outer
// ones first.
func (a *asyncs) spans() []span {
	events := slices.Clone(a.events)
	slices.SortStableFunc(events, func(a, b asyncEvent) int { return cmp.Compare(a.ts, b.ts) })
	var all []span
	var open pairs.Open[int] // in all
	for _, e := range events {
		of, within := open.Innermost()
		switch e.phase {
		case 'b':
			open.Push(pairs.Key(uint32(e.name), 0), len(all))
			all = append(all, span{start: e.ts, end: e.ts, name: e.name, request: e.request, open: true})
			continue
		case 'e':
			of, within = open.Close(pairs.Key(uint32(e.name), 0))
		}
		if !within {
			all = append(all, span{start: e.ts, end: e.ts, name: e.name, request: e.request, begun: e.phase == 'e'})
			continue
		}
		s := &all[of]
		if s.request < 0 {
			s.request = e.request
		}
		if e.phase == 'e' {
			s.end, s.open = e.ts, false
		}
	}
	slices.SortStableFunc(all, func(a, b span) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	return all
}

// lives divides the spans of a category and an id into those of one request each: an id that
// comes again is another request. Stages of a request lie in one another, or follow one another
// under other names than that which it began with.
func (a *asyncs) lives() [][]span {
	all := a.spans()
	var lives [][]span
	first, end, request := 0, trace.MinTime, int32(-1)
	for i := range all {
		s := &all[i]
		another := s.request >= 0 && request >= 0 && s.request != request
		later := s.start >= end && s.name == all[first].name && s.start > all[first].start
		if i > first && (another || later) {
			lives = append(lives, all[first:i])
			first, end, request = i, trace.MinTime, -1
		}
		if end = max(end, s.end); s.open {
			end = trace.MaxTime
		}
		request = max(request, s.request)
	}
	if first < len(all) {
		lives = append(lives, all[first:])
	}
	return lives
}

// life is what the async slices of a request, or of something else, tell.
type life struct {
	seen
	request   int32 // that they name, in Collector.found, -1 for none
	isRequest bool
}

// lives are those of all async events.
func (c *Collector) lives() []life {
	if c.settled != nil {
		return c.settled
	}
	var all []life
	for _, key := range slices.Sorted(maps.Keys(c.asyncs)) {
		a := c.asyncs[key]
		for _, spans := range a.lives() {
			s, request := seenIn(spans)
			s.id = a.id
			all = append(all, life{s, int32(request), a.isRequest})
		}
	}
	return all
}

// seenIn is what spans of one request tell of it, and the request that they name, -1 for none.
func seenIn(life []span) (s seen, request int) {
	s, request = seen{start: trace.MaxTime, end: trace.MinTime}, -1
	for i := range life {
		p := &life[i]
		s.start, s.end = min(s.start, p.start), max(s.end, p.end)
		request = max(request, int(p.request))
		within := slices.ContainsFunc(life, func(o span) bool {
			return !o.open && !o.begun && o.start < o.end && o.start <= p.start && p.start <= o.end
		})
		s.begun = s.begun || p.begun && !within
		s.open = s.open || p.open && !within
	}
	return s, request
}
