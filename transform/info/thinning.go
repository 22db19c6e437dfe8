package info

import (
	"math/bits"

	"tracekit/trace"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/page"
)

// thresholds are those of downsample --min-dur that are thought of, in ns.
var thresholds = []trace.Time{
	1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8,
}

// thinning tells what downsample --min-dur leaves. Pairs of b and e count as long,
// and a flow is taken to be bound to the slice of its track that stands before
// it in the file, as profilers write them; where there is none, to any.
type thinning struct {
	grains [17]amount           // of slices, by how many thresholds they reach
	ends   [17]int64            // of these, what flows bind to: all but Python frames
	flows  amount               // events of flows
	tracks []lately             // by track
	pairs  pairs.Follow[amount] // begins: when, and how many bytes
}

// lately is a track's latest slice.
type lately struct {
	start, end trace.Time
	grain      uint8
	most       uint8 // of the grains of all of its events
}

// grainOf is how many thresholds a duration reaches.
func grainOf(d trace.Time) uint8 {
	if d < thresholds[0] {
		return 0
	}
	// 1 µs has 10 bits, and there are three thresholds in 3.3 bits: this is a few
	// too low.
	n := min(max((bits.Len64(uint64(d))-10)*9/10-1, 0), len(thresholds))
	for n < len(thresholds) && thresholds[n] <= d {
		n++
	}
	return uint8(n)
}

const (
	long    = 16  // the grain of what is kept whatever the threshold
	unbound = 255 // the mark of a flow's event of which it is not known to what it is bound
)

// take takes an event that is not metadata. Of a flow's it returns the grain of
// the slice that it is bound to.
func (t *thinning) grainOfEvent(e *trace.Event, track int, python bool) uint8 {
	for len(t.tracks) <= track {
		t.tracks = append(t.tracks, lately{end: trace.MinTime})
	}
	l := &t.tracks[track]
	size := int64(e.Size()) + 1
	switch {
	case e.IsFlow():
		t.flows.add(size)
		if e.TS < l.start || e.TS > l.end {
			return unbound
		}
		return l.grain
	case e.Phase == 'X' && e.Has&trace.HasDur != 0:
		l.start, l.end, l.grain = e.TS, e.End(), grainOf(e.Dur)
		t.grains[l.grain].add(size)
		l.most = max(l.most, l.grain)
		if !python {
			t.ends[l.grain]++
		}
	case e.Phase == 'B':
		t.pairs.Next(track, e, amount{int64(e.TS), size})
		l.start, l.end, l.grain = e.TS, trace.MaxTime, long
	case e.Phase == 'E':
		begin := t.pairs.Next(track, e, amount{})
		if begin.bytes == 0 {
			l.most = long
			break
		}
		grain := grainOf(e.TS - trace.Time(begin.events))
		t.grains[grain].add(size)
		t.grains[grain].add(begin.bytes)
		l.most = max(l.most, grain)
	default:
		l.most = long
	}
	return long
}

// lost is what is dropped under a threshold, by its number. Of flows the whole ones
// stay, if both of their slices do.
func (t *thinning) lost(threshold int, f *page.Forecast) (n amount) {
	n = t.flows
	short, ends := 0., 0.
	for i, g := range t.grains {
		if ends += float64(t.ends[i]); i <= threshold {
			n.events += g.events
			n.bytes += g.bytes
			short = ends
		}
	}
	stays := func(mark uint8) float64 {
		switch {
		case mark == unbound:
			return 1 - short/max(ends, 1)
		case int(mark) > threshold:
			return 1
		}
		return 0
	}
	whole, bytes := 0., 0.
	f.Flows(func(own, other uint8, events, size int64) {
		share := stays(own) * stays(other)
		whole += share * float64(events)
		bytes += share * float64(events*size)
	})
	n.events -= int64(whole + .5)
	n.bytes -= int64(bytes + .5)
	return n
}

// suffices is the number of the smallest threshold that takes as many bytes, -1
// if none does.
func (t *thinning) suffices(bytes int64, f *page.Forecast) int {
	for i := range thresholds {
		if t.lost(i, f).bytes >= bytes {
			return i
		}
	}
	return -1
}
