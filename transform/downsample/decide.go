package downsample

import (
	"context"
	"slices"
)

// decision is what becomes of every event at given thresholds.
type decision struct {
	*plan
	at         thresholds
	gone       numbers          // events that go
	bound      numbers          // points of arrows that are bound to what stays
	used       []bool           // tracks
	kept       cost             // of events that stay
	left       map[uint64]int64 // slices and other events that stay on lines that are thinned
	merged     cost             // of slices that are made
	mergedFrom int64            // slices
	spool      spool            // of slices that are made
	busy       []int64          // of slices that stay, and in those that are made, by category
	made       map[string]cost  // by category
	nest       nest
	next       []uint32 // points of arrows that wait for the next slice
	spare      []*bunch
	text       []byte
	line, key  uint64 // at hand, and under what its threshold is
	limit      grain  // its threshold
	failure    error
}

// thresholds are the grains below which slices go, or are merged.
type thresholds struct {
	merge  grain            // of all tracks, the least
	drops  bool             // what is below those of lines goes
	lines  map[uint64]grain // of lines that are thinned
	events map[uint64]int64 // on these lines
	graded map[uint64]*histogram
}

// key is under what the thresholds of a line are.
func (t *thresholds) key(line uint64) uint64 {
	if t.graded != nil && t.graded[line] == nil {
		return fewLine
	}
	return line
}

func (t *thresholds) of(line uint64) grain {
	g := t.lines[t.key(line)]
	if line>>56 == trackLine>>56 {
		g = max(g, t.merge)
	}
	return g
}

// decide goes through all records once.
func (p *plan) decide(ctx context.Context, at thresholds) (*decision, error) {
	d := &decision{
		plan: p, at: at, used: slices.Clone(p.stay), gone: slices.Clone(p.lost), busy: make([]int64, len(p.texts.all)),
		made: map[string]cost{}, left: map[uint64]int64{}, line: noLine, spool: spool{create: p.o.Spill},
	}
	d.nest.close = d.leave
	err := p.records.each(ctx, d.record)
	if err == nil {
		d.nest.finish()
		err = d.failure
	}
	if err == nil {
		err = d.settleFlows(ctx)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *decision) close() {
	if d != nil {
		d.spool.close()
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
		d.line, d.key, d.limit = r.Line, d.at.key(r.Line), d.at.of(r.Line)
	}
	if r.Class != slice && !r.Class.isFlow() {
		d.moment(r)
		return nil
	}
	switch r.Class {
	case slice:
		d.slice(r)
	case nextEnd:
		if f := d.nest.begun(r.Start); f != nil {
			d.bind(r.Name, f, false)
		} else {
			d.next = append(d.next, r.Name)
		}
	case enclosed:
		d.flow(r)
	}
	return d.failure
}

// keep counts what stays.
func (d *decision) keep(r *record) {
	d.kept.add(r.cost())
	if d.limit > 0 && !r.Class.isFlow() {
		d.left[d.key] += r.events()
	}
	d.used[r.Track] = true
	if r.Class == async {
		d.used[r.Name] = true
	}
	if (r.Class == slice || r.Class == async) && r.End != endless {
		d.busy[r.Cat] += r.dur()
	}
}

func (d *decision) drop(r *record) {
	d.gone.add(r.N)
	d.gone.add(r.Pair)
}

// moment decides on what does not nest.
func (d *decision) moment(r *record) {
	if d.momentGoes(r) || d.grain(r) < d.limit {
		d.drop(r)
		return
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
	own := d.frame(f, r)
	if !d.excluded(r, d.nest.depth) {
		own.fate = kept
		if own.grain < d.limit {
			own.fate = merged
			if d.at.drops {
				own.fate = gone
			}
		}
	}
	beside := f.siblings(across == nil)
	switch own.fate {
	case gone:
		d.drop(r)
	case kept:
		d.end(&f.across)
		if across == nil { // else what it lies across may yet become part of a bunch
			d.end(&f.within)
		}
		d.keep(r)
	case merged:
		own.within.bunch = d.merge(f, beside, r)
	}
	if own.fate != gone {
		beside.follow(r, own.grain)
	}
	if across == nil {
		d.begin(&own)
		d.nest.push(own)
	} else if own.fate != gone {
		d.restore(across)
	}
}

// restore keeps what would go, since a slice lies across it that stays: else that one
// would nest, and those that nest in a viewer now would lie across it.
func (d *decision) restore(f *frame) {
	if f.fate == gone {
		d.gone.remove(f.N)
		d.gone.remove(f.Pair)
		f.fate = kept
		d.keep(&f.record)
	}
}

// merge puts a slice to those it becomes one with.
func (d *decision) merge(f *frame, w *siblings, r *record) *bunch {
	nested := f.fate == merged
	if nested {
		w = &f.within
	}
	if !nested && (w.bunch == nil || w.bunch.first.Thread != r.Thread || w.apart(r) >= d.limit) {
		d.end(w)
		w.bunch = d.bunch(r)
	}
	b := w.bunch
	b.add(r, nested)
	d.busy[r.Cat] += r.dur()
	if n := b.size(); n > 1 {
		if n == 2 {
			d.drop(&b.first)
			d.resolve(b, false)
		}
		d.drop(r)
	}
	return b
}

func (d *decision) bunch(r *record) *bunch {
	b := &bunch{}
	if n := len(d.spare); n > 0 {
		b, d.spare = d.spare[n-1], d.spare[:n-1]
	}
	b.reset(r)
	return b
}

// leave ends the bunches of slices in f, if there are some.
func (d *decision) leave(f *frame) {
	if f.fate != merged {
		d.end(&f.within)
		d.end(&f.across)
	}
}

// end makes one slice of those in a bunch.
func (d *decision) end(w *siblings) {
	b := w.bunch
	if b == nil {
		return
	}
	w.bunch = nil
	if b.size() == 1 {
		d.keep(&b.first)
		d.busy[b.first.Cat] -= b.first.dur()
	} else {
		d.text = b.text(d.text[:0], d.texts.all, d.tracks.All[b.track])
		made := cost{1, int64(len(d.text)) + 1}
		d.merged.add(made)
		d.mergedFrom += b.size()
		if d.limit > 0 {
			d.left[d.key]++
		}
		cat := b.category(d.texts.all)
		made.add(d.made[cat])
		d.made[cat] = made
		d.used[b.track] = true
		if d.failure == nil {
			d.failure = d.spool.add(d.text)
		}
	}
	d.resolve(b, b.size() == 1)
	d.spare = append(d.spare, b)
}

// momentGoes reports what does not nest and goes whatever the thresholds are.
func (p *plan) momentGoes(r *record) bool {
	switch {
	case !p.inWindows(r):
		return true
	case r.Class == sample:
		e := &p.meter.events[r.Name]
		return e.left == 0 && e.all > 0
	}
	return r.Class == async && r.dur() < int64(p.o.MinDur)
}

// inWindows reports whether r is of what stays whole.
func (p *plan) inWindows(r *record) bool {
	if p.known.has(r.N) {
		return p.launched.has(r.N)
	}
	return p.windows.meet(r.Start, r.End)
}

// excluded reports a slice that goes whatever the thresholds are.
func (p *plan) excluded(r *record, depth int) bool {
	return !p.inWindows(r) || p.o.MaxDepth > 0 && depth >= p.o.MaxDepth || r.dur() < int64(p.o.MinDur)
}

// frame is that of a slice that lies in f. One that begins together with a begin
// around it is merged only when that is: a viewer takes a complete slice, which is what
// slices are merged into, for the outer one, and cuts what was begun short.
func (p *plan) frame(f *frame, r *record) frame {
	own := frame{record: *r, begun: r.isBegun(), grain: p.grain(r)}
	if p.o.merging() && f.begun && f.Start == r.Start {
		own.begun, own.grain = true, f.grain
	}
	return own
}

// grain is what a threshold is held against.
func (p *plan) grain(r *record) grain {
	switch r.Class {
	case sample:
		return p.meter.grain(r)
	case slice:
		if p.anchors.in(r) {
			return forever
		}
	}
	if r.End == endless {
		return forever
	}
	return grainOf(r.dur(), r.Start)
}
