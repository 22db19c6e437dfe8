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

// arrows follow flows from slice to slice. They take about 80 bytes for each
// flow event.
type arrows struct {
	seed   maphash.Seed
	points []arrowPoint
	lines  [][]int32 // by track: points in order of time
}

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
	if len(a.points) == 0 {
		a.seed = maphash.MakeSeed()
	}
	a.points = append(a.points, arrowPoint{
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
	const key = `"bp"`
	_, rest, _ := bytes.Cut(e.Raw(), []byte(key))
	if bytes.Contains(rest, []byte(key)) { // which of them is the member takes a closer look
		bp, _ := e.Member("bp")
		return string(bp) == `"e"`
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(rest, []byte(`"e"`))
}

func (a *arrows) prepare(tracks int) {
	a.lines = make([][]int32, tracks)
	for i := range a.points {
		t := a.points[i].track
		a.lines[t] = append(a.lines[t], int32(i))
	}
	for _, l := range a.lines {
		slices.SortStableFunc(l, func(x, y int32) int { return cmp.Compare(a.points[x].ts, a.points[y].ts) })
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

func (a *arrows) line(track int) []int32 {
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
		from := sort.Search(len(l), func(i int) bool { return a.points[l[i]].ts >= start })
		for from > 0 && a.points[l[from-1]].next {
			from-- // it may have been waiting for this slice
		}
		for _, i := range l[from:] {
			p := &a.points[i]
			if p.ts > end {
				return
			}
			if p.launchedBy && p.device && p.from == start && p.to == end && !yield(p.call) {
				return
			}
		}
	}
}
