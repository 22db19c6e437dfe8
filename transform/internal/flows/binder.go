package flows

import (
	"cmp"
	"slices"
	"sort"

	"tracekit/trace"
)

// Event is a flow event as a Binder keeps it.
type Event struct {
	Chain uint64 // its Key, or a number of its own kind for what belongs together
	TS    trace.Time
	Track int32
	Phase byte
	next  bool // it binds to the slice that begins next
	Far   bool // it binds only to slices that it stands in and that BindFar is told of
}

// Is is what is known of a slice that flow events may bind to.
type Is uint8

// What a slice is, besides that it is there.
const (
	Kept   Is = 1 << iota
	Device    // it ran on a device
	Pair      // a begin and an end, not one event
	there
)

// Bound is the slice that a flow event is bound to.
type Bound struct {
	Start, End trace.Time // End is trace.MaxTime if the slice never ends
	Is         Is
}

// IsSet reports whether there is one.
func (b *Bound) IsSet() bool { return b.Is != 0 }

// Binder finds the slice that each flow event binds to, as Perfetto draws it. A start,
// a step, or an end that says bp "e" binds to the slice that began last on its track,
// even if that is over, until the next begins or the end of a pair is met; of those that
// begin together it is the innermost. Any other end binds to the slice that begins next.
//
// It takes 56 bytes for each flow event, and as much again on tracks with pairs. Slices
// may come in any order and are not held, but complete ones on tracks with pairs.
type Binder struct {
	Events []Event
	bound  []Bound // by event
	near   []*line // by track, nil where there are no flow events
	far    []*line
	HasFar bool // some events are Far
}

// line is the flow events of a track, in order of time.
type line struct {
	inside, next []int32
	latest       int // where the latest slice began among those inside

	tree     []Bound // over those inside, where not only the latest begin tells; else nil
	encloses bool    // slices are left when they end
	waiting  []Bound // complete slices, until all ends are known
	ends     []trace.Time
}

// Note takes a flow event that has a time.
func (b *Binder) NoteFlow(track int, e *trace.Event, far bool) { b.NoteFlowAs(Key(e), track, e, far) }

// NoteFlowAs is NoteFlow for an event that belongs to others of the same chain.
func (b *Binder) NoteFlowAs(chain uint64, track int, e *trace.Event, far bool) {
	b.HasFar = b.HasFar || far
	if n := len(b.Events); n == cap(b.Events) {
		b.Events = slices.Grow(b.Events, max(n, 1<<10)) // twice as many, since more memory is slow to get
	}
	b.Events = append(b.Events, Event{
		Chain: chain, TS: e.TS, Track: int32(track), Phase: e.Phase, Far: far,
		next: e.Phase == 'f' && !BindsEnclosing(e),
	})
}

// AnyOn reports whether an event of a phase is on a track for which is is true.
func (b *Binder) AnyOn(phase byte, is func(track int) bool) bool {
	return slices.ContainsFunc(b.Events, func(e Event) bool { return e.Phase == phase && is(int(e.Track)) })
}

// Prepare gets ready to be told of slices, once all events are noted. Those on tracks
// for which matters is false are bound to nothing; a nil matters is true for all.
// HasPairs tells the tracks with begins and ends.
func (b *Binder) Prepare(matters, hasPairs func(track int) bool) {
	b.bound = make([]Bound, len(b.Events))
	b.near, b.far = nil, nil
	for i := range b.Events {
		e := &b.Events[i]
		if matters != nil && !matters(int(e.Track)) {
			continue
		}
		lines := &b.near
		if e.Far {
			lines = &b.far
		}
		for len(*lines) <= int(e.Track) {
			*lines = append(*lines, nil)
		}
		l := (*lines)[e.Track]
		if l == nil {
			l = &line{}
			(*lines)[e.Track] = l
		}
		if e.next {
			l.next = append(l.next, int32(i))
		} else {
			l.inside = append(l.inside, int32(i))
		}
	}
	inTime := func(x, y int32) int {
		return cmp.Or(cmp.Compare(b.Events[x].TS, b.Events[y].TS), cmp.Compare(x, y))
	}
	for far, lines := range [2][]*line{b.near, b.far} {
		for track, l := range lines {
			if l == nil {
				continue
			}
			slices.SortFunc(l.inside, inTime)
			slices.SortFunc(l.next, inTime)
			if l.encloses = far == 1; l.encloses || hasPairs(track) {
				l.tree = make([]Bound, 2*len(l.inside))
			}
		}
	}
}

// Bind tells of a slice; end is trace.MaxTime if it never ends.
func (b *Binder) Bind(track int, start, end trace.Time, is Is) {
	if track < len(b.near) && b.near[track] != nil {
		b.bindOn(b.near[track], Bound{start, end, is | there})
	}
}

// BindFar tells of a slice that events may be bound to which are Far.
func (b *Binder) BindFar(track int, start, end trace.Time, is Is) {
	if track < len(b.far) && b.far[track] != nil {
		b.bindOn(b.far[track], Bound{start, end, is | there})
	}
}

func (b *Binder) bindOn(l *line, s Bound) {
	if len(l.next) > 0 {
		b.bindNext(l, s)
	}
	if len(l.inside) == 0 {
		return
	}
	pair := s.Is&Pair != 0
	if l.tree != nil && !pair && !l.encloses {
		l.waiting = append(l.waiting, s)
		return
	}
	lo := b.first(l, s.Start)
	if l.tree == nil {
		if lo < len(l.inside) {
			if at := &b.bound[l.inside[lo]]; s.after(at) {
				*at = s
			}
		}
		return
	}
	hi := len(l.inside)
	switch {
	case s.End == trace.MaxTime:
	case pair: // its end comes before other events of that time
		l.ends = append(l.ends, s.End)
		hi = b.search(l.inside, s.End)
	default:
		hi = b.search(l.inside, s.End+1)
	}
	l.raise(lo, hi, s)
}

// bindNext tells the ends before a slice that it begins. A complete slice comes before
// the flow events and begins of its time, a begin may come behind them.
func (b *Binder) bindNext(l *line, s Bound) {
	start := s.Start
	if s.Is&Pair != 0 {
		start++
	}
	i := b.search(l.next, start) - 1
	if i < 0 {
		return
	}
	at := &b.bound[l.next[i]]
	if !at.IsSet() || s.before(at) {
		*at = s
	}
}

// End tells of the end of a slice that had no begin: what is over by then is met by no
// event behind it.
func (b *Binder) End(track int, ts trace.Time) {
	if track < len(b.near) && b.near[track] != nil {
		b.near[track].ends = append(b.near[track].ends, ts)
	}
}

// before reports whether a slice comes before another, or around one that begins at the
// same time.
func (s *Bound) before(o *Bound) bool {
	switch {
	case s.Start != o.Start:
		return s.Start < o.Start
	case (s.Is^o.Is)&Pair != 0:
		return s.Is&Pair == 0
	}
	return s.End > o.End
}

// after reports whether a slice begins after another, or inside of one that begins at
// the same time.
func (s *Bound) after(o *Bound) bool {
	switch {
	case !o.IsSet() || s.Start != o.Start:
		return !o.IsSet() || s.Start > o.Start
	case (s.Is^o.Is)&Pair != 0:
		return s.Is&Pair != 0
	}
	return s.End <= o.End
}

// first is the place of the first event inside that is not before t. Slices come mostly
// in order of time and are short, so it is looked for near the one before.
func (b *Binder) first(l *line, t trace.Time) int {
	const near = 8
	at := func(i int) trace.Time { return b.Events[l.inside[i]].TS }
	lo, hi := max(l.latest-near, 0), min(l.latest+near, len(l.inside))
	if lo > 0 && at(lo-1) >= t {
		lo, hi = 0, lo
	} else if hi < len(l.inside) && at(hi) < t {
		lo, hi = hi, len(l.inside)
	}
	l.latest = lo + sort.Search(hi-lo, func(i int) bool { return at(lo+i) >= t })
	return l.latest
}

// search is first for any events in order of time.
func (b *Binder) search(events []int32, t trace.Time) int {
	return sort.Search(len(events), func(i int) bool { return b.Events[events[i]].TS >= t })
}

// raise binds the events from place lo to hi to a slice, but those that are bound to
// one that begins after it.
func (l *line) raise(lo, hi int, s Bound) {
	n := len(l.inside)
	set := func(i int) {
		if s.after(&l.tree[i]) {
			l.tree[i] = s
		}
	}
	for lo, hi = lo+n, hi+n; lo < hi; lo, hi = lo/2, hi/2 {
		if lo%2 != 0 {
			set(lo)
			lo++
		}
		if hi%2 != 0 {
			hi--
			set(hi)
		}
	}
}

// at is what raise has bound the event at place i to.
func (l *line) at(i int) (best Bound) {
	for i += len(l.inside); i > 0; i /= 2 {
		if l.tree[i].IsSet() && l.tree[i].after(&best) {
			best = l.tree[i]
		}
	}
	return best
}

// Resolve binds the events, once all slices are told of.
func (b *Binder) Resolve() {
	for _, lines := range [2][]*line{b.near, b.far} {
		for _, l := range lines {
			if l != nil {
				b.resolve(l)
			}
		}
	}
	b.near, b.far = nil, nil
}

func (b *Binder) resolve(l *line) {
	var next Bound
	for _, i := range slices.Backward(l.next) {
		if b.bound[i].IsSet() {
			next = b.bound[i]
		}
		b.bound[i] = next
	}
	slices.Sort(l.ends)
	for _, s := range l.waiting {
		// It stays on the stack until the first end behind it.
		hi := len(l.inside)
		if i := sort.Search(len(l.ends), func(i int) bool { return l.ends[i] >= s.End && l.ends[i] > s.Start }); i < len(l.ends) {
			hi = b.search(l.inside, l.ends[i])
		}
		l.raise(b.search(l.inside, s.Start), hi, s)
	}
	var latest Bound
	for place, i := range l.inside {
		switch {
		case l.tree != nil:
			b.bound[i] = l.at(place)
		case b.bound[i].IsSet():
			latest = b.bound[i]
			continue
		default:
			b.bound[i] = latest
		}
	}
}

// Bound is what the n-th event is bound to.
func (b *Binder) Bound(n int32) *Bound { return &b.bound[n] }

// Slice is the slice that the n-th event is bound to.
func (b *Binder) Slice(n int32) Slice {
	at := &b.bound[n]
	return Slice{int(b.Events[n].Track), at.Start, at.End}
}

// Memory is about how many bytes b takes, or will once it is prepared.
func (b *Binder) Memory() int { return 56 * cap(b.Events) }
