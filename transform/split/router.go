package split

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/slice"
)

// router finds for every event of a trace the windows whose slice needs it: not
// only what lies in a window, but also begins and ends around it, the latest
// sample of each counter before it, and what was launched in it. It is shown
// the trace two or three times: to Learn, to Gather, if devices follow their
// launches, and to Route.
type router struct {
	device  slice.Device
	windows []slice.Window // by From
	latest  []trace.Time   // the largest To up to each

	shape    pairs.Nesting
	samples  map[string]*history
	launches *launches.Launches
	calls    [][2]idTable // of calls, by rank and key
	starts   []flowStart

	gathered
	places places

	devicePairs map[int][]int // windows in which begins and ends of a device were launched, by ordinal
	last        trace.Time

	events int64 // met in this pass
	marks  int
	extra  []extra // by event
	sent   int     // of extra, in this pass
	buf    []int
	set    []byte
}

// mostStarts is how many starts of one id an end may belong to: those before it with no
// end between, of which a viewer takes the first.
const mostStarts = 16

type flowStart struct {
	chain uint64
	ts    trace.Time
}

// extra sends a sample of a counter to a window that begins after it.
type extra struct {
	event  int64
	window int32
}

// newRouter returns a Router for a trace that nothing is known of yet.
func newRouter(d slice.Device, given filter.Given) *router {
	return &router{
		device: d, samples: map[string]*history{}, launches: launches.New(given), places: places{each: eventsOfCell},
	}
}

// Learn takes a part of the trace into account, in the first pass. It grows
// with the begins, ends and samples of counters in the trace.
func (r *router) Learn(p *trace.Part) {
	r.launches.Learn(p)
	r.places.learn(p)
	for i := range p.Events {
		e := &p.Events[i]
		if r.device == slice.Launched {
			r.foresee(e)
		}
		r.shape.Learn(e)
		if e.Phase == 'C' {
			r.sample(e)
		}
		r.events++
	}
}

// history is all samples of a counter.
type history struct {
	track   int            // of the first
	members map[string]int // numbers, by key
	sizes   []int          // of members with their values, bytes
	size    int            // of a sample without them
	setOf   map[string]int // numbers of sets, by what they are
	sets    [][]int        // sets of members that samples have
	samples []sample
}

type sample struct {
	ts    trace.Time
	event int64
	set   int
}

func (r *router) sample(e *trace.Event) {
	if e.Has&trace.HasTS == 0 || e.Has&trace.HasArgs == 0 {
		return
	}
	key := keep.CounterKey(e)
	h := r.samples[key]
	if h == nil {
		h = &history{track: r.shape.Tracks.Of(e), members: map[string]int{}, setOf: map[string]int{}}
		r.samples[key] = h
	}
	r.set = r.set[:0]
	for m := range trace.Members(e.Args()) {
		k, known := h.members[string(m.Key)]
		if !known {
			k = len(h.sizes)
			h.members[string(m.Key)] = k
			h.sizes = append(h.sizes, 0)
		}
		h.sizes[k] = max(h.sizes[k], len(m.Key)+len(m.Value)+memberBytes)
		r.set = binary.AppendUvarint(r.set, uint64(k))
	}
	n, known := h.setOf[string(r.set)]
	if !known {
		n = len(h.sets)
		h.setOf[string(r.set)] = n
		h.sets = append(h.sets, membersOf(r.set))
	}
	h.size = max(h.size, e.Size()-len(e.Args())+memberBytes)
	h.samples = append(h.samples, sample{e.TS, r.events, n})
}

// memberBytes is what a member takes beside its key and value.
const memberBytes = 6

// membersOf reads a set as sample writes it.
func membersOf(packed []byte) (set []int) {
	for len(packed) > 0 {
		k, n := binary.Uvarint(packed)
		set, packed = append(set, int(k)), packed[n:]
	}
	return set
}

// MatchPairs matches begins and ends, once all was learnt.
func (r *router) MatchPairs() {
	if r.shape.Partners == nil {
		r.shape.Sort()
	}
}

// SetWindows sets the windows, once everything is learnt; last is the end of the
// trace.
func (r *router) SetWindows(windows []slice.Window, last trace.Time) {
	r.windows, r.last = windows, last
	latest := trace.MinTime
	for _, w := range windows {
		latest = max(latest, w.To)
		r.latest = append(r.latest, latest)
	}
	r.MatchPairs()
	for _, h := range r.samples {
		r.carry(h)
	}
	r.samples = nil
	slices.SortFunc(r.extra, func(a, b extra) int {
		return cmp.Or(cmp.Compare(a.event, b.event), cmp.Compare(a.window, b.window))
	})
	r.extra = slices.Compact(r.extra)
	r.rewind()
}

func (r *router) rewind() { r.events, r.marks, r.sent = 0, 0, 0 }

// carry notes which samples each window needs from before it: the latest that
// has each member, and the first, which settles their order.
func (r *router) carry(h *history) {
	slices.SortFunc(h.samples, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.event, b.event))
	})
	latest, first := make([]int64, len(h.sizes)), make([]int64, len(h.sizes))
	for i := range latest {
		latest[i], first[i] = -1, math.MaxInt64
	}
	n := 0
	for w := range r.windows {
		for ; n < len(h.samples) && h.samples[n].ts < r.windows[w].From; n++ {
			for _, k := range h.sets[h.samples[n].set] {
				latest[k] = h.samples[n].event
				first[k] = min(first[k], h.samples[n].event)
			}
		}
		for k := range latest {
			if latest[k] >= 0 {
				r.extra = append(r.extra, extra{latest[k], int32(w)}, extra{first[k], int32(w)})
			}
		}
	}
}

// Route returns the windows that need e, in the order of the windows; everywhere
// says that all of them do. The list is valid until the next call.
func (r *router) Route(e *trace.Event) (at []int, everywhere bool) {
	n := r.events
	r.events++
	switch e.Phase {
	case 'M':
		return nil, true
	case 'B', 'E', 'b', 'e':
		q := &r.shape.Partners[r.marks]
		at = append(r.within(q.Start, q.Stop), r.devicePairs[r.marks]...)
		r.marks++
		return sorted(at), false
	}
	if e.Has&trace.HasTS == 0 {
		return nil, false
	}
	at = r.within(e.TS, e.End())
	if r.device == slice.Launched {
		at = r.launched(e, at)
	}
	for ; r.sent < len(r.extra) && r.extra[r.sent].event <= n; r.sent++ {
		if r.extra[r.sent].event == n {
			at = append(at, int(r.extra[r.sent].window))
		}
	}
	return sorted(at), false
}

// within returns the windows that share a moment with [start, end], edges
// included.
func (r *router) within(start, end trace.Time) []int {
	r.buf = r.overlapped(r.buf[:0], start, end)
	return r.buf
}

func (r *router) overlapped(at []int, start, end trace.Time) []int {
	first := sort.Search(len(r.latest), func(i int) bool { return r.latest[i] >= start })
	for i := first; i < len(r.windows) && r.windows[i].From <= end; i++ {
		if touches(r.windows[i], start, end) {
			at = append(at, i)
		}
	}
	return at
}

// touches reports whether a window shares a moment with [start, end], edges included.
func touches(w slice.Window, start, end trace.Time) bool { return w.From <= end && w.To >= start }

// launched adds the windows in which e was launched.
func (r *router) launched(e *trace.Event, at []int) []int {
	switch e.Phase {
	case 'X':
		if r.launches.Device.Side(e) == filter.Device {
			at = r.joined(at, launches.IDsOf(e), r.launches.Tracks.Of(e), e.TS, e.End(), e.At())
		}
	case 'f':
		for _, s := range r.startsOf(e) {
			at = r.overlapped(at, s.ts, s.ts)
		}
	}
	return at
}

// startsOf are the latest starts of the flow that e may end.
func (r *router) startsOf(e *trace.Event) []flowStart {
	chain := flows.Key(e)
	end, _ := slices.BinarySearchFunc(r.starts, flowStart{chain, e.TS + 1}, func(a, b flowStart) int {
		return cmp.Or(cmp.Compare(a.chain, b.chain), cmp.Compare(a.ts, b.ts))
	})
	first := end
	for first > max(end-mostStarts, 0) && r.starts[first-1].chain == chain {
		first--
	}
	return r.starts[first:end]
}

// needsFlow reports whether Route sends a flow event, which has a time, to a window.
func (r *router) needsFlow(window int, e *trace.Event) bool {
	w := r.windows[window]
	if touches(w, e.TS, e.End()) {
		return true
	}
	return e.Phase == 'f' && slices.ContainsFunc(r.startsOf(e), func(s flowStart) bool { return touches(w, s.ts, s.ts) })
}

// joined adds the windows of the calls that are joined to a slice.
func (r *router) joined(at []int, j launches.IDs, track int, start, end trace.Time, place int64) []int {
	if rank := r.launches.Rank(track); rank >= 0 {
		at = r.called(at, rank, j)
	} else if ranks := r.launches.RanksOf(j, start, place); len(ranks) > 0 {
		all := r.called(at, int(ranks[0]), j)
		for _, rank := range ranks[1:] {
			if !slices.Equal(r.called(nil, int(rank), j), all[len(at):]) {
				all = at // nothing tells which
			}
		}
		at = all
	}
	for call := range r.launches.Links.To(track, start, end) {
		at = r.overlapped(at, call.Start, call.End)
	}
	return at
}

// called adds the windows of the calls of a rank that have these ids.
func (r *router) called(at []int, rank int, j launches.IDs) []int {
	for i, id := range j {
		if len(id) == 0 || rank >= len(r.calls) {
			continue
		}
		if c, ok := r.calls[rank][i].get(id); ok {
			for w := c.first; w <= c.last; w++ {
				at = append(at, int(w))
			}
		}
	}
	return at
}

func sorted(at []int) []int {
	if len(at) < 2 {
		return at
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// A Cutter writes the slices of a Router's windows, one after another. Several may
// work at the same time once everything was routed.
type cutter struct {
	router *router
	whole  *launches.Launches // of the trace
	spill  func() (*spill.File, error)
}

// Cutter returns a new one. Spill makes a temporary file, if what flows of a window
// bind to does not fit into memory.
func (r *router) Cutter(spill func() (*spill.File, error)) *cutter {
	return &cutter{r, r.launches.Known(), spill}
}

// heldByPiece is how many packed bytes a Cutter holds in memory of what slices cover.
const heldByPiece = 4 << 20

// Piece writes the slice of window n, as Slice would of the whole trace, from where its
// events are. onDevice is called for the
// slices of devices that are kept.
func (c *cutter) Piece(ctx context.Context, n int, from slice.Events, w *trace.Writer, onDevice func(e *trace.Event)) error {
	covered := spill.NewPacked(heldByPiece, c.spill)
	defer covered.Close()
	o := slice.PieceOptions{Window: c.router.windows[n], Last: c.router.last, Covered: covered}
	if c.router.device == slice.Launched {
		o.Launches = c.whole
	}
	return slice.Piece(ctx, from, w, o, func(e *trace.Event) {
		if e.Phase == 'X' && c.whole.Device.Side(e) == filter.Device {
			onDevice(e)
		}
	})
}

// held tells what r takes.
func (r *router) addMemory(s *budget.Sum) {
	const one, series, set, key = 24, 120, 100, 200
	n := 0
	for _, h := range r.samples {
		n += key + one*cap(h.samples) + series*len(h.sizes) + set*len(h.sets)
	}
	s.Add("samples of counters", n+16*cap(r.extra))
	s.Add("begins and ends", r.shape.Memory())
	s.Add("places of events", r.places.memory())
	n = r.launches.Memory()
	for i := range r.calls {
		n += r.calls[i][0].memory() + r.calls[i][1].memory()
	}
	s.Add("ids of launches", n)
}
