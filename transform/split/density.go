package split

import (
	"maps"
	"slices"

	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// density is how many events, and bytes of them, begin in each bin of time, and
// reach over from one into the next. Only stretches of time in which something
// happens have bins. These widen when there are too many of them, so that it takes
// the same memory for every trace, and an event that lies decades before all
// others costs the others nothing.
type density struct {
	shift uint // a bin is 1<<shift ns wide
	pages map[int64]*page
	at    int64 // number of the page that was used last
	last  *page
	fixed bin // what every piece has
	flows flowSample
	arcs  []arc // once they are settled
}

// page is the bins of a stretch of time.
type page [pageBins]bin

// bin counts what begins in it, and by how much more or less is open at its end
// than at its start.
type bin struct{ events, bytes, openEvents, openBytes int64 }

const (
	pageShift  = 12
	pageBins   = 1 << pageShift
	maxPages   = 128
	startShift = 6
	// clipped is about how many bytes an event grows by when it is cut.
	clipped = 64
)

func newDensity() *density { return &density{shift: startShift, pages: map[int64]*page{}} }

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
	if e.IsFlow() {
		d.flows.add(e, size)
		return
	}
	d.add(e.TS, bin{events: 1, bytes: size})
	if end := e.End(); end>>d.shift > e.TS>>d.shift {
		d.add(e.TS, bin{openEvents: 1, openBytes: size})
		d.add(end, bin{openEvents: -1, openBytes: -size})
	}
}

func (d *density) add(t trace.Time, by bin) {
	n := int64(t) >> d.shift
	if at := n >> pageShift; d.last == nil || d.at != at {
		if d.pages[at] == nil && len(d.pages) == maxPages {
			d.widen()
			d.add(t, by)
			return
		}
		d.turn(at)
	}
	d.last[n&(pageBins-1)].add(by)
}

// turn goes to a page.
func (d *density) turn(at int64) {
	d.at, d.last = at, d.pages[at]
	if d.last == nil {
		d.last = new(page)
		d.pages[at] = d.last
	}
}

func (b *bin) add(by bin) {
	b.events += by.events
	b.bytes += by.bytes
	b.openEvents += by.openEvents
	b.openBytes += by.openBytes
}

// widen makes one bin of every two.
func (d *density) widen() {
	old := *d
	d.shift, d.pages = d.shift+1, map[int64]*page{}
	for n, b := range old.each() {
		d.turn(n >> 1 >> pageShift)
		d.last[n>>1&(pageBins-1)].add(b)
	}
}

// each yields the bins of all pages, in order, with their numbers.
func (d *density) each() func(yield func(int64, bin) bool) {
	return func(yield func(int64, bin) bool) {
		for _, at := range slices.Sorted(maps.Keys(d.pages)) {
			for i, b := range d.pages[at] {
				if b != (bin{}) && !yield(at<<pageShift+int64(i), b) {
					return
				}
			}
		}
	}
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

// settle orders the arrows.
func (d *density) settle() { d.arcs = d.flows.arcs() }

// cut divides a window so that no part exceeds the limit, as far as the bins
// tell. A little is left for what they don't: the rest of a bin, carried
// counters.
func (d *density) cut(whole slice.Window, limit int64, size func(begin, openBefore, openAfter bin) int64) []slice.Window {
	limit -= limit / 40
	var windows []slice.Window
	from := whole.From
	arcs := d.arcs
	var begin, before, open bin
	for n, b := range d.each() {
		ending := 0
		for ending < len(arcs) && int64(arcs[ending].end)>>d.shift <= n {
			ending++
		}
		next, after := begin, open
		next.add(b)
		next.add(since(from, arcs[:ending]))
		after.add(b)
		at := window.Readable(trace.Time(n << d.shift))
		if begin.events > 0 && at > from && size(next, before, after) > limit {
			windows = append(windows, slice.Window{From: from, To: at})
			from, before, next = at, open, b
			next.add(since(from, arcs[:ending]))
		}
		begin, open, arcs = next, after, arcs[ending:]
	}
	return append(windows, slice.Window{From: from, To: whole.To})
}

// since counts the arcs that start no earlier.
func since(from trace.Time, arcs []arc) (sum bin) {
	for _, a := range arcs {
		if a.start >= from {
			sum.events += a.events
			sum.bytes += a.size
		}
	}
	return sum
}
