package split

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// paired counts begins and ends, once they are matched.
type paired struct {
	sizes    []uint32 // by ordinal
	partners []pairs.Partner
}

// madeEnd is about how many bytes an end takes that the trace does not have.
const madeEnd = 64

// pair counts the begins and ends of a trace. A piece in which a slice begins has its
// end, too, in its place or moved; one that lies in the slice as a whole has it as one
// event, and an async one as two.
func (d *density) pair(partners []pairs.Partner) {
	d.ends.partners = partners
	for n := range partners {
		q, size := &partners[n], int64(d.ends.sizes[n])
		switch q.Is() {
		case pairs.IsLone:
			if q.Start != trace.MaxTime {
				d.add(q.Start, bin{events: 1, bytes: size})
				d.names.uses.add(q.Start, q.Start, q.Track())
			}
		case pairs.IsBegin, pairs.IsAsync:
			end := d.ends.endOf(q)
			d.add(q.Start, bin{events: 2, bytes: size + end})
			carried := bin{openEvents: 1, openBytes: size + clipped}
			if q.Is() == pairs.IsAsync {
				carried = bin{openEvents: 2, openBytes: size + end + 2*clipped}
			}
			d.open(q.Start, q.Stop, carried)
			d.names.uses.add(q.Start, q.Stop, q.Track())
		}
	}
}

// endOf is the size of the end of a begin.
func (p *paired) endOf(q *pairs.Partner) int64 {
	if q.End < 0 {
		return madeEnd
	}
	return int64(p.sizes[q.End])
}

// arcs are the slices of tracks that reach over from one bin into another, with their
// ends and in order of these.
func (p *paired) arcs(shift uint) []arc {
	var all []arc
	for n := range p.partners {
		if q := &p.partners[n]; q.Is() == pairs.IsBegin && q.End >= 0 && q.Stop>>shift > q.Start>>shift {
			all = append(all, arc{q.Start, q.Stop, 1, p.endOf(q)})
		}
	}
	slices.SortFunc(all, func(a, b arc) int { return cmp.Compare(a.end, b.end) })
	return all
}

// counters counts what carries the values of counters into the pieces behind their
// first samples.
func (d *density) counters(samples map[string]*history) {
	for _, h := range samples {
		first := make([]trace.Time, len(h.sizes))
		for k := range first {
			first[k] = trace.MaxTime
		}
		start := trace.MaxTime
		for i := range h.samples {
			s := &h.samples[i]
			start = min(start, s.ts)
			for _, k := range h.sets[s.set] {
				first[k] = min(first[k], s.ts)
			}
		}
		d.samples = append(d.samples, arc{start: start, events: 1, size: int64(h.size)})
		for k, at := range first {
			d.samples = append(d.samples, arc{start: at, size: int64(h.sizes[k])})
		}
		d.names.uses.add(start, trace.MaxTime, h.track)
	}
	slices.SortFunc(d.samples, func(a, b arc) int { return cmp.Compare(a.start, b.start) })
}
