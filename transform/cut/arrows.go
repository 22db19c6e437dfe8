package cut

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"iter"
	"slices"
	"sort"

	"tracekit/trace"
)

// arrows follow flows from slice to slice. They take 32 bytes for each flow event
// that is noted, and 80 once they are prepared.
type arrows struct {
	seed   maphash.Seed
	noted  []arrowNote
	points []arrowPoint
	lines  []arrowLine // by track
}

// arrowNote is an end of an arrow.
type arrowNote struct {
	chain uint64
	ts    trace.Time
	track int32
	start bool // of the arrow
	next  bool // it binds to the slice that begins next
}

// arrowLine is the points on a track, in order of time: those that bind to the
// slice around them, and those that bind to the one that begins next.
type arrowLine struct{ inside, next []int32 }

// arrowPoint is an end of an arrow, and the innermost slice that it binds to.
type arrowPoint struct {
	chain      uint64
	ts         trace.Time
	track      int32
	start      bool       // of the arrow
	next       bool       // it binds to the slice that begins next
	bound      bool       // to a slice
	device     bool       // which is a device's
	stays      bool       // what bind was told of the slice
	launchedBy bool       // of an end: its start is bound to a host's call
	from, to   trace.Time // of the slice
	call       *arrowPoint
}

// note takes a flow event.
func (a *arrows) note(track int, e *trace.Event) {
	if e.Has&trace.HasTS == 0 {
		return
	}
	if len(a.noted) == 0 {
		a.seed = maphash.MakeSeed()
	}
	a.noted = append(a.noted, arrowNote{
		chain: chainHash(a.seed, e), ts: e.TS, track: int32(track), start: e.Phase == 's', next: e.Phase == 'f' && !bindsEnclosing(e),
	})
}

// leadsToDevice reports a flow event from host to device.
func leadsToDevice(e *trace.Event) bool {
	if e.Phase != 's' && e.Phase != 'f' {
		return false
	}
	cat := string(e.Cat())
	return cat == "ac2g" || cat == "async_cpu_to_gpu"
}

// bindsEnclosing reports whether an end of an arrow binds to the slice that it
// stands in, not to the one that begins next.
func bindsEnclosing(e *trace.Event) bool {
	if e.Has&trace.HasBP == 0 {
		return false
	}
	if raw := e.Raw(); bytes.HasSuffix(raw, []byte(`"bp": "e"}`)) || bytes.HasSuffix(raw, []byte(`"bp":"e"}`)) {
		return true // as PyTorch writes it
	}
	const key = `"bp"`
	_, rest, _ := bytes.Cut(e.Raw(), []byte(key))
	if bytes.Contains(rest, []byte(key)) { // which of them is the member takes a closer look
		bp, _ := e.Member("bp")
		return string(bp) == `"e"`
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(rest, []byte(`"e"`))
}

// leadTo reports whether an arrow may end at one of some slices.
func (a *arrows) leadTo(some []span) bool {
	starts := map[uint64]bool{}
	for i := range a.noted {
		if a.noted[i].start {
			starts[a.noted[i].chain] = true
		}
	}
	ends := map[int][]trace.Time{}
	for i := range a.noted {
		if n := &a.noted[i]; !n.start && starts[n.chain] {
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
		on := ends[s.track]
		if i := sort.Search(len(on), func(i int) bool { return on[i] >= s.start }); i < len(on) && on[i] <= s.end {
			return true
		}
	}
	return false
}

// prepare gets ready to be told of slices, once all ends of arrows are noted.
func (a *arrows) prepare(tracks int) {
	a.points = make([]arrowPoint, len(a.noted))
	for i, n := range a.noted {
		a.points[i] = arrowPoint{chain: n.chain, ts: n.ts, track: n.track, start: n.start, next: n.next}
	}
	a.noted = nil
	a.lines = make([]arrowLine, tracks)
	for i := range a.points {
		l := &a.lines[a.points[i].track]
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

// bind lets the points that may be bound to a slice know of it.
func (a *arrows) bind(track int, start, end trace.Time, device, stays bool) {
	l := a.line(track)
	for i := a.from(l.inside, start); i < len(l.inside) && a.points[l.inside[i]].ts <= end; i++ {
		p := &a.points[l.inside[i]]
		if !p.bound || start > p.from || start == p.from && end < p.to {
			p.take(start, end, device, stays)
		}
	}
	// Ends that bind to the next slice: all that lie before it.
	for i := a.from(l.next, start+1) - 1; i >= 0; i-- {
		p := &a.points[l.next[i]]
		if p.bound && p.from <= start {
			break // those before are bound to nearer slices as well
		}
		p.take(start, end, device, stays)
	}
}

// from is the first of points, in order of time, that is not before t.
func (a *arrows) from(points []int32, t trace.Time) int {
	return sort.Search(len(points), func(i int) bool { return a.points[points[i]].ts >= t })
}

func (p *arrowPoint) take(from, to trace.Time, device, stays bool) {
	p.bound, p.from, p.to, p.device, p.stays = true, from, to, device, stays
}

func (a *arrows) line(track int) arrowLine {
	if track < len(a.lines) {
		return a.lines[track]
	}
	return arrowLine{}
}

// each returns the points of every arrow: a start and those that follow it, or
// those that follow none.
func (a *arrows) each() [][]*arrowPoint {
	order := make([]*arrowPoint, len(a.points))
	for i := range order {
		order[i] = &a.points[i]
	}
	slices.SortStableFunc(order, func(p, q *arrowPoint) int {
		return cmp.Or(cmp.Compare(p.chain, q.chain), cmp.Compare(p.ts, q.ts))
	})
	var all [][]*arrowPoint
	for i := 0; i < len(order); {
		k := i + 1
		for k < len(order) && order[k].chain == order[i].chain && !order[k].start {
			k++
		}
		all = append(all, order[i:k])
		i = k
	}
	return all
}

// settle passes on to the ends of each arrow what is known of its start.
func (a *arrows) settle() {
	for _, chain := range a.each() {
		start := chain[0]
		if !start.start || !start.bound || start.device {
			continue
		}
		for _, p := range chain[1:] {
			p.launchedBy, p.call = true, start
		}
	}
}

// calls gives the starts of the arrows from a host's calls that end at a slice.
func (a *arrows) calls(track int, start, end trace.Time) iter.Seq[*arrowPoint] {
	return func(yield func(*arrowPoint) bool) {
		l := a.line(track)
		ends := func(p *arrowPoint) bool { return p.launchedBy && p.device && p.from == start && p.to == end }
		to := a.from(l.next, start+1)
		from := to
		for from > 0 && a.points[l.next[from-1]].from == start {
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
