package cut

import (
	"context"
	"math"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// verdict is what becomes of an event.
type verdict uint8

const (
	out   verdict = iota // it goes
	whole                // it stays as it is
	cut                  // it stays, changed
)

// reach tells what a flow event may bind to.
type reach uint8

const (
	nothing  reach = iota
	anything       // any slice that stays
	devices        // a device's only: it stands outside of what was asked for
)

// selection decides which events stay. What it says of an event shall not
// change from the first look on.
type selection interface {
	// judge decides on an event that needs no company: no begin or end, no
	// flow, no metadata.
	judge(e *trace.Event) verdict
	// point says whether a flow event may stay, if the rest of its chain lets it.
	point(e *trace.Event) reach
	// onDevice reports a slice that arrows from afar may lead to.
	onDevice(e *trace.Event) bool
	// line returns what decides on the begins and ends of a line.
	line(p *plan, async bool) fate
	// again meets the n-th begin or end once more, when all are matched.
	again(p *plan, n int, e *trace.Event)
	// meets reports whether it wants to meet them.
	meets(p *plan) bool
	// tell says what line's fates want to know of a begin, if it is anything.
	tell(e *trace.Event) (b begun, some bool)
	// opening makes the events that stand before all others, in place of such
	// as were judged to be cut; closing those that stand behind all others.
	opening(p *plan) []made
	closing(p *plan) []made
}

// plan is what has to be known of a trace before the part that stays can be
// written.
type plan struct {
	selection
	read     reading      // of all that matters
	flowless reading      // of all but flow events; nil where that is no less
	kept     *trace.Store // what of them may stay, as far as it fits into memory
	reread   func([]trace.Block, <-chan trace.Solids) (*trace.Reader, error)
	known    chan trace.Solids // once it is known what stays
	eager    bool              // to read what is to be written as early as it can
	ahead    trace.Stream      // of what is to be written, if it has begun
	aside    []trace.Block     // that need no reading: what may stay of them lies aside, and is cut
	tracks   trace.Tracks
	usedT    []bool // tracks, processes with events in the output
	usedP    []bool
	stacks   *stacks[begun]
	decided  decided
	onset    map[int]trace.Time // by track, how late a complete slice began that stands at the start of the range; nil if none is asked for
	counters *counters          // nil if none are carried
	flows    flows
	covers   covers         // of complete slices that stay, for the arrows
	under    *stacks[begun] // of what arrows may bind to; nil if no arrow may stay
	binds    binds
	tally    *pipeline.Tally // may be nil
	cuts     []trace.Event   // slices that are cut
	ordinal  int             // of the begin or end that a pass meets next
}

// keptBytes is how much of what may stay is held in memory, so that later
// looks need not read it again.
const keptBytes = 32 << 20

// newPlan returns a plan that keeps in covered what slices cover of their tracks.
func newPlan(sel selection, covered *spill.Packed) *plan {
	p := &plan{selection: sel, covers: covers{log: covered}}
	p.stacks = newStacks[begun](func(async bool) fate { return sel.line(p, async) })
	p.stacks.tell = sel.tell
	p.hold(keptBytes)
	return p
}

// hold sets how much of what may stay is held in memory.
func (p *plan) hold(bytes int) {
	p.kept = trace.NewStore(bytes)
	p.kept.GiveUpFlows()
}

// reading begins to read a trace, or some blocks of it, once more.
type reading func() (trace.Stream, error)

// blocksOf reads blocks of a source.
func blocksOf(s *trace.Source, blocks []trace.Block) reading {
	return func() (trace.Stream, error) { return s.ReadBlocks(blocks) }
}

// look is the first look at the blocks that matter.
func (p *plan) look(ctx context.Context) error {
	r, err := p.read()
	if err != nil {
		return err
	}
	if err := eachPart(ctx, r, func(part *trace.Part) {
		if part.Text == nil {
			p.noteAside(part.Off)
		}
		p.notePart(part)
	}); err != nil {
		return err
	}
	p.noteAside(math.MaxInt64)
	return nil
}

// noteAside takes into account what lies aside of blocks before a place in the text.
func (p *plan) noteAside(before int64) {
	for ; len(p.aside) > 0 && p.aside[0].Off < before; p.aside = p.aside[1:] {
		for e := range p.aside[0].Aside() {
			p.note(e)
		}
	}
}

// notePart takes a part into account, and reports whether flow events and
// whether other things of it may stay.
func (p *plan) notePart(part *trace.Part) (flows, others bool) {
	p.kept.Follow(part)
	if part.Text != nil {
		p.kept.Text(part.Text)
		return false, true
	}
	for i := range part.Events {
		e := &part.Events[i]
		p.tally.In(e)
		if may := p.note(e); may != goes {
			p.kept.Event(e)
			switch {
			case may == surely:
				p.kept.Stays(e)
			case e.IsFlow():
				p.kept.MayStay(e, len(p.flows.points)-1)
			}
			flows = flows || e.IsFlow()
			others = others || !e.IsFlow()
		}
	}
	return flows, others
}

// prospect is what is known of an event when it is looked at first.
type prospect uint8

const (
	goes    prospect = iota
	mayStay          // it depends on others
	surely           // as it is
)

// note takes an event into account, and tells what may become of it.
func (p *plan) note(e *trace.Event) prospect {
	switch e.Phase {
	case 'M':
		return mayStay
	case 'B', 'E', 'b', 'e':
		p.stacks.note(p.tracks.Of(e), e)
		p.binds.pairs = p.binds.pairs || speaksOfArrows(e)
		return mayStay
	case 's', 't', 'f':
		far := p.point(e)
		if far == nothing {
			return goes
		}
		p.flows.note(p.tracks.Of(e), e, far == devices)
		return mayStay
	case 'C':
		if p.counters != nil {
			p.counters.note(e)
		}
	}
	v := p.judge(e)
	if v == out {
		return goes
	}
	if v == cut {
		p.cuts = append(p.cuts, e.Clone())
	}
	if p.onset != nil && e.Phase == 'X' {
		p.noteOnset(e, v)
	}
	p.noteStaying(e)
	if v == cut || speaksOfArrows(e) {
		return mayStay
	}
	return surely
}

// noteStaying notes an event that stays.
func (p *plan) noteStaying(e *trace.Event) {
	p.binds.note(e)
	track := p.tracks.Of(e)
	p.useTrack(track)
	if e.Phase == 'X' && e.Shown() {
		p.covers.add(track, e.TS, e.End(), p.onDevice(e))
	}
}

// noteOnset notes a slice that stays.
func (p *plan) noteOnset(e *trace.Event, v verdict) {
	from := p.counters.from
	if e.TS > from || e.TS < from && v != cut {
		return
	}
	track := p.tracks.Of(e)
	if latest, some := p.onset[track]; !some || e.TS > latest {
		p.onset[track] = e.TS
	}
}

// settle decides on all that needs company, once everything was looked at.
func (p *plan) settle(ctx context.Context) error {
	if err := p.match(ctx); err != nil {
		return err
	}
	if p.counters != nil {
		p.counters.settle(p)
	}
	arrows := p.flows.mayStay(p.hasSlices)
	looks := arrows && p.stacks.marks > 0 || p.binds.pairs || p.meets(p)
	if p.eager && !looks {
		if err := p.readAhead(); err != nil {
			return err
		}
	}
	if arrows {
		p.flows.prepare(p.hasSlices)
		p.under = p.stacks.anew(func(bool) fate { return &covering{p} })
	}
	if arrows {
		if err := p.covers.each(p.flows.cover); err != nil {
			return err
		}
	}
	if looks {
		r, err := p.stream(false)
		if err != nil {
			return err
		}
		if err := eachPart(ctx, r, p.lookAgain); err != nil {
			return err
		}
	}
	if arrows {
		p.under.finish()
		p.flows.settle()
	}
	return nil
}

// hasSlices reports whether slices stay on a track, or may.
func (p *plan) hasSlices(track int) bool {
	return p.stacks.paired.has(track) || track < len(p.usedT) && p.usedT[track]
}

// match decides on begins and ends.
func (p *plan) match(ctx context.Context) error {
	if again := p.stacks.again(); again != nil {
		p.stacks, p.decided = again, decided{}
		r, err := p.stream(false)
		if err != nil {
			return err
		}
		if err := eachPart(ctx, r, func(part *trace.Part) {
			for i := range part.Events {
				switch e := &part.Events[i]; e.Phase {
				case 'B', 'E', 'b', 'e':
					again.note(p.tracks.Of(e), e)
				}
			}
		}); err != nil {
			return err
		}
	}
	p.stacks.finish()
	for track := range p.tracks.All {
		if p.decided.tracks.has(track) {
			p.useTrack(track)
		}
	}
	return nil
}

// lookAgain gathers the text of moved events and the pairs under arrows.
func (p *plan) lookAgain(part *trace.Part) {
	for i := range part.Events {
		switch e := &part.Events[i]; e.Phase {
		case 'B', 'E', 'b', 'e':
			p.again(p, p.ordinal, e)
			switch {
			case p.under == nil:
			case e.Phase == 'B' || e.Phase == 'E':
				p.under.note(p.tracks.Of(e), e)
			default:
				p.under.marks++ // no arrow binds to it, but it is counted
			}
			if p.binds.pairs && p.decided.has(p.ordinal) {
				p.binds.note(e)
			}
			p.ordinal++
		}
	}
}

// covering takes pairs that stay for what arrows may bind to.
type covering struct{ plan *plan }

func (c *covering) pair(b, e mark) { c.cover(b, e.ts) }
func (c *covering) open(b mark)    { c.cover(b, trace.MaxTime) }
func (c *covering) lone(mark)      {}
func (c *covering) done()          {}

func (c *covering) cover(b mark, end trace.Time) {
	device := c.plan.under.took(b).device
	if c.plan.decided.has(b.n()) {
		c.plan.flows.cover(int(b.track), b.ts, end, device)
	}
}

// stream goes through all that may stay once more, flow events only if asked.
func (p *plan) stream(flows bool) (trace.Stream, error) { return p.streamOnce(flows, nil) }

// streamOnce is stream, but it leaves out what will be known to stay, if known is not
// nil.
func (p *plan) streamOnce(flows bool, known <-chan trace.Solids) (trace.Stream, error) {
	switch {
	case !p.kept.Full() && !(flows && p.kept.Thin()):
		return p.kept.Read(func(blocks []trace.Block) (*trace.Reader, error) { return p.reread(blocks, known) })
	case !flows && p.flowless != nil:
		return p.flowless()
	}
	return p.read()
}

// eachPart calls f for the parts that are left of r.
func eachPart(ctx context.Context, r trace.Stream, f func(part *trace.Part)) error {
	defer r.Close()
	return trace.EachPart(ctx, r, func(part *trace.Part) error {
		f(part)
		return nil
	})
}

// eachEvent calls f for the events of a reading.
func eachEvent(ctx context.Context, read reading, f func(e *trace.Event)) error {
	r, err := read()
	if err != nil {
		return err
	}
	return eachPart(ctx, r, func(p *trace.Part) {
		for i := range p.Events {
			f(&p.Events[i])
		}
	})
}

// use notes that the track and process of e have events in the output.
func (p *plan) use(e *trace.Event) { p.useTrack(p.tracks.Of(e)) }

func (p *plan) useTrack(track int) {
	for len(p.usedT) < len(p.tracks.All) {
		p.usedT = append(p.usedT, false)
	}
	for len(p.usedP) < len(p.tracks.Processes) {
		p.usedP = append(p.usedP, false)
	}
	p.usedT[track] = true
	p.usedP[p.tracks.All[track].Process] = true
}

func (p *plan) isUsed(e *trace.Event) bool {
	track := p.tracks.Of(e)
	if pipeline.IsThreadName(e) {
		return track < len(p.usedT) && p.usedT[track]
	}
	process := p.tracks.All[track].Process
	return pipeline.StaysAlways(e) || process < len(p.usedP) && p.usedP[process]
}

// readAhead begins to read what is to be written. Where flow events were given up, it
// depends on what is not decided yet how that is read.
func (p *plan) readAhead() error {
	if p.kept.Thin() {
		return nil
	}
	return p.begin(true)
}

// begin begins to read what is to be written, flow events only if asked.
func (p *plan) begin(flows bool) error {
	p.known = make(chan trace.Solids, 1)
	r, err := p.streamOnce(flows, p.known)
	if err == nil {
		p.ahead = r
	}
	return err
}

// close ends a reading that has begun.
func (p *plan) close() {
	if p.ahead != nil {
		p.ahead.Close()
	}
}

// emit writes what the plan keeps.
func (p *plan) emit(ctx context.Context, w *trace.Writer) error {
	if p.ahead == nil {
		if err := p.begin(p.flows.some()); err != nil {
			return err
		}
	}
	p.known <- p.kept.Solids(p.flows.keep)
	return pipeline.Run(ctx, p.ahead, w, &emitter{plan: p})
}

// emitVisiting is emit, and calls visit for slices that stay.
func (p *plan) emitVisiting(ctx context.Context, w *trace.Writer, visit func(e *trace.Event)) error {
	stream, err := p.stream(p.flows.some())
	if err != nil {
		return err
	}
	defer stream.Close()
	return pipeline.Run(ctx, stream, w, &emitter{plan: p, visit: visit})
}

// emitter is the stage that writes what a plan keeps.
type emitter struct {
	*plan
	begun bool
	pair  int
	flow  int
	visit func(e *trace.Event) // unless it is nil, for slices that stay
}

func (s *emitter) Text(t []byte, w *trace.Writer) error {
	if err := w.Text(t); err != nil || s.begun || !pipeline.OpensEvents(t) {
		return err
	}
	s.begun = true
	if s.counters != nil {
		for _, obj := range s.counters.carried() {
			if err := w.Object(obj); err != nil {
				return err
			}
		}
	}
	return writeMade(w, s.opening(s.plan))
}

// Passed counts flow events that stay.
func (s *emitter) Passed(p *trace.Part) { s.flow += p.Flows }

func writeMade(w *trace.Writer, all []made) error {
	for _, m := range all {
		if m.like != nil {
			w.SetLead(m.like)
		}
		if err := w.Object(m.obj); err != nil {
			return err
		}
	}
	return nil
}

func (s *emitter) Event(e *trace.Event, w *trace.Writer) error {
	switch e.Phase {
	case 'M':
		if s.isUsed(e) {
			return s.put(e, w)
		}
		return nil
	case 'B', 'E', 'b', 'e':
		s.pair++
		if s.decided.keep.has(s.pair - 1) {
			return s.putBound(e, w)
		}
		return nil
	case 's', 't', 'f':
		if s.point(e) != nothing {
			s.flow++
			if s.flows.keep(s.flow - 1) {
				return s.put(e, w)
			}
		}
		return nil
	}
	v := s.judge(e)
	if v != out && s.visit != nil {
		s.visit(e)
	}
	if v != whole {
		return nil
	}
	return s.putBound(e, w)
}

// putBound writes a slice without what it says of arrows that hang in the air.
func (p *plan) putBound(e *trace.Event, w *trace.Writer) error {
	loose := p.binds.loose(e)
	if loose == nil {
		return p.put(e, w)
	}
	w.SetLead(e)
	obj := trace.Without(e.Raw(), loose...)
	p.tally.Out(e, len(e.Lead())+len(obj))
	return w.Object(obj)
}

// put writes an event as it is.
func (p *plan) put(e *trace.Event, w *trace.Writer) error {
	p.tally.Out(e, e.Size())
	return w.Event(e)
}

func (s *emitter) End(w *trace.Writer) error {
	return writeMade(w, s.closing(s.plan))
}
