package split

import (
	"maps"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/flows"
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
	fixed bin                 // what every piece has
	flows flows.Sample[int64] // with the sizes of events
	names naming
	ends  paired

	samples []arc // of counters: what is carried from a time on
}

// page is the bins of a stretch of time.
type page [pageBins]bin

// bin counts what begins in it, and by how much more or less is open at its end
// than at its start.
type bin struct{ events, bytes, openEvents, openBytes int64 }

const (
	pageShift  = 6
	pageBins   = 1 << pageShift
	maxPages   = 8192
	startShift = 6
	// clipped is about how many bytes an event grows by when it is cut.
	clipped = 64
)

func newDensity() *density {
	return &density{shift: startShift, pages: map[int64]*page{}, flows: flows.Sample[int64]{Most: maxPoints}}
}

// text takes document text, which every piece has.
func (d *density) text(t []byte) { d.fixed.bytes += int64(len(t)) }

// event takes an event of a track and process. Begins and ends count once they are
// matched, samples of counters once more for the pieces behind them.
func (d *density) event(e *trace.Event, track, process int) {
	size := int64(e.Size()) + 1
	switch {
	case e.IsMeta():
		d.fixed.add(d.names.learn(e, track, process, size))
		return
	case e.Phase == 'B', e.Phase == 'E', e.Phase == 'b', e.Phase == 'e':
		d.ends.sizes = append(d.ends.sizes, uint32(size))
		return
	case e.Has&trace.HasTS == 0:
		return
	}
	d.names.uses.add(e.TS, e.End(), track)
	if e.IsFlow() {
		d.flows.NoteFlow(e, size)
		return
	}
	d.add(e.TS, bin{events: 1, bytes: size})
	d.open(e.TS, e.End(), bin{openEvents: 1, openBytes: size + clipped})
}

// open counts what is carried into the pieces that begin between two times.
func (d *density) open(from, to trace.Time, by bin) {
	if to>>d.shift <= from>>d.shift {
		return
	}
	d.add(from, by)
	if to != trace.MaxTime {
		d.add(to, bin{openEvents: -by.openEvents, openBytes: -by.openBytes})
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

func (b *bin) sub(by bin) {
	b.add(bin{-by.events, -by.bytes, -by.openEvents, -by.openBytes})
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
