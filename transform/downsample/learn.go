package downsample

import (
	"bytes"
	"hash/maphash"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/merged"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
	"tracekit/transform/report"
	"tracekit/transform/steps"
)

// learner takes from the first pass what decisions need.
type learner struct {
	o       *Options
	tracks  trace.Tracks
	texts   texts
	seed    maphash.Seed
	n       uint64 // of the event at hand
	key     []byte
	kept    []bool  // tracks with events that no record stands for: they are kept
	main    *sorter // all but metadata, by line and time
	marks   *sorter // begins and ends
	chains  *sorter // points of flows, by chain
	samples *sorter // of counters, by series
	meter   counters
	finder  *steps.Finder
	lost    numbers // events that go in any case
	anchors anchors // steps
	earlier anchors // slices that stand for others already
	env     filter.Env
	binds   []bind
	names   naming
	flows   uint32
	text    int64 // bytes of the document around the events
	tally   *tally
}

// Kinds of lines, in their highest byte.
const (
	trackLine   = uint64(iota) << 56 // slices on a track
	momentLine                       // what else is on it
	asyncLine                        // pairs joined by id, by category
	counterLine                      // counters of a name and process
	markLine                         // begins and ends of an id, by hash
	fewLine                          // all small ones
)

func (l *learner) part(p *trace.Part) error {
	if p.Text != nil {
		l.text += int64(len(p.Text))
		return nil
	}
	for i := range p.Events {
		if err := l.event(&p.Events[i]); err != nil {
			return err
		}
		l.n++
	}
	return nil
}

func (l *learner) event(e *trace.Event) error {
	l.tally.in(e)
	if l.finder != nil {
		l.finder.Learn(e)
	}
	track := l.tracks.Of(e)
	for len(l.kept) <= track {
		l.kept = append(l.kept, false)
	}
	if e.IsMeta() {
		l.names.learn(track, l.tracks.All[track].Process, e)
		return nil
	}
	r := record{
		Line: momentLine | uint64(track), N: l.n, Pair: l.n,
		Track: uint32(track), Size: uint32(e.Size()) + 1, Class: moment, Thread: threadOf(e),
	}
	if e.Has&trace.HasTS == 0 {
		if e.IsFlow() && l.o.slices() {
			l.lost.add(l.n) // it is bound to nothing
			return nil
		}
		return l.moment(r)
	}
	r.Start, r.End = int64(e.TS), int64(e.End())
	switch e.Phase {
	case 'X':
		if !l.o.slices() {
			return l.asIs(track)
		}
		l.name(&r, e)
		l.weigh(&r, e)
		if l.o.merging() && merged.Is(e) {
			l.earlier.add(track, r.Start, r.End)
		}
		l.bind(e)
		r.Line, r.Class = trackLine|uint64(track), slice
		return l.main.Add(&r)
	case 'B', 'E', 'b', 'e':
		if !l.o.slices() {
			return l.asIs(track)
		}
		return l.mark(r, e)
	case 's', 't', 'f':
		if !l.o.slices() {
			return l.asIs(track)
		}
		return l.flow(r, e)
	case 'C':
		return l.counter(r, e)
	}
	return l.moment(r)
}

// moment takes what goes by budgets and steps only.
func (l *learner) moment(r record) error {
	if !l.o.moments() {
		return l.asIs(int(r.Track))
	}
	return l.main.Add(&r)
}

// asIs notes an event that is kept whatever is decided.
func (l *learner) asIs(track int) error {
	l.kept[track] = true
	return nil
}

// name notes the texts that a merged slice may need.
func (l *learner) name(r *record, e *trace.Event) {
	r.Cat = l.texts.of(e.Cat())
	if l.o.merging() {
		r.Name = l.texts.of(e.Name())
	}
}

// weigh notes what a budget treats apart.
func (l *learner) weigh(r *record, e *trace.Event) {
	if l.o.budget() {
		r.Important = isAnnotation(e) || bytes.HasPrefix(e.Name(), []byte("GRAPH COMPILE"))
	}
	if l.o.Favour != nil {
		r.Favoured = l.o.Favour.Match(e, &l.env)
	}
}

func isAnnotation(e *trace.Event) bool {
	return string(e.Cat()) == "user_annotation" || string(e.Cat()) == "gpu_user_annotation"
}

func (l *learner) mark(r record, e *trace.Event) error {
	r.Name, r.Cat, r.End = l.texts.of(e.Name()), l.texts.of(e.Cat()), 0
	l.weigh(&r, e)
	switch e.Phase {
	case 'B':
		r.Line, r.Class = trackLine|uint64(r.Track), beginMark
	case 'E':
		r.Line, r.Class = trackLine|uint64(r.Track), endMark
	default:
		l.key = pairs.AppendAsyncKey(l.key[:0], e)
		r.Line, r.Class = markLine|maphash.Bytes(l.seed, l.key)>>8, asyncMark
		if e.Phase == 'e' {
			r.Pair = closing
		}
	}
	return l.marks.Add(&r)
}

// closing is the Pair of an asynchronous end.
const closing = 1<<64 - 1

func (l *learner) flow(r record, e *trace.Event) error {
	r.Line, r.Class, r.End = trackLine|uint64(r.Track), enclosed, r.Start
	r.Name, r.Cat = l.flows, flowStep
	switch e.Phase {
	case 's':
		r.Cat = flowStart
	case 'f':
		r.Cat = flowEnd
		if !flows.BindsEnclosing(e) {
			r.Class = nextEnd
		}
	}
	l.flows++
	if err := l.main.Add(&r); err != nil {
		return err
	}
	r.Line, r.Class = flows.Key(e), enclosed
	return l.chains.Add(&r)
}

// texts numbers names and categories. Each is kept once.
type texts struct {
	all   []string
	known map[string]uint32
}

func (t *texts) of(s []byte) uint32 {
	if n, ok := t.known[string(s)]; ok {
		return n
	}
	if t.known == nil {
		t.known = map[string]uint32{}
	}
	n := uint32(len(t.all))
	t.all = append(t.all, string(s))
	t.known[t.all[n]] = n
	return n
}

// naming is how much metadata names each track and process, and what all else is
// that is not bound to any.
type naming struct {
	threads, processes []cost
	free               cost
	called             report.Names
	distinct           pipeline.Distinct
}

// cost is what something takes in the output.
type cost struct{ events, bytes int64 }

func (c *cost) add(d cost) {
	c.events += d.events
	c.bytes += d.bytes
}

// finish counts what holds again.
func (n *naming) finish(tracks *trace.Tracks) {
	for _, e := range n.distinct.Due() {
		track := tracks.Of(&e)
		n.count(track, tracks.All[track].Process, &e)
	}
}

func (n *naming) learn(track, process int, e *trace.Event) {
	for len(n.threads) <= track {
		n.threads = append(n.threads, cost{})
	}
	for len(n.processes) <= process {
		n.processes = append(n.processes, cost{})
	}
	n.called.Learn(e)
	if n.distinct.First(e) {
		n.count(track, process, e)
	}
}

func (n *naming) count(track, process int, e *trace.Event) {
	one := cost{1, int64(e.Size()) + 1}
	switch {
	case pipeline.IsAlwaysKept(e):
		n.free.add(one)
	case pipeline.IsThreadName(e):
		n.threads[track].add(one)
	default:
		n.processes[process].add(one)
	}
}

// of is what the names of the tracks take that are used.
func (n *naming) of(tracks *trace.Tracks, used []bool) cost {
	sum := n.free
	seen := make([]bool, len(tracks.Processes))
	for track, is := range used {
		if !is {
			continue
		}
		if track < len(n.threads) {
			sum.add(n.threads[track])
		}
		if p := tracks.All[track].Process; !seen[p] {
			seen[p] = true
			if p < len(n.processes) {
				sum.add(n.processes[p])
			}
		}
	}
	return sum
}

// held tells what l takes in memory.
func (l *learner) addMemory(s *budget.Sum) {
	const text, anchor, bind = 72, 24, 40
	s.Add("threads", l.tracks.Memory()+l.names.called.Memory())
	n := 0
	for _, t := range l.texts.all {
		n += text + len(t)
	}
	s.Add("names and categories", n)
	n = bind * cap(l.binds)
	for _, line := range l.anchors.lines {
		n += anchor * cap(line)
	}
	s.Add("slices that flows bind to, or that were merged before", n)
	s.Add("metadata", l.names.distinct.Memory())
	if l.finder != nil {
		l.finder.Hold(s)
	}
}
