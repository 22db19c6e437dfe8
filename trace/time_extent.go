package trace

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
)

// Extent is the stretch of time that a trace covers, without what stands at
// impossible times: broken clocks write 0 where all else counts from a far base,
// or years, or slices of months into a capture of seconds.
type Extent struct {
	// Zero and Last are the smallest start and the largest end of what a viewer
	// shows, in ns; both are 0 if the trace shows nothing.
	Zero, Last Time

	// Ruler is where Perfetto's ruler begins: the smallest start of all that it
	// shows, impossible or not.
	Ruler Time

	// Longest is a duration that no slice of the trace exceeds, in ns.
	Longest Time

	// Outside counts the events that are shown at impossible times.
	Outside int64
}

// Holds reports whether an event that is shown from ts on for dur, in ns, stands at
// a possible time.
func (x *Extent) Holds(ts, dur Time) bool {
	return ts >= x.Zero && ts <= x.Last && dur <= x.Longest
}

// What is so far from the bulk of the events that only a broken clock explains it.
// A server that has been up for weeks has its warm-up weeks before the capture, so
// a gap has to be a quarter too, for which the clocks of PyTorch's profiler count
// from one base. It writes exactly 0 for what it takes to be before that base.
const (
	second  = Time(1e9)
	minute  = 60 * second
	hour    = 3600 * second
	day     = 24 * hour
	quarter = 7_889_238 * second

	gapToBulk    = 100  // a gap, to the length of the bulk
	zeroToBulk   = 1000 // a gap behind 0, to the length of the bulk
	zeroToStated = 10   // and to that of the capture, as the profiler states it
	longToBulk   = 1000 // a slice, to the length of the bulk
	longToStated = 100  // and to that of the capture

	bucketBits = 50 // 13 days
	zeroBucket = -1
	ordinary   = 0 // shorter than a day
	profiler   = "PyTorch Profiler"
)

// Times gathers when events are, in little memory however many there are, to find
// the Extent of a trace. The zero value is ready to use.
type Times struct {
	groups    map[timeKey]*TimeGroup
	last      *TimeGroup
	lastKey   timeKey
	stated    stretch // the capture, as profilers state it
	hasStated bool    // stated is set
}

// timeKey tells apart what is judged as one: times of exactly 0, and by 13 days
// what lasts less than a day, and what lasts longer by powers of two.
type timeKey struct {
	bucket int64
	long   uint8
}

// TimeGroup are events that an Extent holds all of, or none.
type TimeGroup struct {
	n        int64
	min, to  Time // of what begins; to is an end where slices last less than a day
	end      Time // of all
	dur, max Time // durations, smallest and largest
}

func keyOf(ts, dur Time) timeKey {
	k := timeKey{bucket: int64(ts >> bucketBits)}
	if ts == 0 {
		k.bucket = zeroBucket
	}
	if dur >= day {
		k.long = uint8(bits.Len64(uint64(dur)))
	}
	return k
}

func (t *Times) group(k timeKey) *TimeGroup {
	if t.last != nil && t.lastKey == k {
		return t.last
	}
	if t.groups == nil {
		t.groups = map[timeKey]*TimeGroup{}
	}
	g := t.groups[k]
	if g == nil {
		g = &TimeGroup{min: MaxTime, to: MinTime, end: MinTime, dur: MaxTime, max: MinTime}
		t.groups[k] = g
	}
	t.last, t.lastKey = g, k
	return g
}

// Add takes note of an event that is shown from ts on for dur, in ns, neither of
// them negative. Events of one TimeGroup are possible or impossible together.
func (t *Times) Add(ts, dur Time) *TimeGroup {
	k := keyOf(ts, dur)
	g := t.group(k)
	end := ts.Add(dur)
	g.merge(&TimeGroup{1, ts, ts, end, dur, dur})
	if k.long == ordinary {
		g.to = max(g.to, end)
	}
	return g
}

// AddEnd takes note of the end of what began with another event.
func (t *Times) AddEnd(ts Time) *TimeGroup {
	g := t.group(keyOf(ts, 0))
	g.merge(&TimeGroup{1, MaxTime, ts, ts, 0, 0})
	return g
}

// State takes note of the slice by which a profiler says when it recorded, if this
// is one.
func (t *Times) State(name []byte, ts, dur Time) {
	if ts <= 0 || dur < 0 || !bytes.HasPrefix(name, []byte(profiler)) {
		return
	}
	t.state(stretch{ts, ts.Add(dur)})
}

func (t *Times) state(s stretch) {
	if t.hasStated {
		s = stretch{min(s.start, t.stated.start), max(s.end, t.stated.end)}
	}
	t.stated, t.hasStated = s, true
}

func (g *TimeGroup) merge(o *TimeGroup) {
	g.n += o.n
	g.min, g.to, g.end = min(g.min, o.min), max(g.to, o.to), max(g.end, o.end)
	g.dur, g.max = min(g.dur, o.dur), max(g.max, o.max)
}

// Count is how many events there are.
func (g *TimeGroup) Count() int64 { return g.n }

// TooLong reports whether x does not hold the events of a group for how long they
// last, and not for when they begin.
func (g *TimeGroup) TooLong(x *Extent) bool { return g.max > x.Longest && g.min >= x.Zero }

// merge makes t the Times of the events of both.
func (t *Times) merge(o *Times) {
	for k, g := range o.groups {
		t.group(k).merge(g)
	}
	if o.hasStated {
		t.state(o.stated)
	}
}

// Extent returns the stretch of time that what was added covers, and the groups
// that it does not hold.
func (t *Times) Extent() (x Extent, outside []*TimeGroup) {
	var all, zeros timeGroups
	for k, g := range t.groups {
		if k.bucket == zeroBucket {
			zeros = append(zeros, keyedGroup{k, g})
		} else {
			all = append(all, keyedGroup{k, g})
		}
	}
	slices.SortFunc(all, func(a, b keyedGroup) int {
		return cmp.Or(cmp.Compare(a.first(), b.first()), cmp.Compare(a.long, b.long))
	})
	inside := all.bulk().withoutLateEnds()
	switch {
	case !t.farFromZero(inside):
		inside = append(slices.Clone(zeros), inside...)
	case zeros.count() > inside.count() && !t.isStated(inside):
		inside = zeros
	}
	x = Extent{Zero: MaxTime, Last: MinTime, Ruler: MaxTime, Longest: t.longest(inside)}
	held := map[*TimeGroup]bool{}
	for _, g := range inside {
		if held[g.TimeGroup] = g.long == ordinary || g.max <= x.Longest; held[g.TimeGroup] {
			x.Zero, x.Last = min(x.Zero, g.min), max(x.Last, g.end)
		}
	}
	for _, g := range t.groups {
		x.Ruler = min(x.Ruler, g.min)
		if !held[g] {
			x.Outside += g.n
			outside = append(outside, g)
		}
	}
	if x.Zero > x.Last {
		x.Zero, x.Last, x.Ruler = 0, 0, 0
	}
	return x, outside
}

// timeGroups are groups in order of time.
type timeGroups []keyedGroup

type keyedGroup struct {
	timeKey
	*TimeGroup
}

// first is the first time of a group: of an end, if nothing begins there.
func (g *keyedGroup) first() Time { return min(g.min, g.to) }

func (a timeGroups) count() (n int64) {
	for i := range a {
		n += a[i].n
	}
	return n
}

// span returns where groups begin, and where the last of their slices that do not
// last long ends.
func (a timeGroups) span() (from, to Time) {
	from, to = MaxTime, MinTime
	for i := range a {
		from, to = min(from, a[i].first()), max(to, a[i].to)
	}
	return from, to
}

// bulk returns the groups that keep together: the most events without a gap of a
// quarter, the later ones of two that are equal, and what is not far from these by
// their own length.
func (a timeGroups) bulk() timeGroups {
	var runs [][2]int
	best := 0
	for i := 0; i < len(a); {
		k, end := i, a[i].to
		for ; k < len(a) && (k == i || a[k].first()-end < quarter); k++ {
			end = max(end, a[k].to)
		}
		runs = append(runs, [2]int{i, k})
		if b := runs[best]; a[i:k].count() >= a[b[0]:b[1]].count() {
			best = len(runs) - 1
		}
		i = k
	}
	if len(runs) == 0 {
		return nil
	}
	lo, hi := best, best
	for {
		inside := a[runs[lo][0]:runs[hi][1]]
		from, to := inside.span()
		near := func(gap Time) bool { return gap/gapToBulk < to-from }
		switch {
		case lo > 0 && near(from-a[:runs[lo][0]].end()):
			lo--
		case hi+1 < len(runs) && near(a[runs[hi][1]].first()-to):
			hi++
		default:
			return inside
		}
	}
}

// withoutLateEnds is a without what only ends there, so long behind all that begins as no
// complete slice may last.
func (a timeGroups) withoutLateEnds() timeGroups {
	for len(a) > 1 {
		rest, late := a[:len(a)-1], a[len(a)-1]
		from, to := rest.span()
		if late.min != MaxTime || late.end-to <= max(day, multiple(longToBulk, to-from)) || late.n >= rest.count() {
			break
		}
		a = rest
	}
	return a
}

func (a timeGroups) end() Time {
	_, to := a.span()
	return to
}

// isStated reports whether a profiler states its capture among these groups.
func (t *Times) isStated(inside timeGroups) bool {
	from, to := inside.span()
	return t.hasStated && t.stated.start >= from && t.stated.start <= to
}

// farFromZero reports whether times of exactly 0 are broken, for what is inside.
func (t *Times) farFromZero(inside timeGroups) bool {
	from, to := inside.span()
	switch {
	case len(inside) == 0:
		return false
	case t.isStated(inside):
		return from >= minute && from/zeroToStated >= t.stated.end-t.stated.start
	}
	length := to - from
	return from >= quarter && from/gapToBulk >= length || from >= hour && from/zeroToBulk >= length
}

// longest returns the longest duration that a slice of these groups may have.
func (t *Times) longest(inside timeGroups) Time {
	from, to := inside.span()
	slices.SortFunc(inside, func(a, b keyedGroup) int { return cmp.Compare(a.long, b.long) })
	at := 0
	for at < len(inside) && inside[at].long == ordinary {
		at++
	}
	short, long := inside[:at], inside[at:]
	limit := MaxTime
	switch {
	case t.isStated(inside):
		limit = max(day, multiple(longToStated, t.stated.end-t.stated.start))
	case short.count() > long.count():
		limit = max(day, multiple(longToBulk, to-from))
	}
	for len(long) > 0 {
		k, least, most := 0, MaxTime, Time(0)
		for ; k < len(long) && long[k].long == long[0].long; k++ {
			least, most = min(least, long[k].dur), max(most, long[k].max)
		}
		if least > limit {
			return limit
		}
		limit = max(limit, most)
		long = long[k:]
	}
	return MaxTime
}

// multiple is n times d, held at MaxTime.
func multiple(n, d Time) Time {
	if d > MaxTime/n {
		return MaxTime
	}
	return n * d
}
