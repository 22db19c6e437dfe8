package report

import (
	"cmp"
	"hash/maphash"
	"slices"

	"tracekit/trace"
)

// begins makes complete slices of those that begin and end by events of their own, B and E:
// an end closes the innermost open begin of its own name, where it has one. Begins without
// an end are left out. What it keeps grows with what is open, and on tracks whose events are
// not in order of time with all of them.
type begins struct {
	tracks []openTrack
	seed   maphash.Seed
	kind   func(*trace.Event) class
}

// openTrack is what a track has begun and not ended.
type openTrack struct {
	open    []begun
	latest  trace.Time
	unruly  bool          // its events are not in order of time
	waiting []trace.Event // if it is known to be that
}

// begun is a slice that has begun. Its event is kept only if it counts for something.
type begun struct {
	name  uint64
	start trace.Time
	event trace.Event
	class class
}

// take takes an event of a track, and calls each for a slice that ends with it.
func (b *begins) take(track int, e *trace.Event, each func(*trace.Event) error) error {
	if e.Has&trace.HasTS == 0 || e.TS < 0 {
		return nil
	}
	if b.tracks == nil {
		b.seed = maphash.MakeSeed()
	}
	for len(b.tracks) <= track {
		b.tracks = append(b.tracks, openTrack{latest: trace.MinTime})
	}
	t := &b.tracks[track]
	if t.waiting != nil {
		t.waiting = append(t.waiting, e.Clone())
		return nil
	}
	t.unruly = t.unruly || e.TS < t.latest
	t.latest = max(t.latest, e.TS)
	return b.match(t, e, each)
}

func (b *begins) match(t *openTrack, e *trace.Event, each func(*trace.Event) error) error {
	name := maphash.Bytes(b.seed, e.Name())
	if e.Phase == 'B' {
		g := begun{name: name, start: e.TS, class: b.kind(e)}
		if g.class != nothing {
			g.event = e.Clone()
		}
		t.open = append(t.open, g)
		return nil
	}
	at := t.closes(e, name)
	if at < 0 {
		return nil
	}
	g := t.open[at]
	t.open = slices.Delete(t.open, at, at+1)
	if g.class == nothing {
		return nil
	}
	g.event.Phase, g.event.Dur = 'X', e.TS-g.start
	g.event.Has |= trace.HasDur
	return each(&g.event)
}

// closes is the begin that an end closes, -1 if there is none. One of the same time is meant
// only if there is no other: ends come before begins.
func (t *openTrack) closes(e *trace.Event, name uint64) int {
	same := -1
	for i := len(t.open) - 1; i >= 0; i-- {
		if len(e.Name()) > 0 && t.open[i].name != name {
			continue
		}
		if t.open[i].start < e.TS {
			return i
		}
		if same < 0 {
			same = i
		}
	}
	return same
}

// sort makes those tracks wait for end that are not in order.
func (b *begins) sort(as *begins) {
	if b.seed = as.seed; as.tracks == nil {
		return
	}
	for _, t := range as.tracks {
		n := openTrack{latest: trace.MinTime}
		if t.unruly {
			n.waiting = []trace.Event{}
		}
		b.tracks = append(b.tracks, n)
	}
}

// end matches what has waited.
func (b *begins) end(each func(*trace.Event) error) error {
	for i := range b.tracks {
		t := &b.tracks[i]
		slices.SortStableFunc(t.waiting, func(a, b trace.Event) int { return cmp.Compare(a.TS, b.TS) })
		for j := range t.waiting {
			if err := b.match(t, &t.waiting[j], each); err != nil {
				return err
			}
		}
	}
	return nil
}
