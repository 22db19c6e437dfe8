package overview

import "tracekit/trace"

// load is how many events, and bytes of them, a slice of the trace would have:
// those that begin in each bin, by how much more or less is open at its end
// than at its start, and what every slice has.
type load struct {
	events, bytes         sums
	openEvents, openBytes sums
	fixedEvents           int64
	fixedBytes            int64
	flows                 flowSample
}

// clipped is about how many bytes an event grows by when it is cut.
const clipped = 64

func (l *load) widen(to func(i int) int) {
	for _, s := range []*sums{&l.events, &l.bytes, &l.openEvents, &l.openBytes} {
		s.widen(to)
	}
}

// add takes an event. s holds its start and end, unless it is metadata.
func (l *load) add(s *scale, e *trace.Event) {
	size := int64(e.Size()) + 1 // and a comma
	switch {
	case e.IsMeta():
		l.fixedEvents++
		l.fixedBytes += size
		return
	case e.IsFlow():
		l.flows.add(e, size)
		return
	}
	from, to := s.index(e.TS), s.index(e.End())
	l.events[from]++
	l.bytes[from] += size
	if to > from {
		l.openEvents[from]++
		l.openBytes[from] += size
		l.openEvents[to]--
		l.openBytes[to] -= size
	}
}

// settle counts the flow events of whole arrows: others will be in no slice.
func (l *load) settle(s *scale) {
	for _, p := range l.flows.whole() {
		i := s.index(p.ts)
		l.events[i] += 1 << l.flows.shift
		l.bytes[i] += p.size << l.flows.shift
	}
}

// flowSample holds flow events of one arrow in 1<<shift: of all while they are
// few.
type flowSample struct {
	shift  uint
	points []flowPoint
}

type flowPoint struct {
	arrow uint64
	ts    trace.Time
	size  int64
	phase byte
}

const maxPoints = 1 << 18

func (f *flowSample) add(e *trace.Event, size int64) {
	p := flowPoint{arrowOf(e), e.TS, size, e.Phase}
	if !f.takes(p) {
		return
	}
	if f.points = append(f.points, p); len(f.points) < maxPoints {
		return
	}
	f.shift++
	kept := f.points[:0]
	for _, p := range f.points {
		if f.takes(p) {
			kept = append(kept, p)
		}
	}
	f.points = kept
}

func (f *flowSample) takes(p flowPoint) bool { return p.arrow>>(64-f.shift) == 0 }

// whole returns the points of arrows that have a start and an end.
func (f *flowSample) whole() []flowPoint {
	ends := map[uint64][2]bool{}
	for _, p := range f.points {
		has := ends[p.arrow]
		has[0] = has[0] || p.phase == 's'
		has[1] = has[1] || p.phase == 'f'
		ends[p.arrow] = has
	}
	var all []flowPoint
	for _, p := range f.points {
		if ends[p.arrow] == [2]bool{true, true} {
			all = append(all, p)
		}
	}
	return all
}

// arrowOf is a number that the events of an arrow share, the same for every
// run, so that the page of a trace is always the same.
func arrowOf(e *trace.Event) uint64 {
	const prime = 0x100000001b3 // of FNV-1a
	h := uint64(0xcbf29ce484222325)
	for _, text := range [...][]byte{e.Cat(), e.Name(), e.ID()} {
		for _, c := range text {
			h = (h ^ uint64(c)) * prime
		}
		h *= prime
	}
	h ^= h >> 29 // its upper bits shall depend on all of the text
	return h * 0xbf58476d1ce4e5b9
}
