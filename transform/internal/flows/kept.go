package flows

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"

	"tracekit/trace"
)

// Kept decides which arrows stay: a chain stays if its start and one end at
// least are in the range and each binds to a slice that stays. It grows with
// the number of flow events in the range.
type Kept struct {
	seed   maphash.Seed
	Points []Point
	far    bool    // some bind to slices of devices only
	lines  []*line // by track, nil for those without slices that stay
	kept   []bool
}

// Point is a flow event in the range.
type Point struct {
	Chain uint64
	ts    trace.Time
	track int32
	phase byte
	next  bool // it binds to the slice that begins next, not to the one it is in
	far   bool // it binds to a device's slice only, and only if it is an end
	bound bool
}

// line is a track with flow events: their times in order, and how many slices
// begin and end to cover them.
type line struct {
	points []int32
	near   int   // where the latest slice began among them
	all    cover // by slices that stay
	device cover // by those of devices among them
}

// cover is where points are covered by slices.
type cover struct {
	depth  []int32
	latest trace.Time // start of the last slice
	any    bool
}

func (f *Kept) Note(track int, e *trace.Event, far bool) {
	if f.seed == (maphash.Seed{}) {
		f.seed = maphash.MakeSeed()
	}
	pt := Point{Chain: ChainHash(f.seed, e), ts: e.TS, track: int32(track), phase: e.Phase, far: far}
	pt.next = e.Phase == 'f' && !BindsEnclosing(e)
	f.far = f.far || far
	if n := len(f.Points); n == cap(f.Points) {
		f.Points = slices.Grow(f.Points, max(n, 1<<10)) // twice as many, since more memory is slow to get
	}
	f.Points = append(f.Points, pt)
}

// MayKeep reports whether an arrow starts, and one ends, on a track that has
// slices that stay.
func (f *Kept) MayKeep(hasSlices func(track int) bool) bool {
	return f.On('s', hasSlices) && f.On('f', hasSlices)
}

// On reports whether a flow event of a phase is on a track that has slices that
// stay.
func (f *Kept) On(phase byte, hasSlices func(track int) bool) bool {
	return slices.ContainsFunc(f.Points, func(p Point) bool { return p.phase == phase && hasSlices(int(p.track)) })
}

// Prepare orders the points of each track with slices that stay, so that these
// can be held against them.
func (f *Kept) Prepare(hasSlices func(track int) bool) {
	f.lines = nil
	for i := range f.Points {
		track := int(f.Points[i].track)
		if !hasSlices(track) {
			continue
		}
		if track >= len(f.lines) {
			f.lines = append(f.lines, make([]*line, track+1-len(f.lines))...)
		}
		if f.lines[track] == nil {
			f.lines[track] = &line{}
		}
		f.lines[track].points = append(f.lines[track].points, int32(i))
	}
	for _, l := range f.lines {
		if l == nil {
			continue
		}
		slices.SortFunc(l.points, func(a, b int32) int { return cmp.Compare(f.Points[a].ts, f.Points[b].ts) })
		l.all.depth = make([]int32, len(l.points)+1)
		if f.far {
			l.device.depth = make([]int32, len(l.points)+1)
		}
	}
}

// Cover notes a slice that stays.
func (f *Kept) Cover(track int, start, end trace.Time, device bool) {
	if track >= len(f.lines) || f.lines[track] == nil {
		return
	}
	l := f.lines[track]
	lo := f.first(l, start)
	l.near = lo
	hi := len(l.points)
	if end < trace.MaxTime {
		hi = f.first(l, end+1)
	}
	l.all.add(lo, hi, start)
	if device && f.far {
		l.device.add(lo, hi, start)
	}
}

// first is the place of the first point of l that is not before t. Slices come mostly
// in order of time and are short, so it is looked for near the one before.
func (f *Kept) first(l *line, t trace.Time) int {
	at := func(i int) trace.Time { return f.Points[l.points[i]].ts }
	lo, hi := max(l.near-nearPoints, 0), min(l.near+nearPoints, len(l.points))
	if lo > 0 && at(lo-1) >= t {
		lo, hi = 0, lo
	} else if hi < len(l.points) && at(hi) < t {
		lo, hi = hi, len(l.points)
	}
	return lo + sort.Search(hi-lo, func(i int) bool { return at(lo+i) >= t })
}

const nearPoints = 8

func (c *cover) add(lo, hi int, start trace.Time) {
	c.depth[lo]++
	c.depth[hi]--
	if !c.any || start > c.latest {
		c.latest, c.any = start, true
	}
}

// Settle decides, once all slices are known.
func (f *Kept) Settle() {
	for _, l := range f.lines {
		if l == nil {
			continue
		}
		all, device := int32(0), int32(0)
		for i, n := range l.points {
			all += l.all.depth[i]
			if f.far {
				device += l.device.depth[i]
			}
			pt := &f.Points[n]
			by, depth := &l.all, all
			if pt.far {
				by, depth = &l.device, device
			}
			pt.bound = (!pt.far || pt.phase == 'f') && by.binds(pt, depth)
		}
	}
	f.chains()
}

func (c *cover) binds(pt *Point, depth int32) bool {
	if pt.next {
		return c.any && c.latest >= pt.ts
	}
	return depth > 0
}

// chains follows each chain in time: a start begins a new one.
func (f *Kept) chains() {
	f.lines = nil
	f.kept = make([]bool, len(f.Points))
	order, ends := f.buckets()
	from := int32(0)
	for _, end := range ends {
		f.chainsOf(order[from:end])
		from = end
	}
}

// buckets are all points of chains that have a bound start, and of a few others, in
// no order but that each chain is in one bucket, with few others. ends is where each
// bucket ends.
func (f *Kept) buckets() (order, ends []int32) {
	mask := uint64(1)
	for mask < uint64(len(f.Points)) {
		mask = 2*mask + 1
	}
	starts := make([]bool, mask+1)
	for i := range f.Points {
		if pt := &f.Points[i]; pt.phase == 's' && pt.bound {
			starts[pt.Chain&mask] = true
		}
	}
	ends = make([]int32, mask+1)
	for i := range f.Points {
		if b := f.Points[i].Chain & mask; starts[b] {
			ends[b]++
		}
	}
	next, sum := make([]int32, mask+1), int32(0)
	for b, n := range ends {
		next[b] = sum
		sum += n
		ends[b] = sum
	}
	order = make([]int32, sum)
	for i := range f.Points {
		if b := f.Points[i].Chain & mask; starts[b] {
			order[next[b]] = int32(i)
			next[b]++
		}
	}
	return order, ends
}

// chainsOf follows the chains of a bucket.
func (f *Kept) chainsOf(order []int32) {
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &f.Points[a], &f.Points[b]
		return cmp.Or(cmp.Compare(x.Chain, y.Chain), cmp.Compare(x.ts, y.ts), cmp.Compare(a, b))
	})
	for i := 0; i < len(order); {
		k := i + 1
		for k < len(order) && f.Points[order[k]].Chain == f.Points[order[i]].Chain && f.Points[order[k]].phase != 's' {
			k++
		}
		f.chain(order[i:k])
		i = k
	}
}

func (f *Kept) chain(members []int32) {
	start := &f.Points[members[0]]
	if start.phase != 's' || !start.bound {
		return
	}
	ends := slices.ContainsFunc(members, func(n int32) bool { return f.Points[n].phase == 'f' && f.Points[n].bound })
	for _, n := range members {
		f.kept[n] = ends && f.Points[n].bound
	}
}

// Some reports whether any stay.
func (f *Kept) Some() bool { return slices.Contains(f.kept, true) }

// Keep reports whether the n-th flow event of the range stays.
func (f *Kept) Keep(n int) bool { return n < len(f.kept) && f.kept[n] }
