package flows

import (
	"cmp"
	"hash/maphash"
	"iter"
	"slices"
	"sort"

	"tracekit/trace"
)

// Follower follow flows from slice to slice. They take 32 bytes for each flow event
// that is noted, and 80 once they are prepared.
type Follower struct {
	seed   maphash.Seed
	Noted  []note
	points []End
	lines  []followLine // by track
}

// note is an end of an arrow.
type note struct {
	chain uint64
	ts    trace.Time
	track int32
	start bool // of the arrow
	next  bool // it binds to the slice that begins next
}

// followLine is the points on a track, in order of time: those that bind to the
// slice around them, and those that bind to the one that begins next.
type followLine struct{ inside, next []int32 }

// End is an end of an arrow, and the innermost slice that it binds to.
type End struct {
	chain      uint64
	ts         trace.Time
	Track      int32
	Start      bool       // of the arrow
	next       bool       // it binds to the slice that begins next
	Bound      bool       // to a slice
	device     bool       // which is a device's
	Stays      bool       // what bind was told of the slice
	launchedBy bool       // of an end: its start is bound to a host's call
	From, To   trace.Time // of the slice
	call       *End
}

// Note takes a flow event.
func (a *Follower) Note(track int, e *trace.Event) {
	if e.Has&trace.HasTS == 0 {
		return
	}
	if len(a.Noted) == 0 {
		a.seed = maphash.MakeSeed()
	}
	a.Noted = append(a.Noted, note{
		chain: ChainHash(a.seed, e), ts: e.TS, track: int32(track), start: e.Phase == 's', next: e.Phase == 'f' && !BindsEnclosing(e),
	})
}

// LeadTo reports whether an arrow may end at one of some slices.
func (a *Follower) LeadTo(some []Slice) bool {
	starts := map[uint64]bool{}
	for i := range a.Noted {
		if a.Noted[i].start {
			starts[a.Noted[i].chain] = true
		}
	}
	ends := map[int][]trace.Time{}
	for i := range a.Noted {
		if n := &a.Noted[i]; !n.start && starts[n.chain] {
			if n.next {
				return true // which slice begins next, not all slices tell
			}
			ends[int(n.track)] = append(ends[int(n.track)], n.ts)
		}
	}
	for _, on := range ends {
		slices.Sort(on)
	}
	for _, s := range some {
		on := ends[s.Track]
		if i := sort.Search(len(on), func(i int) bool { return on[i] >= s.Start }); i < len(on) && on[i] <= s.End {
			return true
		}
	}
	return false
}

// Prepare gets ready to be told of slices, once all ends of arrows are noted.
func (a *Follower) Prepare(tracks int) {
	a.points = make([]End, len(a.Noted))
	for i, n := range a.Noted {
		a.points[i] = End{chain: n.chain, ts: n.ts, Track: n.track, Start: n.start, next: n.next}
	}
	a.Noted = nil
	a.lines = make([]followLine, tracks)
	for i := range a.points {
		l := &a.lines[a.points[i].Track]
		if a.points[i].next {
			l.next = append(l.next, int32(i))
		} else {
			l.inside = append(l.inside, int32(i))
		}
	}
	inTime := func(x, y int32) int { return cmp.Compare(a.points[x].ts, a.points[y].ts) }
	for _, l := range a.lines {
		slices.SortStableFunc(l.inside, inTime)
		slices.SortStableFunc(l.next, inTime)
	}
}

// Bind lets the points that may be bound to a slice know of it.
func (a *Follower) Bind(track int, start, end trace.Time, device, stays bool) {
	l := a.line(track)
	for i := a.from(l.inside, start); i < len(l.inside) && a.points[l.inside[i]].ts <= end; i++ {
		p := &a.points[l.inside[i]]
		if !p.Bound || start > p.From || start == p.From && end < p.To {
			p.bindTo(start, end, device, stays)
		}
	}
	// Ends that bind to the next slice: all that lie before it.
	for i := a.from(l.next, start+1) - 1; i >= 0; i-- {
		p := &a.points[l.next[i]]
		if p.Bound && p.From <= start {
			break // those before are bound to nearer slices as well
		}
		p.bindTo(start, end, device, stays)
	}
}

// from is the first of points, in order of time, that is not before t.
func (a *Follower) from(points []int32, t trace.Time) int {
	return sort.Search(len(points), func(i int) bool { return a.points[points[i]].ts >= t })
}

func (p *End) bindTo(from, to trace.Time, device, stays bool) {
	p.Bound, p.From, p.To, p.device, p.Stays = true, from, to, device, stays
}

func (a *Follower) line(track int) followLine {
	if track < len(a.lines) {
		return a.lines[track]
	}
	return followLine{}
}

// Each returns the points of every arrow: a start and those that follow it, or
// those that follow none.
func (a *Follower) Each() [][]*End {
	order := make([]*End, len(a.points))
	for i := range order {
		order[i] = &a.points[i]
	}
	slices.SortStableFunc(order, func(p, q *End) int {
		return cmp.Or(cmp.Compare(p.chain, q.chain), cmp.Compare(p.ts, q.ts))
	})
	var all [][]*End
	for i := 0; i < len(order); {
		k := i + 1
		for k < len(order) && order[k].chain == order[i].chain && !order[k].Start {
			k++
		}
		all = append(all, order[i:k])
		i = k
	}
	return all
}

// Settle passes on to the ends of each arrow what is known of its start.
func (a *Follower) Settle() {
	for _, chain := range a.Each() {
		start := chain[0]
		if !start.Start || !start.Bound || start.device {
			continue
		}
		for _, p := range chain[1:] {
			p.launchedBy, p.call = true, start
		}
	}
}

// Calls gives the starts of the arrows from a host's calls that end at a slice.
func (a *Follower) Calls(track int, start, end trace.Time) iter.Seq[*End] {
	return func(yield func(*End) bool) {
		l := a.line(track)
		ends := func(p *End) bool { return p.launchedBy && p.device && p.From == start && p.To == end }
		to := a.from(l.next, start+1)
		from := to
		for from > 0 && a.points[l.next[from-1]].From == start {
			from-- // it was waiting for a slice that begins here
		}
		for _, i := range l.next[from:to] {
			if p := &a.points[i]; ends(p) && !yield(p.call) {
				return
			}
		}
		for _, i := range l.inside[a.from(l.inside, start):] {
			p := &a.points[i]
			if p.ts > end || ends(p) && !yield(p.call) {
				return
			}
		}
	}
}
