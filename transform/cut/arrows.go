package cut

import (
	"cmp"
	"slices"
	"sort"

	"tracekit/trace"
)

// arrows follow flows from slice to slice.
type arrows struct {
	points []arrowPoint
	lines  [][]int // by track: points in order of time
	chains map[string]int
}

// arrowPoint is an end of an arrow, and the innermost slice that it binds to.
type arrowPoint struct {
	chain      int
	ts         trace.Time
	track      int
	start      bool // of the arrow
	next       bool // it binds to the slice that begins next
	bound      bool
	from, to   trace.Time // of that slice
	device     bool       // it is a device's
	stays      bool       // of a start: its call stays
	launchedBy bool       // of an end: its start is bound to a host's call
}

// note takes a flow event.
func (a *arrows) note(track int, e *trace.Event) {
	if e.Has&trace.HasTS == 0 {
		return
	}
	if a.chains == nil {
		a.chains = map[string]int{}
	}
	key := string(e.Cat()) + "\x00" + string(e.Name()) + "\x00" + string(e.ID())
	chain, ok := a.chains[key]
	if !ok {
		chain = len(a.chains)
		a.chains[key] = chain
	}
	a.points = append(a.points, arrowPoint{
		chain: chain, ts: e.TS, track: track, start: e.Phase == 's', next: e.Phase == 'f' && !bindsEnclosing(e),
	})
}

// bindsEnclosing reports whether an end of an arrow binds to the slice that it
// stands in, not to the one that begins next.
func bindsEnclosing(e *trace.Event) bool {
	if e.Has&trace.HasBP == 0 {
		return false
	}
	bp, _ := e.Member("bp")
	return string(bp) == `"e"`
}

func (a *arrows) prepare(tracks int) {
	a.lines = make([][]int, tracks)
	for i := range a.points {
		t := a.points[i].track
		a.lines[t] = append(a.lines[t], i)
	}
	for _, l := range a.lines {
		slices.SortStableFunc(l, func(x, y int) int { return cmp.Compare(a.points[x].ts, a.points[y].ts) })
	}
}

// bind lets the points that may be bound to a slice know of it.
func (a *arrows) bind(track int, start, end trace.Time, device, stays bool) {
	l := a.line(track)
	for i := sort.Search(len(l), func(i int) bool { return a.points[l[i]].ts >= start }); i < len(l) && a.points[l[i]].ts <= end; i++ {
		p := &a.points[l[i]]
		if !p.next && (!p.bound || start > p.from || start == p.from && end < p.to) {
			p.take(start, end, device, stays)
		}
	}
	// Ends that bind to the next slice: all that lie before it.
	for i := sort.Search(len(l), func(i int) bool { return a.points[l[i]].ts > start }) - 1; i >= 0; i-- {
		p := &a.points[l[i]]
		if p.next && p.bound && p.from <= start {
			break // those before are bound to nearer slices as well
		}
		if p.next {
			p.take(start, end, device, stays)
		}
	}
}

func (p *arrowPoint) take(from, to trace.Time, device, stays bool) {
	p.bound, p.from, p.to, p.device, p.stays = true, from, to, device, stays
}

func (a *arrows) line(track int) []int {
	if track < len(a.lines) {
		return a.lines[track]
	}
	return nil
}

// each returns the points of every arrow: a start and those that follow it, or
// those that follow none.
func (a *arrows) each() [][]*arrowPoint {
	order := make([]*arrowPoint, len(a.points))
	for i := range order {
		order[i] = &a.points[i]
	}
	slices.SortStableFunc(order, func(p, q *arrowPoint) int {
		return cmp.Or(cmp.Compare(p.chain, q.chain), cmp.Compare(p.ts, q.ts), cmp.Compare(b2i(q.start), b2i(p.start)))
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
			p.launchedBy, p.stays = true, start.stays
		}
	}
}

// launched reports whether an arrow from a host's call ends at a slice, and
// whether one of those calls stays.
func (a *arrows) launched(track int, start, end trace.Time) (stays, known bool) {
	l := a.line(track)
	from := sort.Search(len(l), func(i int) bool { return a.points[l[i]].ts >= start })
	for from > 0 && a.points[l[from-1]].next {
		from-- // it may have been waiting for this slice
	}
	for _, i := range l[from:] {
		p := &a.points[i]
		if p.ts > end {
			break
		}
		if p.launchedBy && p.device && p.from == start && p.to == end {
			known = true
			stays = stays || p.stays
		}
	}
	return stays, known
}
