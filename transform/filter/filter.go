// Package filter keeps the events of a trace that meet a condition, and, if asked, the slices
// related to them. [Run] is its only entry. What an expression means is for the package filter at
// the root; how pairs, flows and names are kept whole is for package keep.
package filter

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
	"tracekit/transform/window"
)

// Options say what Filter keeps.
type Options struct {
	Expr    *filter.Expr
	Related Related
	// Given says what events are, where nothing else tells.
	Given filter.Given

	// Spill makes a temporary file, if flows don't fit into memory; if it is nil,
	// they stay there.
	Spill func() (*spill.File, error)
	Tally *pipeline.Tally // counts what is kept and goes; may be nil
}

// Related names what is kept besides the slices that meet the condition.
type Related struct {
	Parents  bool // the slices around them
	Children bool // the slices inside them
	Device   bool // what they launched on a device
	Flows    bool // the slices that flows join to them
}

// Run writes what of the trace s meets a condition. Begins and ends are kept or
// dropped as pairs, judged by the begin and the time between them. Flows stay if
// both of their ends are bound to slices that do, and stand behind all else;
// names if what they name is left, at the latest before its first event.
//
// A condition on an event's own members takes one pass, which writes at once.
// What comes behind the first begin or end, or slice that speaks of flows, is
// gone through again: in memory as long as what may be kept fits there. Names,
// depth, times and relations take passes of their own before.
func Run(ctx context.Context, s *trace.Source, w *trace.Writer, o Options) (pipeline.Report, error) {
	return filterKeeping(ctx, s, w, o, keep.KeptBytes)
}

// filterKeeping is Filter with a limit to the bytes that are held in memory.
func filterKeeping(ctx context.Context, s *trace.Source, w *trace.Writer, o Options, kept int) (pipeline.Report, error) {
	m := &matching{expr: o.Expr, merged: mergedSlices{named: strings.Contains(o.Expr.String(), "name")}}
	packed := func() *spill.Log { return spill.NewPacked(min(kept, keep.HeldFlows), o.Spill) }
	heldFlows, covered, noted := packed(), packed(), packed()
	for _, held := range []*spill.Log{heldFlows, covered, noted} {
		defer held.Close()
	}
	p := keep.NewPlan(m, covered)
	p.Covers.Mixed = true
	p.LimitKept(kept)
	p.Tally = o.Tally
	st := &sieve{Plan: p, matching: m, names: pipeline.Names{Tally: o.Tally}, lateFlows: lateFlows{text: heldFlows, starts: map[uint64]bool{}}}
	st.lateFlows.wanted = o.Related.Children || o.Related.Device || o.Related.Flows
	run := pipeline.NewRunner(w, st)
	k := newRelations(o, noted)
	v, err := m.survey(ctx, s, st, run, k)
	if err != nil {
		return pipeline.Report{}, err
	}
	if err := st.finish(ctx, run); err != nil {
		return pipeline.Report{}, err
	}
	rep := pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}
	rep.Note(window.Outside(&v.Extent))
	if k.asksNesting() && k.shape.HasAsync() {
		rep.Note("depth, --with-parents and --with-children are of slices on threads: async events (b, e) have none of them")
	}
	rep.Notes = append(rep.Notes, m.merged.notes()...)
	if rep.Empty = w.Events == st.names.AlwaysKept; rep.Empty {
		note := fmt.Sprintf("0 of %s meet the condition", term.Grouped(v.Events, "event"))
		if w.Events > 0 {
			note += "; what is written are names of processes and threads"
		}
		rep.Note(note)
		rep.Notes = append(rep.Notes, near(ctx, pipeline.BlocksOf(s, v.Blocks), o.Expr.Asked(), &m.env)...)
	}
	return rep, nil
}

// needsWhole is what a condition may need of the whole trace.
const needsWhole = filter.NeedsZero | filter.NeedsNames | filter.NeedsDepth | filter.NeedsKinds

// survey reads the trace as often as the condition needs, the last time to write
// what is kept or to look at what may.
func (m *matching) survey(ctx context.Context, s *trace.Source, st *sieve, run *pipeline.Runner, k *relations) (v *trace.Survey, err error) {
	if k.known && k.Related == (Related{}) {
		return st.sift(ctx, s, run)
	}
	budget.Register(ctx, k.addMemory)
	if v, err = s.SurveyParts(func(part *trace.Part) error {
		k.learn(part, m)
		return cmp.Or(k.slices.Log.Err(), budget.Check(ctx))
	}); err != nil {
		return nil, err
	}
	k.shape.Sort()
	m.env.Zero, m.env.Names, m.env.Kinds, m.shape = v.Zero, &k.names, k.launches.Device, &k.shape
	st.Read = pipeline.BlocksOf(s, v.Blocks)
	if k.Related != (Related{}) {
		if err := k.gather(ctx, st.Plan, m); err != nil {
			return nil, err
		}
		m.related = k
	}
	if k.apart {
		return v, st.siftAgain(ctx, run)
	}
	st.begun = true
	return v, st.FirstPass(ctx)
}

// matching selects what meets a condition.
type matching struct {
	expr    *filter.Expr
	env     filter.Env
	shape   *pairs.Nesting // nil unless depth or relations are asked for
	related *relations     // nil unless relations are asked for

	partners []pairs.Partner // by ordinal of begins and ends
	merged   mergedSlices
}

func (m *matching) Judge(e *trace.Event) keep.Decision {
	if m.match(e, e.End()) || m.related != nil && e.Phase == 'X' && m.related.keeps(e, e.End()) {
		return keep.Whole
	}
	return keep.Drop
}

// match asks the condition; end is when the event ends.
func (m *matching) match(e *trace.Event, end trace.Time) bool {
	if m.shape != nil && m.expr.Needs()&filter.NeedsDepth != 0 {
		m.env.Depth = m.shape.Depth(e, end)
	}
	if s, some := m.ask(e); s != nil {
		return some
	}
	return m.expr.Match(e, &m.env)
}

func (m *matching) Describe(*trace.Event) (b launches.Begun, some bool) { return b, false }

func (m *matching) Opening(*keep.Plan) iter.Seq[keep.Made] { return none }

func (m *matching) Closing(*keep.Plan) iter.Seq[keep.Made] { return none }

func none(func(keep.Made) bool) {}

func (m *matching) Point(e *trace.Event) keep.Binding {
	if e.Has&trace.HasTS == 0 {
		return keep.BindsNothing
	}
	return keep.BindsAny
}

// Near is true: a filter keeps no slice for its time.
func (m *matching) Near(start, end trace.Time) bool { return true }

func (m *matching) OnDevice(*trace.Event) bool { return false }

func (m *matching) NeedsSecondPass(p *keep.Plan) bool { return p.Matcher.Marks > 0 }

func (m *matching) Line(_ *keep.Plan, async bool) pairs.Handler {
	is := pairs.IsBegin
	if async {
		is = pairs.IsAsync
	}
	return &pairs.PartnerHandler{Of: &m.partners, Is: is}
}

// SecondPass decides on a pair when its begin comes again.
func (m *matching) SecondPass(p *keep.Plan, n int, e *trace.Event) {
	if n >= len(m.partners) {
		return // it has no time
	}
	q := &m.partners[n]
	switch q.Is() {
	case pairs.IsEnd:
		return
	case pairs.IsLone:
		if m.match(e, e.TS) {
			p.Decided.Keep.Add(n)
			p.Use(e)
		}
		return
	}
	if !m.matchPair(e, q) && (m.related == nil || q.Is() == pairs.IsAsync || !m.related.keeps(e, q.Stop)) {
		return
	}
	p.Decided.Keep.Add(n)
	p.Use(e)
	if q.End >= 0 {
		p.Decided.Keep.Add(int(q.End))
		p.UseTrack(q.Track())
	}
}

// matchPair asks the condition of a begin, as if it had a duration.
func (m *matching) matchPair(e *trace.Event, q *pairs.Partner) bool {
	b := *e
	b.Dur, b.Has = 0, b.Has&^trace.HasDur
	if q.End >= 0 {
		b.Dur, b.Has = q.Stop-e.TS, b.Has|trace.HasDur
	}
	return m.match(&b, q.Stop)
}
