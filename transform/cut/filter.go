package cut

import (
	"context"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// FilterOptions say what Filter keeps.
type FilterOptions struct {
	Expr *filter.Expr
	Kin  Kin

	// Spill makes a temporary file, if arrows don't fit into memory; if it is nil,
	// they stay there.
	Spill func() (*spill.File, error)
	Tally *pipeline.Tally // counts what stays and goes; may be nil
}

// Kin names what is kept besides the slices that meet the condition.
type Kin struct {
	Parents  bool // the slices around them
	Children bool // the slices inside them
	Device   bool // what they launched on a device
	Flows    bool // the slices that arrows join to them
}

// Filter writes what of the trace s meets a condition. Begins and ends stay or
// go as pairs, judged by the begin and the time between them. Arrows stay if
// both of their ends are bound to slices that do, and stand behind all else;
// names if what they name is left, at the latest before its first event.
//
// A condition on an event's own members takes one pass, which writes at once.
// What comes behind the first begin or end, or slice that speaks of arrows, is
// gone through again: in memory as long as what may stay fits there. Names,
// depth, times and kin take passes of their own before.
func Filter(ctx context.Context, s *trace.Source, w *trace.Writer, o FilterOptions) (pipeline.Report, error) {
	return filterKeeping(ctx, s, w, o, keptBytes)
}

// filterKeeping is Filter with a limit to the bytes that are held in memory.
func filterKeeping(ctx context.Context, s *trace.Source, w *trace.Writer, o FilterOptions, kept int) (pipeline.Report, error) {
	m := &matching{expr: o.Expr}
	packed := func() *spill.Packed { return spill.NewPacked(min(kept, heldArrows), o.Spill) }
	arrows, covered, noted := packed(), packed(), packed()
	for _, held := range []*spill.Packed{arrows, covered, noted} {
		defer held.Close()
	}
	p := newPlan(m, covered)
	p.hold(kept)
	p.tally = o.Tally
	st := &sieve{plan: p, names: pipeline.Names{Tally: o.Tally}, arrows: lateArrows{text: arrows, starts: map[uint64]bool{}}}
	st.arrows.hopes = o.Kin.Children || o.Kin.Device || o.Kin.Flows
	run := pipeline.NewRunner(w, st)
	v, err := m.survey(ctx, s, st, run, newKinship(o, noted))
	if err != nil {
		return pipeline.Report{}, err
	}
	if err := st.finish(ctx, run); err != nil {
		return pipeline.Report{}, err
	}
	rep := pipeline.Report{
		EventsIn: v.Events, BytesIn: v.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: v.Damage,
	}
	if w.Events == st.names.Free {
		rep.Notes = append(rep.Notes, "nothing in the trace meets the condition: the output is an empty trace")
	}
	return rep, nil
}

// needsWhole is what a condition may need of the whole trace.
const needsWhole = filter.NeedsZero | filter.NeedsNames | filter.NeedsDepth

// survey reads the trace as often as the condition needs, the last time to write
// what stays or to look at what may.
func (m *matching) survey(ctx context.Context, s *trace.Source, st *sieve, run *pipeline.Runner, k *kinship) (v *trace.Survey, err error) {
	if k.known && k.Kin == (Kin{}) {
		return st.sift(ctx, s, run)
	}
	if v, err = s.SurveyParts(func(part *trace.Part) error {
		k.learn(part, m)
		return ctx.Err()
	}); err != nil {
		return nil, err
	}
	k.shape.settle()
	m.env.Zero, m.env.Names, m.shape = v.Zero, &k.names, &k.shape
	st.read = blocksOf(s, v.Blocks)
	if k.Kin != (Kin{}) {
		if err := k.gather(ctx, st.plan, m); err != nil {
			return nil, err
		}
		m.kin = k
	}
	if k.apart {
		return v, st.siftAgain(ctx, run)
	}
	st.begun = true
	return v, st.look(ctx)
}

// matching selects what meets a condition.
type matching struct {
	expr  *filter.Expr
	env   filter.Env
	shape *shape   // nil unless depth or kin is asked for
	kin   *kinship // nil unless kin is asked for

	partners []partner // by ordinal of begins and ends
}

// partner is what is known of a begin.
type partner struct {
	start trace.Time
	stop  trace.Time
	end   int32 // ordinal of its end, -1 if it has none
	track int32 // of its end
	is    pairing
}

// noPartner stands for what has no time: it lies nowhere.
var noPartner = partner{end: -1, start: trace.MaxTime, stop: trace.MinTime}

type pairing uint8

const (
	isEnd pairing = iota // of a pair; decided with its begin
	isBegin
	isAsync // a begin, but not of a slice on a track
	isLone  // an end without a begin
)

func (m *matching) judge(e *trace.Event) verdict {
	if m.match(e, e.End()) || m.kin != nil && e.Phase == 'X' && m.kin.keeps(e, e.End()) {
		return whole
	}
	return out
}

// match asks the condition; end is when the event ends.
func (m *matching) match(e *trace.Event, end trace.Time) bool {
	if m.shape != nil && m.expr.Needs()&filter.NeedsDepth != 0 {
		m.env.Depth = m.shape.depth(e, end)
	}
	return m.expr.Match(e, &m.env)
}

func (m *matching) tell(*trace.Event) (b begun, some bool) { return b, false }

func (m *matching) opening(*plan) []made { return nil }

func (m *matching) closing(*plan) []made { return nil }

func (m *matching) point(e *trace.Event) reach {
	if e.Has&trace.HasTS == 0 {
		return nothing
	}
	return anything
}

func (m *matching) onDevice(*trace.Event) bool { return false }

func (m *matching) meets(p *plan) bool { return p.stacks.marks > 0 }

func (m *matching) line(_ *plan, async bool) fate {
	is := isBegin
	if async {
		is = isAsync
	}
	return &partners{&m.partners, is}
}

// partners notes who belongs to whom on a line.
type partners struct {
	of *[]partner // by ordinal
	is pairing
}

func (l *partners) set(m mark, p partner) {
	for len(*l.of) <= m.n() {
		*l.of = append(*l.of, noPartner)
	}
	(*l.of)[m.n()] = p
}

func (l *partners) pair(b, e mark) {
	l.set(b, partner{b.ts, e.ts, int32(e.n()), e.track, l.is})
	l.set(e, partner{b.ts, e.ts, -1, e.track, isEnd})
}

func (l *partners) open(b mark) { l.set(b, partner{b.ts, trace.MaxTime, -1, b.track, l.is}) }
func (l *partners) lone(e mark) { l.set(e, partner{e.ts, e.ts, -1, e.track, isLone}) }
func (l *partners) done()       {}

// again decides on a pair when its begin is met.
func (m *matching) again(p *plan, n int, e *trace.Event) {
	if n >= len(m.partners) {
		return // it has no time
	}
	q := &m.partners[n]
	switch q.is {
	case isEnd:
		return
	case isLone:
		if m.match(e, e.TS) {
			p.decided.keep.set(n)
			p.use(e)
		}
		return
	}
	if !m.matchPair(e, q) && (m.kin == nil || q.is == isAsync || !m.kin.keeps(e, q.stop)) {
		return
	}
	p.decided.keep.set(n)
	p.use(e)
	if q.end >= 0 {
		p.decided.keep.set(int(q.end))
		p.useTrack(int(q.track))
	}
}

// matchPair asks the condition of a begin, as if it had a duration.
func (m *matching) matchPair(e *trace.Event, q *partner) bool {
	b := *e
	b.Dur, b.Has = 0, b.Has&^trace.HasDur
	if q.end >= 0 {
		b.Dur, b.Has = q.stop-e.TS, b.Has|trace.HasDur
	}
	return m.match(&b, q.stop)
}
