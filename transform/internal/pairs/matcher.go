package pairs

import (
	"hash/maphash"

	"tracekit/internal/bitset"
	"tracekit/trace"
)

// Matcher matches begins and ends as they come, and so remembers only what is open,
// and of that a B each:
// most files have them in order of time on each track and for each id. Where that
// is not so, what was decided on the way can't be trusted: all has to be noted a
// second time, and the marks of what is out of order are gathered and put in order
// then.
type Matcher[B any] struct {
	handler func(async bool) Handler
	Marks   int // that were noted, with and without a time

	Tracks bitset.Set // tracks that have some
	tracks []*openLine
	async  map[string]*openLine // by key, while something of it is open
	spare  []*openLine
	key    []byte

	// The ids that share a slot share the time up to which they are done with:
	// to remember each would grow with their number.
	hash  maphash.Seed
	slots []trace.Time

	outOfOrder outOfOrder // as far as is known
	known      outOfOrder // what was known before the first event
	final      bool       // that is all there is
	late       collector

	Describe func(e *trace.Event) (b B, some bool) // of a begin on a track; may be nil
	begun    map[int]B                             // of those that are open, by ordinal
}

// outOfOrder are the tracks and the slots of ids whose events are not in order of
// time.
type outOfOrder struct {
	tracks bitset.Set
	slots  bitset.Set
}

// openLine is the begins and ends of a track, or of an async id.
type openLine struct {
	stack
	latest trace.Time
	same   []Mark // of that time on a track: ends go before begins
}

const asyncSlots = 1 << 14

func NewMatcher[B any](of func(async bool) Handler) *Matcher[B] {
	return &Matcher[B]{handler: of, hash: maphash.MakeSeed(), begun: map[int]B{}}
}

func (q *Matcher[B]) NoteEvent(track int, e *trace.Event) {
	n := q.Marks
	q.Marks++
	if e.Has&trace.HasTS == 0 {
		return
	}
	m := newMark(n, track, e)
	if e.Phase == 'B' || e.Phase == 'E' {
		q.noteOnTrack(m, e)
	} else {
		q.noteAsync(m, e)
	}
}

func (q *Matcher[B]) noteOnTrack(m Mark, e *trace.Event) {
	q.Tracks.Add(int(m.Track))
	if q.matchesOnTrack(m, e) && !m.IsEnd() && q.Describe != nil {
		if b, some := q.Describe(e); some {
			q.begun[m.Ordinal()] = b
		}
	}
}

// matchesOnTrack reports whether m will be matched with others of its track.
func (q *Matcher[B]) matchesOnTrack(m Mark, e *trace.Event) bool {
	track := int(m.Track)
	for len(q.tracks) <= track {
		q.tracks = append(q.tracks, nil)
	}
	l := q.tracks[track]
	switch {
	case q.known.tracks.Has(track):
		q.late.add(m, e)
		return true
	case l == nil:
		l = &openLine{stack: stack{Handler: q.handler(false)}, latest: trace.MinTime}
		q.tracks[track] = l
	case m.TS < l.latest:
		q.outOfOrder.tracks.Add(track)
		return false
	}
	if m.TS > l.latest {
		l.flush()
		l.latest = m.TS
	}
	l.same = append(l.same, m)
	return true
}

// PopBegun returns what Describe said of a begin, and forgets it.
func (q *Matcher[B]) PopBegun(m Mark) B {
	b := q.begun[m.Ordinal()]
	delete(q.begun, m.Ordinal())
	return b
}

// flush takes what was held back.
func (l *openLine) flush() {
	if len(l.same) > 1 {
		sortMarks(l.same, false)
	}
	for _, m := range l.same {
		l.addMark(m)
	}
	l.same = l.same[:0]
}

func (q *Matcher[B]) noteAsync(m Mark, e *trace.Event) {
	if q.async == nil {
		q.async = map[string]*openLine{}
		q.slots = make([]trace.Time, asyncSlots)
		for i := range q.slots {
			q.slots[i] = trace.MinTime
		}
	}
	q.key = AppendAsyncKey(q.key[:0], e)
	if !HasAsyncID(e, q.key) {
		q.handler(true).LoneEnd(m)
		return
	}
	slot := int(maphash.Bytes(q.hash, q.key) % asyncSlots)
	if q.known.slots.Has(slot) {
		q.late.add(m, e)
		return
	}
	l, known := q.async[string(q.key)]
	if !known {
		l = q.newLine()
		l.latest = q.slots[slot]
	}
	if m.TS < l.latest {
		q.outOfOrder.slots.Add(slot)
		return
	}
	l.latest = m.TS
	l.addMark(m)
	switch {
	case l.stack.open.Empty():
		l.Done()
		q.slots[slot] = max(q.slots[slot], m.TS)
		delete(q.async, string(q.key))
		q.spare = append(q.spare, l)
	case !known:
		q.async[string(q.key)] = l
	}
}

func (q *Matcher[B]) newLine() *openLine {
	if n := len(q.spare); n > 0 {
		l := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return l
	}
	return &openLine{stack: stack{Handler: q.handler(true)}}
}

// SecondPass returns stacks that have to be shown all events once more, or nil if all
// were in order.
func (q *Matcher[B]) SecondPass() *Matcher[B] {
	if q.final || !q.outOfOrder.tracks.Any() && !q.outOfOrder.slots.Any() {
		return nil
	}
	return q.Repeat(q.handler)
}

// Repeat returns stacks for another look at the same events.
func (q *Matcher[B]) Repeat(of func(async bool) Handler) *Matcher[B] {
	n := NewMatcher[B](of)
	n.hash, n.outOfOrder, n.known, n.final = q.hash, q.outOfOrder, q.outOfOrder, true
	n.Describe = q.Describe
	return n
}

// Finish decides on what is left.
func (q *Matcher[B]) Finish() {
	for _, l := range q.tracks {
		if l != nil {
			l.flush()
			l.stack.finish()
		}
	}
	for _, l := range q.async {
		l.stack.finish()
	}
	q.late.match(q.handler)
	q.tracks, q.async, q.slots, q.late = nil, nil, nil, collector{}
}

// Memory is about how many bytes q takes for what is open, or in no order.
func (q *Matcher[B]) Memory() int {
	const line, id, described = 120, 200, 80 // of a track, of an id with its text and its place, of a begin
	n := q.late.Memory() + line*len(q.tracks) + id*len(q.async) + described*len(q.begun)
	for _, l := range q.tracks {
		if l != nil {
			n += l.memory() + markBytes*cap(l.same)
		}
	}
	for _, l := range q.async {
		n += l.memory()
	}
	return n
}
