package cut

import (
	"hash/maphash"

	"tracekit/trace"
)

// stacks matches begins and ends as they come, and so remembers only what is open,
// and of that a B each:
// most files have them in order of time on each track and for each id. Where that
// is not so, what was decided on the way can't be trusted: all has to be noted a
// second time, and the marks of what is unruly are gathered and put in order
// then.
type stacks[B any] struct {
	of    func(async bool) fate
	marks int // that were noted, with and without a time

	paired bits // tracks that have some
	tracks []*openLine
	async  map[string]*openLine // by key, while something of it is open
	spare  []*openLine
	key    []byte

	// The ids that share a slot share the time up to which they are done with:
	// to remember each would grow with their number.
	seed  maphash.Seed
	slots []trace.Time

	unruly  unruly // as far as is known
	trusted unruly // what was known before the first event
	sure    bool   // that is all there is
	late    pairs

	tell  func(e *trace.Event) (b B, some bool) // of a begin on a track; may be nil
	begun map[int]B                             // of those that are open, by ordinal
}

// unruly are the tracks and the slots of ids whose events are not in order of
// time.
type unruly struct {
	tracks bits
	slots  bits
}

// openLine is the begins and ends of a track, or of an async id.
type openLine struct {
	stack
	latest trace.Time
	same   []mark // of that time on a track: ends go before begins
}

const asyncSlots = 1 << 14

func newStacks[B any](of func(async bool) fate) *stacks[B] {
	return &stacks[B]{of: of, seed: maphash.MakeSeed(), begun: map[int]B{}}
}

func (q *stacks[B]) note(track int, e *trace.Event) {
	n := q.marks
	q.marks++
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

func (q *stacks[B]) noteOnTrack(m mark, e *trace.Event) {
	q.paired.set(int(m.track))
	if q.takeOnTrack(m, e) && !m.isEnd() && q.tell != nil {
		if b, some := q.tell(e); some {
			q.begun[m.n()] = b
		}
	}
}

// takeOnTrack reports whether m will be matched with others of its track.
func (q *stacks[B]) takeOnTrack(m mark, e *trace.Event) bool {
	track := int(m.track)
	for len(q.tracks) <= track {
		q.tracks = append(q.tracks, nil)
	}
	l := q.tracks[track]
	switch {
	case q.trusted.tracks.has(track):
		q.late.add(m, e)
		return true
	case l == nil:
		l = &openLine{stack: stack{fate: q.of(false)}, latest: trace.MinTime}
		q.tracks[track] = l
	case m.ts < l.latest:
		q.unruly.tracks.set(track)
		return false
	}
	if m.ts > l.latest {
		l.flush()
		l.latest = m.ts
	}
	l.same = append(l.same, m)
	return true
}

// took gives what was told of a begin, once.
func (q *stacks[B]) took(m mark) B {
	b := q.begun[m.n()]
	delete(q.begun, m.n())
	return b
}

// flush takes what was held back.
func (l *openLine) flush() {
	if len(l.same) > 1 {
		sortMarks(l.same, false)
	}
	for _, m := range l.same {
		l.take(m)
	}
	l.same = l.same[:0]
}

func (q *stacks[B]) noteAsync(m mark, e *trace.Event) {
	if q.async == nil {
		q.async = map[string]*openLine{}
		q.slots = make([]trace.Time, asyncSlots)
		for i := range q.slots {
			q.slots[i] = trace.MinTime
		}
	}
	q.key = appendAsyncKey(q.key[:0], e)
	if !hasAsyncID(e, q.key) {
		q.of(true).lone(m)
		return
	}
	slot := int(maphash.Bytes(q.seed, q.key) % asyncSlots)
	if q.trusted.slots.has(slot) {
		q.late.add(m, e)
		return
	}
	l, known := q.async[string(q.key)]
	if !known {
		l = q.newLine()
		l.latest = q.slots[slot]
	}
	if m.ts < l.latest {
		q.unruly.slots.set(slot)
		return
	}
	l.latest = m.ts
	l.take(m)
	switch {
	case len(l.stack.marks) == 0:
		l.done()
		q.slots[slot] = max(q.slots[slot], m.ts)
		delete(q.async, string(q.key))
		q.spare = append(q.spare, l)
	case !known:
		q.async[string(q.key)] = l
	}
}

func (q *stacks[B]) newLine() *openLine {
	if n := len(q.spare); n > 0 {
		l := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return l
	}
	return &openLine{stack: stack{fate: q.of(true)}}
}

// again returns stacks that have to be shown all events once more, or nil if all
// were in order.
func (q *stacks[B]) again() *stacks[B] {
	if q.sure || !q.unruly.tracks.any() && !q.unruly.slots.any() {
		return nil
	}
	return q.anew(q.of)
}

// anew returns stacks for another look at the same events.
func (q *stacks[B]) anew(of func(async bool) fate) *stacks[B] {
	n := newStacks[B](of)
	n.seed, n.unruly, n.trusted, n.sure = q.seed, q.unruly, q.unruly, true
	n.tell = q.tell
	return n
}

// finish decides on what is left.
func (q *stacks[B]) finish() {
	for _, l := range q.tracks {
		if l != nil {
			l.flush()
			l.stack.finish()
		}
	}
	for _, l := range q.async {
		l.stack.finish()
	}
	q.late.match(q.of)
	q.tracks, q.async, q.slots, q.late = nil, nil, nil, pairs{}
}

// bits is a set of small numbers.
type bits []uint64

func (b *bits) set(n int) {
	for len(*b) <= n/64 {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b bits) has(n int) bool { return n/64 < len(b) && b[n/64]>>(n%64)&1 != 0 }

func (b bits) any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// some reports whether there is one for which is is true.
func (b bits) some(is func(n int) bool) bool {
	for n := range 64 * len(b) {
		if b.has(n) && is(n) {
			return true
		}
	}
	return false
}
