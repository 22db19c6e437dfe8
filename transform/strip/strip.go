// Package strip drops kinds of events from a trace, in one pass where begins and ends are in
// order of time. [Run] reads and writes once; where that is not enough its error says so
// ([Relearns]), and [Learn] and [RunAgain] do it in two passes. What is of which kind is for the
// root package filter.
package strip

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
	"tracekit/transform/window"
)

// Kinds are the names of the kinds that AddKind knows.
var Kinds = []string{"hardware", "python", "runtime", "memory", "counters", "instants", "flows"}

// Kinds are the names of the kinds that o takes out.
func (o *Options) Kinds() (names []string) {
	for _, kind := range Kinds {
		if *o.kind(kind) {
			names = append(names, kind)
		}
	}
	return names
}

// AddKind has o remove a kind of events by its name, and reports whether there is such a kind.
func (o *Options) AddKind(kind string) bool {
	is := o.kind(kind)
	if is != nil {
		*is = true
	}
	return is != nil
}

// kind is the member that a kind's name sets, nil for none.
func (o *Options) kind(name string) *bool {
	return map[string]*bool{
		"hardware": &o.Hardware, "python": &o.Python, "runtime": &o.Runtime, "memory": &o.Memory,
		"counters": &o.Counters, "instants": &o.Instants, "flows": &o.Flows,
	}[name]
}

// Options name the kinds of events, and of args, that Run takes out.
type Options struct {
	Hardware bool     // what ran on a device, and the flows to it
	Python   bool     // frames of Python stacks, and the args that repeat them
	Runtime  bool     // calls into the runtime or driver of a device
	Memory   bool     // allocations and releases
	Counters bool     // samples of counters
	Instants bool     // instants
	Flows    bool     // flows
	Cats     []string // categories, by their exact name
	Args     []string // args by name, or the groups shapes, stack and all

	// Given says what events are, where nothing else tells.
	Given filter.Given

	// Known is what Learn found, for a trace that Run could not take without; nil at first.
	// Restarts reports whether Run may still ask for it to keep the order of events. It is nil
	// where a trace is read once: then flows are kept, even if slices that they bind to go.
	Known    *Known
	Restarts func() bool

	Tally *pipeline.Tally // counts what is kept and goes; may be nil
}

// Any reports whether o names anything.
func (o *Options) Any() bool {
	for _, k := range kinds {
		if k.asks(o) {
			return true
		}
	}
	return o.Hardware || len(o.Cats)+len(o.Args) > 0
}

// DropsBegins reports whether o names kinds of slices, which a begin and an end may be
// of, so that Run may have to be called again.
func (o *Options) DropsBegins() bool {
	return o.Hardware || o.Python || o.Runtime || o.Memory || len(o.Cats) > 0
}

// pythonArgs are args of other events that repeat Python stacks.
const pythonArgs = "stack"

// Run writes what is left of the trace behind r when kinds of events are
// taken out, in one pass. Processes and threads that are left without events
// lose their names. Ends go with the begins that they close; where these go and
// others on a track stay, and they are not in order of time, Run fails with
// ErrOrder: it takes what Learn finds to know which belong together. Where flows are kept that may
// bind to slices which go, it fails with ErrFlows, and where names tell what ran on a device,
// and come too late, with ErrNames if it may.
func Run(ctx context.Context, r *trace.Reader, w *trace.Writer, o Options) (pipeline.Report, error) {
	s := newStage(o)
	budget.Register(ctx, s.addMemory)
	if err := pipeline.Run(ctx, r, w, s); err != nil {
		return pipeline.Report{}, err
	}
	rep := s.report()
	rep.EventsOut, rep.BytesOut = w.Events, w.Bytes
	rep.BytesIn, rep.Damage = r.Bytes, r.Damage
	return rep, nil
}

// RunAgain is Run for a trace that can be read as often as it takes: it learns first what Run
// may ask for.
func RunAgain(ctx context.Context, read func() (*trace.Reader, error), w *trace.Writer, o Options) (pipeline.Report, error) {
	var err error
	o.Restarts = func() bool { return false }
	if o.Known, err = Learn(ctx, func() (trace.Stream, error) { return read() }, o); err != nil {
		return pipeline.Report{}, err
	}
	r, err := read()
	if err != nil {
		return pipeline.Report{}, err
	}
	defer r.Close()
	return Run(ctx, r, w, o)
}

// hardware is the kind by which a device's events go.
const hardware = "hardware"

// kinds that events are taken out by.
var kinds = []struct {
	name string
	of   filter.Kinds
	asks func(o *Options) bool
}{
	{"python", filter.Python, func(o *Options) bool { return o.Python }},
	{"runtime", filter.Runtime, func(o *Options) bool { return o.Runtime }},
	{"memory", filter.Memory, func(o *Options) bool { return o.Memory }},
	{"counters", filter.Counter, func(o *Options) bool { return o.Counters }},
	{"instants", filter.Instant, func(o *Options) bool { return o.Instants }},
	{"flows", filter.Flow, func(o *Options) bool { return o.Flows }},
}

type stage struct {
	Options
	cats      map[string]string // each category, by itself: an event has only a view of it
	wanted    filter.Kinds      // kinds that must go
	learns    bool              // some kinds take more than the event itself to know
	dropArgs  func(key []byte) bool
	mayHave   func(args []byte) bool // quickly, some that must go
	device    filter.Recognizer
	names     pipeline.Names
	tracks    trace.Tracks
	pairs     pairs.Follow[string] // the kind by which each begin went
	begins    bool                 // some begin may go
	marks     int                  // begins and ends
	flowPairs pipeline.FlowPairs   // that may cross from the host to a device
	undecided []trace.Event        // by what is known yet, a device's or the host's
	waiting   int                  // bytes of them
	bytes     int64                // of all events
	dropped   map[string]*pipeline.Dropped
	decided   [64]pastDecision // by Event.Interned
	args      pipeline.Dropped
	aims      flowAims
	flows     int // that were met, with a time
	times     trace.Times
	events    int64
	buf       []byte
}

// pastDecision is the kind by which an event was dropped, and so those that have the same number.
type pastDecision struct {
	interned uint32
	learnt   int
	kind     *pipeline.Dropped
}

func newStage(o Options) *stage {
	s := &stage{Options: o, cats: map[string]string{}, dropped: map[string]*pipeline.Dropped{}, args: pipeline.Dropped{Kind: "args"}}
	for _, c := range o.Cats {
		s.cats[c] = c
	}
	for _, k := range kinds {
		if k.asks(&s.Options) {
			s.wanted |= k.of
		}
	}
	if s.device.Given = o.Given; o.Known != nil {
		s.device = *o.Known.device.Clone()
	}
	s.learns = o.Hardware || o.Runtime || o.Given.Python != nil
	s.begins = o.DropsBegins()
	s.names.Tally = o.Tally
	groups := o.Args
	if o.Python {
		groups = append([]string{pythonArgs}, groups...)
	}
	if len(groups) > 0 {
		s.dropArgs, s.mayHave = filter.ArgKeys(groups...), filter.MayHaveArgs(groups...)
	}
	return s
}

func (s *stage) Text(t []byte, w *trace.Writer) error {
	if s.learns && s.Known == nil {
		s.device.LearnDocument(t)
	}
	return w.Text(t)
}

func (s *stage) Event(e *trace.Event, w *trace.Writer) error {
	s.events++
	s.bytes += int64(e.Size())
	s.Tally.In(e)
	s.time(e)
	if e.IsFlow() && s.droppedWithSlice(e) {
		s.drop("flows", e)
		return nil
	}
	if g := &s.decided[e.Interned%uint32(len(s.decided))]; g.interned == e.Interned && g.kind != nil && g.learnt == s.device.Learnt {
		g.kind.Add(e)
		return nil
	}
	side := s.side(e)
	if e.IsMeta() {
		return s.names.Name(e, w)
	}
	kind, unsure := s.kind(e, side)
	if s.Hardware && !unsure && (kind == "" || kind == hardware) && s.device.MayCross(e) {
		return s.flowPairs.Add(e, kind == hardware, s.keeper(w), s.dropFlow)
	}
	if s.begins {
		var err error
		if kind, err = s.pair(e, kind); err != nil {
			return err
		}
	}
	if kind != "" {
		if s.retarget(e, kind) {
			return ErrFlows
		}
		d := s.drop(kind, e)
		if e.Interned != 0 && s.settled(e) {
			s.decided[e.Interned%uint32(len(s.decided))] = pastDecision{e.Interned, s.device.Learnt, d}
		}
		return nil
	}
	if unsure {
		return s.wait(e)
	}
	return s.keep(e, w)
}

// time takes note of when e is shown.
func (s *stage) time(e *trace.Event) {
	switch {
	case e.Shown():
		s.times.Add(e.TS, e.Span())
		if e.Phase == 'X' && string(e.Cat()) == trace.Stating {
			s.times.State(e.Name(), e.TS, e.Dur)
		}
	case e.IsEnd() && e.Has&trace.HasTS != 0 && e.TS >= 0:
		s.times.AddEnd(e.TS)
	}
}

// settled reports that events with the number of e are dropped by the same kind.
func (s *stage) settled(e *trace.Event) bool {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		return false // ends go with their begins
	}
	if s.learns {
		return s.device.IsFinal(e)
	}
	return filter.IsByCategory(e)
}

// kind tells by what kind e goes, empty if it is kept, and whether that may change
// with what is yet to come. Where nobody asks for hardware, all is the host's.
func (s *stage) kind(e *trace.Event, side filter.Side) (kind string, unsure bool) {
	switch side {
	case filter.Device:
		return hardware, false
	case filter.Unsure:
		unsure = true
	}
	if s.wanted != 0 {
		is := s.kindsOf(e) & s.wanted
		if unsure {
			is &^= filter.Runtime // it may be an engine's, not a call
		}
		for i := 0; is != 0 && i < len(kinds); i++ {
			if is&kinds[i].of != 0 {
				return kinds[i].name, false
			}
		}
	}
	unsure = unsure || s.Runtime && s.Known == nil && s.device.MayCall(e)
	if len(s.cats) > 0 {
		if cat, is := s.cats[string(category(e))]; is {
			return cat, false
		}
	}
	return "", unsure
}

// category is e's category without escapes.
func category(e *trace.Event) []byte {
	cat := e.Cat()
	if bytes.IndexByte(cat, '\\') < 0 {
		return cat
	}
	return []byte(trace.Unquote(slices.Concat([]byte{'"'}, cat, []byte{'"'})))
}

func (s *stage) kindsOf(e *trace.Event) filter.Kinds {
	if s.Runtime || s.Given.Python != nil {
		return s.device.Kinds(e)
	}
	return filter.KindsOf(e)
}

// keep writes e, without the args that must go.
func (s *stage) keep(e *trace.Event, w *trace.Writer) error {
	if s.aim(e) {
		return ErrFlows
	}
	if err := s.names.Use(e, w); err != nil {
		return err
	}
	if s.dropArgs != nil && e.Has&trace.HasArgs != 0 && s.mayHave(e.Args()) {
		if out, changed := filter.DropArgs(s.buf[:0], e, s.dropArgs); changed {
			s.buf = out
			s.args.Events++
			s.args.Bytes += int64(len(e.Raw()) - len(out))
			s.Tally.Out(e, len(e.Lead())+len(out))
			w.SetLead(e)
			return w.Object(out)
		}
	}
	s.Tally.Out(e, e.Size())
	return w.Event(e)
}

func (s *stage) End(behind [][]byte, w *trace.Writer) error {
	for _, t := range behind {
		if s.learns && s.Known == nil {
			s.device.LearnDocument(t)
		}
	}
	if len(s.undecided) > 0 && s.bytes <= smallBytes && s.mayRestart() {
		return ErrNames
	}
	for i := range s.undecided {
		if err := s.decide(&s.undecided[i], w); err != nil {
			return err
		}
	}
	if err := s.flowPairs.End(s.keeper(w), s.dropFlow); err != nil {
		return err
	}
	return s.names.End(w)
}

// decide decides on an event that had to wait.
func (s *stage) decide(e *trace.Event, w *trace.Writer) error {
	side := s.device.Side(e)
	if side == filter.Unsure || !s.Hardware {
		side = filter.Host
	}
	kind, _ := s.kind(e, side)
	switch {
	case s.Hardware && (kind == "" || kind == hardware) && s.device.MayCross(e):
		return s.flowPairs.Add(e, kind == hardware, s.keeper(w), s.dropFlow)
	case kind != "":
		if s.retarget(e, kind) {
			return ErrFlows
		}
		s.drop(kind, e)
		return nil
	}
	return s.keep(e, w)
}

func (s *stage) keeper(w *trace.Writer) func(e *trace.Event) error {
	return func(e *trace.Event) error { return s.keep(e, w) }
}

func (s *stage) dropFlow(e *trace.Event) error {
	s.drop(hardware, e)
	return nil
}

func (s *stage) drop(kind string, e *trace.Event) *pipeline.Dropped {
	d := s.dropped[kind]
	if d == nil {
		d = &pipeline.Dropped{Kind: kind}
		s.dropped[kind] = d
	}
	d.Add(e)
	return d
}

func (s *stage) report() pipeline.Report {
	rep := pipeline.Report{EventsIn: s.events}
	for _, d := range s.dropped {
		rep.Dropped = append(rep.Dropped, *d)
	}
	sort.Slice(rep.Dropped, func(i, k int) bool { return rep.Dropped[i].Kind < rep.Dropped[k].Kind })
	if s.Hardware && s.dropped[hardware] == nil {
		rep.Notes = append(rep.Notes, pipeline.NoDevice)
	}
	for _, c := range s.Cats {
		if s.dropped[c] == nil {
			rep.Notes = append(rep.Notes, fmt.Sprintf("no event has the category %q: tracekit info lists the categories", c))
		}
	}
	extent, _ := s.times.Extent()
	rep.Note(window.Outside(&extent))
	if s.args.Events > 0 {
		rep.Dropped = append(rep.Dropped, s.args)
	}
	if s.names.Dropped > 0 {
		rep.Dropped = append(rep.Dropped, pipeline.Dropped{Kind: "names of what has no events", Events: s.names.Dropped})
	}
	if s.names.Repeated > 0 {
		rep.Dropped = append(rep.Dropped, pipeline.Dropped{Kind: "metadata that repeats itself", Events: s.names.Repeated})
	}
	return rep
}

// addMemory adds what s takes.
func (s *stage) addMemory(sum *budget.Sum) {
	const event = 120
	n := 0
	for i := range s.undecided {
		n += event + s.undecided[i].Size()
	}
	sum.Add("events that may be a device's", n)
	sum.Add("open slices", s.pairs.Memory()+s.tracks.Memory())
	sum.Add("flows", s.flowPairs.Memory())
	sum.Add("metadata of threads without events", s.names.Memory())
}
