package split

import (
	"tracekit/trace"
	"tracekit/transform/cut"
)

// density is how many events, and bytes of them, begin in each bin of time, and
// reach over from one into the next. Bins widen as the trace grows in time, so
// that it takes the same memory for every trace.
type density struct {
	width trace.Time // of a bin
	first int64      // number of bins[0]: it begins at first × width
	bins  []bin
	fixed bin // what every piece has
	flows flowSample
}

// bin counts what begins in it, and by how much more or less is open at its end
// than at its start.
type bin struct{ events, bytes, openEvents, openBytes int64 }

const (
	maxBins  = 1 << 19
	binStart = trace.Time(64)
	// clipped is about how many bytes an event grows by when it is cut.
	clipped = 64
)

// text takes document text, which every piece has.
func (d *density) text(t []byte) { d.fixed.bytes += int64(len(t)) }

func (d *density) event(e *trace.Event) {
	size := int64(e.Size()) + 1
	if e.IsMeta() {
		d.fixed.events++
		d.fixed.bytes += size
		return
	}
	if e.Has&trace.HasTS == 0 {
		return
	}
	if d.bins == nil {
		d.width = binStart
		d.first = floorDiv(e.TS, d.width)
		d.bins = make([]bin, 1, maxBins)
	}
	d.reach(e.TS)
	if e.IsFlow() {
		d.flows.add(e, size)
		return
	}
	d.reach(e.End())
	start, end := d.index(e.TS), d.index(e.End())
	d.bins[start].events++
	d.bins[start].bytes += size
	if end > start {
		d.bins[start].openEvents++
		d.bins[start].openBytes += size
		d.bins[end].openEvents--
		d.bins[end].openBytes -= size
	}
}

func floorDiv(t, by trace.Time) int64 {
	n := int64(t / by)
	if t%by < 0 {
		n--
	}
	return n
}

func (d *density) index(t trace.Time) int { return int(floorDiv(t, d.width) - d.first) }

// reach makes sure that there is a bin for t.
func (d *density) reach(t trace.Time) {
	for {
		n := floorDiv(t, d.width)
		lo, hi := min(n, d.first), max(n+1, d.first+int64(len(d.bins)))
		if hi-lo > maxBins {
			d.widen()
			continue
		}
		if more := int(d.first - lo); more > 0 {
			old := d.bins
			d.bins = append(d.bins, make([]bin, more)...)
			copy(d.bins[more:], old)
			clear(d.bins[:more])
			d.first = lo
		}
		if more := int(hi-d.first) - len(d.bins); more > 0 {
			d.bins = append(d.bins, make([]bin, more)...)
		}
		return
	}
}

// widen makes one bin of every two.
func (d *density) widen() {
	d.width *= 2
	first := floorDiv(trace.Time(d.first), 2)
	merged := make([]bin, floorDiv(trace.Time(d.first+int64(len(d.bins))-1), 2)-first+1, maxBins)
	for i, b := range d.bins {
		m := &merged[floorDiv(trace.Time(d.first+int64(i)), 2)-first]
		m.events += b.events
		m.bytes += b.bytes
		m.openEvents += b.openEvents
		m.openBytes += b.openBytes
	}
	d.first, d.bins = first, merged
}

// events is the number of events of a piece: those that begin in it, those that
// were open before it, and what every piece has.
func (d *density) events(begin, openBefore, _ bin) int64 {
	return d.fixed.events + begin.events + openBefore.openEvents
}

// bytes is the size of a piece, as events is their number. What is cut at an
// edge grows by that.
func (d *density) bytes(begin, openBefore, openAfter bin) int64 {
	return d.fixed.bytes + begin.bytes + openBefore.openBytes + clipped*(openBefore.openEvents+openAfter.openEvents)
}

// settle counts the flow events that pieces will have.
func (d *density) settle() {
	for _, f := range d.flows.complete() {
		b := &d.bins[d.index(f.ts)]
		b.events += 1 << d.flows.shift
		b.bytes += f.size << d.flows.shift
	}
}

// cut divides a window so that no part exceeds the limit, as far as the bins
// tell. A little is left for what they don't: the rest of a bin, carried
// counters.
func (d *density) cut(whole cut.Window, limit int64, size func(begin, openBefore, openAfter bin) int64) []cut.Window {
	limit -= limit / 40
	var windows []cut.Window
	from := whole.From
	var begin, before, open bin
	for i, b := range d.bins {
		next := begin
		next.events += b.events
		next.bytes += b.bytes
		after := open
		after.openEvents += b.openEvents
		after.openBytes += b.openBytes
		at := trace.Time(d.first+int64(i)) * d.width
		if begin.events > 0 && at > from && size(next, before, after) > limit {
			windows = append(windows, cut.Window{From: from, To: at})
			from, before, next = at, open, bin{events: b.events, bytes: b.bytes}
		}
		begin, open = next, after
	}
	return append(windows, cut.Window{From: from, To: whole.To})
}
