package downsample

import (
	"context"
	"encoding/binary"
	"slices"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// decision is what becomes of every event at a resolution.
type decision struct {
	*plan
	at         resolution
	dropped    numbers         // events that are dropped
	bound      numbers         // points of flows that are bound to what is kept
	used       []bool          // tracks
	kept       cost            // of events that are kept
	merged     cost            // of slices that are made
	mergedFrom int64           // slices
	written    *spill.Log      // of slices that are made
	busy       []int64         // of slices that are kept, and in those that are made, by category
	made       map[string]cost // by category
	namesBytes int64           // that runs list for those before them
	nest       nest
	next       []uint32 // points of flows that wait for the next slice
	spare      []*run
	text       []byte // of a run
	framed     []byte // as written takes it
	line       uint64 // at hand
	last       int64  // when the latest one of what is thinned began, on the line
	picture    *picture
	cover      cover // of the slices that are open
	slices     merged.Slices
	rest       rest
	failure    error
}

// resolution says what is merged. Slices whose grain is not below it stay as they are.
type resolution struct {
	grain   grain
	merging bool
	keeps   keeps
	names   float64 // part of a size that names may take which runs do not list
}

// keeps says what is kept whatever its length. What goes first stands first.
type keeps uint8

const (
	keepsAll   keeps = iota // steps, annotations, recompilations and instants
	keepsMarks              // these without instants: one in each stretch of the resolution
	keepsSteps              // steps alone
	keepsLong               // nothing
)

// coarsest is a grain that all that ends is below.
const coarsest = grain(1) << 63

// favour is by how much the resolution is finer for what is favoured.
const favour = 10

// width is the resolution as a duration, in ns.
func (r resolution) width() int64 {
	if r.grain >= coarsest {
		return endless
	}
	return r.grain.duration()
}

// isShort reports whether a slice, or a gap, of a grain is merged.
func (r resolution) isShort(g grain, favoured bool) bool {
	if favoured && g != forever {
		return g < r.grain/favour
	}
	return g < r.grain
}

// decide goes through all records once.
func (p *plan) decide(ctx context.Context, at resolution) (*decision, error) {
	d := &decision{
		plan: p, at: at, used: slices.Clone(p.kept), dropped: slices.Clone(p.lost), busy: make([]int64, len(p.texts.all)),
		made: map[string]cost{}, line: noLine, written: spill.NewPlain(textMemory, p.o.Spill),
	}
	if p.o.Stats {
		d.picture = newPicture(p.survey.Zero, p.survey.Last)
	}
	d.cover.reset(len(p.texts.all))
	p.nest = &d.nest
	d.nest.close = func(f *frame) {
		d.endChildren(&f.inside)
		if f != &d.nest.root {
			d.cover.leave(f)
		}
	}
	err := p.each(ctx, d.record)
	if err == nil {
		d.nest.finish()
		d.finishRest()
		d.picture.finish()
		err = d.failure
	}
	if err == nil {
		err = d.decideFlows(ctx)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *decision) close() {
	if d != nil {
		d.written.Close()
	}
}

// total is what the output takes.
func (d *decision) total() cost {
	c := d.kept
	c.add(d.merged)
	c.add(d.names.of(&d.tracks, d.used))
	c.bytes += d.learner.text
	return c
}

func (d *decision) record(r *record) error {
	if r.Line != d.line {
		d.next = d.next[:0]
		d.nest.finish()
		d.finishRest()
		d.picture.finish()
		d.line, d.last, d.cover.overlap = r.Line, never, never
	}
	switch {
	case r.Class == slice:
		d.slice(r)
	case r.Class == nextEnd:
		if f := d.nest.begun(r.Start); f != nil {
			d.bind(r.Name, f, false)
		} else {
			d.next = append(d.next, r.Name)
		}
	case r.Class == enclosed:
		d.flow(r)
	default:
		d.moment(r)
	}
	return d.failure
}

// keep counts what is kept.
func (d *decision) keep(r *record) {
	d.kept.add(r.cost())
	d.used[r.Track] = true
	if r.Class == async {
		d.used[r.Name] = true
	}
	if (r.Class == slice || r.Class == async) && r.End != endless {
		d.busy[r.Cat] += d.busyOf(r)
	}
}

// busyOf is how long a slice lasts, 0 if the trace can't hold it.
func (d *decision) busyOf(r *record) int64 {
	if !d.survey.Holds(trace.Time(r.Start), trace.Time(r.dur())) {
		return 0
	}
	return r.dur()
}

func (d *decision) drop(r *record) {
	d.dropped.add(r.N)
	d.dropped.add(r.Pair)
}

// moment decides on what does not nest. Of what is short, one in each stretch of the
// resolution stays; samples were graded by what they show.
func (d *decision) moment(r *record) {
	if d.dropsMoment(r) {
		d.drop(r)
		return
	}
	if d.o.budget() && d.at.isShort(d.plan.grain(r, d.at.keeps), false) {
		if r.Class == sample || d.last != never && r.Start-d.last < d.at.width() {
			d.drop(r)
			return
		}
		d.last = r.Start
	}
	if r.Class == sample {
		shrunk := *r
		shrunk.Size -= d.meter.events[r.Name].shrunk
		r = &shrunk
	}
	d.keep(r)
}

// slice decides on a slice on a track.
func (d *decision) slice(r *record) {
	f, across := d.nest.enter(r)
	own := d.frame(f, r, d.at.keeps)
	beside := f.children()
	nests := across == nil
	d.picture.before(d.nest.depth, r)
	if !nests {
		d.cover.lieAcross(&d.nest, r)
	}
	switch {
	case d.excluded(r, d.nest.depth):
		d.drop(r)
	case d.at.merging && d.at.isShort(own.grain, r.Favoured):
		own.outcome = inRun
		own.run = d.merge(f, beside.of(nests), r)
	default:
		own.outcome = kept
		d.end(&beside.across)
		if nests { // else what it lies across may yet become part of a run
			d.end(&beside.within)
		}
		d.keep(r)
		d.picture.after(d.nest.depth, r.Start, r.End)
	}
	if nests {
		d.begin(&own)
		d.cover.enter(&d.nest, f, &own)
		d.nest.push(own)
	} else if own.outcome != dropped {
		d.restore(across)
	}
}

// restore keeps what would go, since a slice lies across it that is kept: else that one
// would nest, and those that nest in a viewer now would lie across it.
func (d *decision) restore(f *frame) {
	if f.outcome == dropped {
		d.dropped.remove(f.N)
		d.dropped.remove(f.Pair)
		f.outcome = kept
		d.keep(&f.record)
		d.picture.after(d.nest.depth, f.Start, f.End)
	}
}

// merge puts a slice of f to the run at hand, or begins one.
func (d *decision) merge(f *frame, at **run, r *record) *run {
	if *at == nil || !(*at).takes(r, d.at) {
		d.end(at)
		var b *run
		if n := len(d.spare); n > 0 {
			b, d.spare = d.spare[n-1], d.spare[:n-1]
		} else {
			b = &run{}
		}
		b.reset(r, d.nest.depth, f)
		*at = b
	}
	b := *at
	b.add(r, d.cover.inner(r))
	b.estimate = b.estimate || r.Start < d.cover.overlap
	d.busy[r.Cat] += d.busyOf(r)
	if b.count == 2 {
		d.drop(&b.first)
		d.resolve(b, false)
	}
	if b.count > 1 {
		d.drop(r)
	}
	return b
}

func (d *decision) endChildren(c *children) {
	d.end(&c.within)
	d.end(&c.across)
}

// end makes one slice of those in a run. One alone stays as it is, unless it is begun by
// an event of its own at the time at which a run inside of it starts: a viewer takes a
// complete slice, which is what a run becomes, for the outer one of two that start
// together, and would cut what was begun short.
func (d *decision) end(at **run) {
	b := *at
	if b == nil {
		return
	}
	*at = nil
	b.ending = true
	d.endChildren(&b.inside)
	if b.isMade() {
		if b.count == 1 {
			d.drop(&b.first)
		}
		d.make(b)
		if b.parent != nil {
			b.parent.keptInside += b.keptInside
		}
	} else {
		d.keep(&b.first)
		d.busy[b.first.Cat] -= d.busyOf(&b.first) // counted when it was merged
		d.picture.after(b.depth, b.start, b.end)
		d.write(b, nil)
		d.cover.keepAlone(b)
	}
	d.resolve(b, !b.isMade())
	d.spare = append(d.spare, b)
}

// make writes the slice that a run becomes.
func (d *decision) make(b *run) {
	b.sum(&d.slices)
	d.cover.place(b, &d.slices, d.texts.all)
	var cut []merged.Name
	d.text, cut = b.text(d.text[:0], &d.slices, d.tracks.All[b.track], d.o.listed(d.slices.Names))
	d.rest.add(cut)
	d.rest.slices += b.count
	made := cost{1, int64(len(d.text)) + 1}
	d.merged.add(made)
	d.mergedFrom += b.count
	cat := b.category(d.texts.all)
	made.add(d.made[cat])
	d.made[cat] = made
	d.used[b.track] = true
	d.picture.after(b.depth, b.start, b.end)
	if p := b.parent; p != nil && p.first.isBegun() && p.start == b.start {
		p.needed = true
	}
	d.write(b, d.text)
}

// write passes on the text of a run, if there is one, and those that were held for it.
// Of two slices that start and end together, a viewer takes the first in the file for the
// outer one: where a run may be so, it is held until the one around it is written.
func (d *decision) write(b *run, text []byte) {
	if p := b.parent; p != nil && p.start == b.start {
		p.held = append(appendText(p.held, text), b.held...)
		return
	}
	if len(text) > 0 {
		d.hold(text, b.held)
		return
	}
	for held := b.held; len(held) > 0; {
		n, size := binary.Uvarint(held)
		end := size + int(n)
		d.hold(held[size:end], nil)
		held = held[end:]
	}
}

// dropsMoment reports what does not nest and goes whatever the resolution is.
func (p *plan) dropsMoment(r *record) bool {
	switch {
	case !p.inWindows(r):
		return true
	case r.Class == sample:
		e := &p.meter.events[r.Name]
		return e.left == 0 && e.all > 0
	}
	return r.Class == async && r.dur() < int64(p.o.MinDur)
}

// inWindows reports whether r is of what is kept whole.
func (p *plan) inWindows(r *record) bool {
	if p.known.has(r.N) {
		return p.launched.has(r.N)
	}
	return p.windows.meet(r.Start, r.End)
}

// excluded reports a slice that is dropped whatever the resolution is.
func (p *plan) excluded(r *record, depth int) bool {
	return !p.inWindows(r) || p.o.MaxDepth > 0 && depth >= p.o.MaxDepth || r.dur() < int64(p.o.MinDur)
}

// frame is that of a slice that lies in f. One that begins together with a begin around
// it is merged only when that is, for the reason that end has.
func (p *plan) frame(f *frame, r *record, k keeps) frame {
	own := frame{record: *r, begun: r.isBegun(), grain: p.grain(r, k)}
	if f.begun && f.Start == r.Start {
		own.begun, own.grain = true, max(own.grain, f.grain)
	}
	return own
}

// grain is what a resolution is held against.
func (p *plan) grain(r *record, k keeps) grain {
	switch {
	case r.Class == sample:
		return p.meter.grain(r)
	case r.Class == moment && k < keepsMarks,
		r.Class == slice && r.Important && k < keepsSteps,
		r.Class == slice && p.earlier.in(r),
		r.Class == slice && k < keepsLong && p.anchors.in(r),
		r.End == endless:
		return forever
	case r.Class == moment:
		return 0
	}
	return grainOf(r.dur(), r.Start)
}
