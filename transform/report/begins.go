package report

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// begins makes complete slices of those that begin and end by events of their own, B and E.
// Begins without an end are left out. What it keeps grows with what is open, and on tracks whose events are
// not in order of time with all of them.
type begins struct {
	tracks []openTrack
	held   int // bytes of what is open or waits
}

// What a begin takes that is open, and its event besides the text if that is kept.
const begunBytes, eventBytes = 50, 130

// openTrack is what a track has begun and not ended.
type openTrack struct {
	open       pairs.Open[begun]
	same       pairs.Open[begun] // of the latest time: ends come before begins, unless nothing else is open
	latest     trace.Time
	outOfOrder bool          // its events are not in order of time
	waiting    []trace.Event // if it is known to be that
}

// begun is a slice that has begun. Its event is kept only if it counts for something.
type begun struct {
	start trace.Time
	event *trace.Event
	class class
}

// memory is how many bytes g takes.
func (g *begun) memory() int {
	if g.event == nil {
		return begunBytes
	}
	return begunBytes + eventBytes + g.event.Size()
}

// take takes an event of a track, and calls each for a slice that ends with it. What slices count for kind
// says when they begin.
func (b *begins) addEvent(track int, e *trace.Event, kind func(*trace.Event) class, each func(*trace.Event) error) error {
	if e.Has&trace.HasTS == 0 || e.TS < 0 {
		return nil
	}
	for len(b.tracks) <= track {
		b.tracks = append(b.tracks, openTrack{latest: trace.MinTime})
	}
	t := &b.tracks[track]
	if t.waiting != nil {
		t.waiting = append(t.waiting, e.Clone())
		b.held += eventBytes + e.Size()
		return nil
	}
	t.outOfOrder = t.outOfOrder || e.TS < t.latest
	return b.match(t, e, kind, each)
}

func (b *begins) match(t *openTrack, e *trace.Event, kind func(*trace.Event) class, each func(*trace.Event) error) error {
	if e.TS > t.latest {
		t.open.MoveFrom(&t.same)
		t.latest = e.TS
	}
	key := pairs.KeyOf(e)
	if e.Phase == 'B' {
		g := begun{start: e.TS, class: kind(e)}
		if g.class != nothing {
			c := e.Clone()
			g.event = &c
		}
		b.held += g.memory()
		t.same.Push(key, g)
		return nil
	}
	g, ok := t.open.Close(key)
	if !ok {
		g, ok = t.same.Close(key)
	}
	if ok {
		b.held -= g.memory()
	}
	if g.class == nothing {
		return nil
	}
	g.event.Phase, g.event.Dur = 'X', e.TS-g.start
	g.event.Has |= trace.HasDur
	return each(g.event)
}

// sort makes those tracks wait for end that are not in order.
func (b *begins) sort(as *begins) {
	for _, t := range as.tracks {
		n := openTrack{latest: trace.MinTime}
		if t.outOfOrder {
			n.waiting = []trace.Event{}
		}
		b.tracks = append(b.tracks, n)
	}
}

// end matches what has waited.
func (b *begins) end(kind func(*trace.Event) class, each func(*trace.Event) error) error {
	for i := range b.tracks {
		t := &b.tracks[i]
		slices.SortStableFunc(t.waiting, func(a, b trace.Event) int { return cmp.Compare(a.TS, b.TS) })
		for j := range t.waiting {
			if err := b.match(t, &t.waiting[j], kind, each); err != nil {
				return err
			}
		}
	}
	return nil
}
