package keep

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// HeldFlows is how many packed bytes of flows, and of what covers them, are held
// in memory.
const HeldFlows = 16 << 20

// Decision is what becomes of an event.
type Decision uint8

const (
	Drop  Decision = iota // it goes
	Whole                 // it stays as it is
	Cut                   // it is kept, changed
)

// Binding tells what a flow event may bind to.
type Binding uint8

const (
	BindsNothing Binding = iota
	BindsAny             // any slice that is kept
	BindsDevices         // a device's only: it stands outside of what was asked for
)

// Selection decides which events are kept. What it says of an event must not
// change from the first look on.
type Selection interface {
	// Judge decides on an event that depends on no other: no begin or end, no
	// flow, no metadata.
	Judge(e *trace.Event) Decision
	// Point says whether a flow event may be kept, if the rest of its chain lets it.
	Point(e *trace.Event) Binding
	// Near reports whether a flow event that binds to any slice may bind to one from
	// start to end.
	Near(start, end trace.Time) bool
	// OnDevice reports a slice that flows from afar may lead to.
	OnDevice(e *trace.Event) bool
	// Line returns what decides on the begins and ends of a line.
	Line(p *Plan, async bool) pairs.Handler
	// SecondPass sees the n-th begin or end once more, when all are matched.
	SecondPass(p *Plan, n int, e *trace.Event)
	// NeedsSecondPass reports whether SecondPass has to be called for them.
	NeedsSecondPass(p *Plan) bool
	// Describe says what outcomes of Line want to know of a begin, if it is anything.
	Describe(e *trace.Event) (b launches.Begun, some bool)
	// Opening makes the events that stand before all others, in place of such
	// as were judged to be cut; Closing those that stand behind all others.
	Opening(p *Plan) iter.Seq[Made]
	Closing(p *Plan) iter.Seq[Made]
}

// Plan is what has to be known of a trace before the part that is kept can be
// written.
type Plan struct {
	Selection
	Read      pipeline.Reading // of all that matters
	Flowless  pipeline.Reading // of all but flow events; nil where that is no less
	Kept      *trace.Store     // what of them may be kept, as far as it fits into memory
	Reread    func([]trace.Block, trace.VerbatimRuns) (*trace.Reader, error)
	ReadKnown func(trace.VerbatimRuns) (trace.Stream, error) // Read, where what is known to be kept may come as solid parts; nil to go by Kept
	Visit     func(e *trace.Event)                           // is called in the first look for slices that are kept; may be nil
	Outliers  []trace.Block                                  // that need no reading: what may be kept of them lies aside, and is cut
	Tracks    trace.Tracks
	usedT     []bool // tracks, processes with events in the output
	usedP     []bool
	Matcher   *pairs.Matcher[launches.Begun]
	Decided   decided
	Onset     map[int]trace.Time // by track, how late a complete slice began that stands at the start of the range; nil if none is asked for
	Counters  *counters          // nil if none are carried
	Flows     flows.Binder
	flows     []bool                         // which flow events are kept, once that is decided
	Covers    covers                         // of complete slices that are kept, for the flows
	under     *pairs.Matcher[launches.Begun] // of what flows may bind to; nil if no flow may be kept
	bindIDs   flows.BindIDs
	speaks    bool            // some begin speaks of flows
	Tally     *pipeline.Tally // may be nil
	Cuts      []trace.Event   // slices that are cut
	ordinal   int             // of the begin or end that a pass meets next
}

// KeptBytes is how much of what may be kept is held in memory, so that later
// looks need not read it again.
const KeptBytes = 32 << 20

// NewPlan returns a plan that keeps in covered what slices cover of their tracks.
func NewPlan(sel Selection, covered *spill.Log) *Plan {
	p := &Plan{Selection: sel, Covers: covers{log: covered}}
	p.Matcher = pairs.NewMatcher[launches.Begun](func(async bool) pairs.Handler { return sel.Line(p, async) })
	p.Matcher.Describe = sel.Describe
	p.LimitKept(KeptBytes)
	return p
}

// LimitKept sets how much of what may be kept is held in memory.
func (p *Plan) LimitKept(bytes int) {
	p.Kept = trace.NewStore(bytes)
	p.Kept.GiveUpFlows()
}

// FirstPass reads the blocks that matter for the first time.
func (p *Plan) FirstPass(ctx context.Context) error {
	budget.Register(ctx, p.AddMemory)
	r, err := p.Read()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := trace.EachPart(ctx, r, func(part *trace.Part) error {
		if part.Text == nil {
			p.addOutliers(part.Off)
		}
		p.NotePart(part)
		return cmp.Or(p.Covers.Err(), budget.Check(ctx))
	}); err != nil {
		return err
	}
	p.addOutliers(math.MaxInt64)
	return nil
}

// addOutliers takes into account what lies aside of blocks before a place in the text.
func (p *Plan) addOutliers(before int64) {
	for ; len(p.Outliers) > 0 && p.Outliers[0].Off < before; p.Outliers = p.Outliers[1:] {
		for e := range p.Outliers[0].Outliers() {
			p.noteEvent(e)
		}
	}
}

// NotePart takes a part into account, and reports whether flow events and
// whether other things of it may be kept.
func (p *Plan) NotePart(part *trace.Part) (flows, others bool) {
	p.Kept.Follow(part)
	if part.Text != nil {
		p.Kept.Text(part.Text)
		return false, true
	}
	for i := range part.Events {
		e := &part.Events[i]
		p.Tally.In(e)
		if may := p.noteEvent(e); may != dropped {
			p.Kept.Event(e)
			switch {
			case may == kept:
				p.Kept.Keep(e)
			case e.IsFlow():
				p.Kept.MayKeep(e, len(p.Flows.Events)-1)
			}
			flows = flows || e.IsFlow()
			others = others || !e.IsFlow()
		}
	}
	return flows, others
}

// firstDecision is what is known of an event when it is looked at first.
type firstDecision uint8

const (
	dropped firstDecision = iota
	mayKeep               // it depends on others
	kept                  // as it is
)

// note takes an event into account, and tells what may become of it.
func (p *Plan) noteEvent(e *trace.Event) firstDecision {
	switch e.Phase {
	case 'M':
		return mayKeep
	case 'B', 'E', 'b', 'e':
		p.Matcher.NoteEvent(p.Tracks.Of(e), e)
		p.speaks = p.speaks || flows.HasBindID(e)
		return mayKeep
	case 's', 't', 'f':
		far := p.Point(e)
		if far == BindsNothing {
			return dropped
		}
		p.Flows.NoteFlow(p.Tracks.Of(e), e, far == BindsDevices)
		return mayKeep
	case 'C':
		if p.Counters != nil {
			p.Counters.addSample(e)
		}
	}
	v := p.Judge(e)
	if v == Drop {
		p.NoteDropped(e)
		return dropped
	}
	if p.Visit != nil {
		p.Visit(e)
	}
	if v == Cut {
		p.Cuts = append(p.Cuts, e.Clone())
	}
	if p.Onset != nil && e.Phase == 'X' {
		p.noteOnset(e, v)
	}
	p.NoteKept(e)
	if v == Cut || flows.HasBindID(e) {
		return mayKeep
	}
	return kept
}

// NoteKept notes an event that is kept.
func (p *Plan) NoteKept(e *trace.Event) {
	p.noteBindID(e)
	track := p.Tracks.Of(e)
	p.UseTrack(track)
	if e.Phase == 'X' && e.Shown() {
		is := flows.Kept
		if p.OnDevice(e) {
			is |= flows.Device
		}
		p.Covers.add(track, e.TS, e.End(), is, p.Near(e.TS, e.End()))
	}
}

// NoteDropped notes an event that is not kept: flows that bind to it go with it.
func (p *Plan) NoteDropped(e *trace.Event) {
	if e.Phase == 'X' && p.Covers.Mixed && e.Shown() && p.Near(e.TS, e.End()) {
		p.Covers.add(p.Tracks.Of(e), e.TS, e.End(), 0, true)
	}
}

// noteBindID notes what an event that is kept says of flows.
func (p *Plan) noteBindID(e *trace.Event) {
	if b, some := bindIDOf(e); some {
		p.bindIDs.NoteKept(b)
	}
}

func bindIDOf(e *trace.Event) (b flows.BindID, some bool) {
	if !flows.HasBindID(e) {
		return b, false
	}
	return flows.BindIDOf(e, clipped.Original(e))
}

// dangling are the members of e that speak of a flow whose other end is not kept.
func (p *Plan) dangling(e *trace.Event) []string {
	if b, some := bindIDOf(e); some {
		return p.bindIDs.Dangling(b)
	}
	return nil
}

// noteOnset notes a slice that is kept.
func (p *Plan) noteOnset(e *trace.Event, v Decision) {
	from := p.Counters.from
	if e.TS > from || e.TS < from && v != Cut {
		return
	}
	track := p.Tracks.Of(e)
	if latest, some := p.Onset[track]; !some || e.TS > latest {
		p.Onset[track] = e.TS
	}
}

// Decide decides on what depends on other events, after the first pass.
func (p *Plan) Decide(ctx context.Context) error {
	if err := p.match(ctx); err != nil {
		return err
	}
	if p.Counters != nil {
		p.Counters.useNames(p)
	}
	bindable := p.Flows.AnyOn('s', p.HasSlices) && p.Flows.AnyOn('f', p.HasSlices)
	looks := bindable && p.Matcher.Marks > 0 || p.speaks || p.NeedsSecondPass(p)
	if bindable {
		p.Flows.Prepare(p.HasSlices, p.Matcher.Tracks.Has)
		p.under = p.Matcher.Repeat(func(bool) pairs.Handler { return &covering{p} })
	}
	if bindable {
		if err := p.Covers.eachSlice(p.bind); err != nil {
			return err
		}
	}
	if looks {
		r, err := p.Stream(false)
		if err != nil {
			return err
		}
		if err := pipeline.EachPart(ctx, r, p.secondPass); err != nil {
			return err
		}
	}
	if bindable {
		p.under.Finish()
		p.Flows.Resolve()
		p.flows = p.Flows.Keep()
	}
	return nil
}

// bind tells flow events of a slice.
func (p *Plan) bind(track int, start, end trace.Time, is flows.Is, near bool) {
	if near {
		p.Flows.Bind(track, start, end, is)
	}
	if is&(flows.Kept|flows.Device) == flows.Kept|flows.Device {
		p.Flows.BindFar(track, start, end, is)
	}
}

// SomeFlows reports whether any flow event is kept.
func (p *Plan) SomeFlows() bool { return slices.Contains(p.flows, true) }

// KeepsFlow reports whether the n-th flow event that was noted is kept.
func (p *Plan) KeepsFlow(n int) bool { return n < len(p.flows) && p.flows[n] }

// HasSlices reports whether slices are kept on a track, or may.
func (p *Plan) HasSlices(track int) bool {
	return p.Matcher.Tracks.Has(track) || track < len(p.usedT) && p.usedT[track]
}

// match decides on begins and ends.
func (p *Plan) match(ctx context.Context) error {
	if again := p.Matcher.SecondPass(); again != nil {
		p.Matcher, p.Decided = again, decided{}
		r, err := p.Stream(false)
		if err != nil {
			return err
		}
		if err := pipeline.EachPart(ctx, r, func(part *trace.Part) {
			for i := range part.Events {
				switch e := &part.Events[i]; e.Phase {
				case 'B', 'E', 'b', 'e':
					again.NoteEvent(p.Tracks.Of(e), e)
				}
			}
		}); err != nil {
			return err
		}
	}
	p.Matcher.Finish()
	for track := range p.Tracks.All {
		if p.Decided.tracks.Has(track) {
			p.UseTrack(track)
		}
	}
	return nil
}

// secondPass gathers the text of moved events and the pairs under flows.
func (p *Plan) secondPass(part *trace.Part) {
	for i := range part.Events {
		switch e := &part.Events[i]; e.Phase {
		case 'B', 'E', 'b', 'e':
			p.SecondPass(p, p.ordinal, e)
			switch {
			case p.under == nil:
			case e.Phase == 'B' || e.Phase == 'E':
				p.under.NoteEvent(p.Tracks.Of(e), e)
			default:
				p.under.Marks++ // no flow binds to it, but it is counted
			}
			if p.speaks && p.Decided.has(p.ordinal) {
				p.noteBindID(e)
			}
			p.ordinal++
		}
	}
}

// Stream goes through all that may be kept once more, flow events only if asked.
func (p *Plan) Stream(flows bool) (trace.Stream, error) { return p.streamOnce(flows, nil) }

// streamOnce is Stream, where what is known to be kept may come as solid parts.
func (p *Plan) streamOnce(flows bool, known trace.VerbatimRuns) (trace.Stream, error) {
	switch {
	case p.ReadKnown != nil:
		return p.ReadKnown(known)
	case !p.Kept.Full() && !(flows && p.Kept.Thin()):
		return p.Kept.Read(func(blocks []trace.Block) (*trace.Reader, error) { return p.Reread(blocks, known) })
	case !flows && p.Flowless != nil:
		return p.Flowless()
	}
	return p.Read()
}

// Use notes that the track and process of e have events in the output.
func (p *Plan) Use(e *trace.Event) { p.UseTrack(p.Tracks.Of(e)) }

func (p *Plan) UseTrack(track int) {
	for len(p.usedT) < len(p.Tracks.All) {
		p.usedT = append(p.usedT, false)
	}
	for len(p.usedP) < len(p.Tracks.Processes) {
		p.usedP = append(p.usedP, false)
	}
	p.usedT[track] = true
	p.usedP[p.Tracks.All[track].Process] = true
}

func (p *Plan) isUsed(e *trace.Event) bool {
	track := p.Tracks.Of(e)
	if pipeline.IsThreadName(e) {
		return track < len(p.usedT) && p.usedT[track]
	}
	process := p.Tracks.All[track].Process
	return pipeline.IsAlwaysKept(e) || process < len(p.usedP) && p.usedP[process]
}
