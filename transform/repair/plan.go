package repair

import (
	"cmp"
	"context"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/perfetto"
	"tracekit/trace"
	"tracekit/transform/check"
	"tracekit/transform/internal/firstfit"
	"tracekit/transform/internal/pairs"
)

// plan is what has to be done to events that are well by themselves, by their
// number in the file. It grows with what it repairs.
type plan struct {
	extent  trace.Extent // what is drawn outside is set aside
	far     bool         // there is something outside
	threads map[uint32]threadInfo
	vllm    vllmPlan
	flowIDs flowIDs
	steps
}

// steps are what is to be done.
type steps struct {
	lanes  laneTable
	unbind map[int64]bool
	drop   map[int64]Kind
	close  endless        // begins to be closed
	empty  map[int64]bool // begins whose end is at the same time, to be written as X
	order  bool           // an event at time zero has to stand behind all others
	count  tally
}

// line is what slices nest on: a thread, or an async track.
type line struct {
	track uint32
	async uint64
}

func lineOf(r *check.Record) line {
	if r.Phase == 'b' || r.Phase == 'n' || r.Phase == 'e' {
		return line{async: r.Async}
	}
	return line{track: r.Track}
}

// threadInfo is what metadata says of a thread: JSON text.
type threadInfo struct{ name, sort []byte }

// pair is a begin and the end that closes it.
type pair struct {
	endTS  int64
	endSeq int64
}

type begin struct{ seq, ts int64 }

// planner makes a plan of what a judge has kept.
type planner struct {
	*plan
	judge *check.Judge
	off   map[Kind]bool
	ctx   context.Context

	pairs  map[int64]pair
	open   map[line]*pairs.Open[begin]
	ends   map[line]int64 // of the last thing on each line
	group  []check.Record
	lines  map[line]*firstfit.Lanes
	slices bool // there are X
}

// addMemory adds what p takes besides the plan.
func (p *planner) addMemory(s *budget.Sum) {
	const paired, line, one, record = 60, 250, 24, 80
	n := line * (len(p.open) + len(p.ends) + len(p.lines))
	for _, open := range p.open {
		n += open.Memory(one)
	}
	for _, l := range p.lines {
		n += l.Memory()
	}
	s.Add("open slices", n+paired*len(p.pairs)+record*cap(p.group))
}

func newPlan() *plan {
	return &plan{threads: map[uint32]threadInfo{}, steps: newSteps(),
		vllm: newVLLMPlan(), flowIDs: newFlowIDs()}
}

// addMemory adds what p takes.
func (p *plan) addMemory(s *budget.Sum) {
	const thread, moved, other = 160, 30, 40
	s.Add("threads", thread*len(p.threads))
	s.Add("events to be repaired", moved*len(p.lanes.of)+other*(len(p.unbind)+len(p.drop)+len(p.empty)))
	s.Add("begins without an end", p.close.memory())
	s.Add("flows with the id of another", p.flowIDs.memory())
}

func newSteps() steps {
	return steps{lanes: newLaneTable(), unbind: map[int64]bool{}, drop: map[int64]Kind{}, empty: map[int64]bool{}, count: tally{}}
}

// make fills the plan. What leaves or joins the trace changes where Perfetto
// begins to sort, and with it the order of events of one time. If there are such
// events, the trace gets one that makes it sort all, and the plan is made again.
func (p *planner) make(flows bool) error {
	if err := p.once(flows); err != nil {
		return err
	}
	if !p.far && len(p.lanes.of)+len(p.drop)+len(p.close.begins)+len(p.empty) == 0 {
		return nil
	}
	if changes, err := p.judge.Sorted(p.ctx, p.slices, p.leaves); err != nil || !changes {
		return err
	}
	*p.plan = plan{extent: p.extent, far: p.far, threads: p.threads, vllm: p.vllm, flowIDs: p.flowIDs, steps: newSteps()}
	if err := p.once(flows); err != nil {
		return err
	}
	if !p.lanes.besideThreads() {
		p.order = true
		p.count[Order]++
	}
	return nil
}

// once fills the plan by the order that the judge knows.
func (p *planner) once(flows bool) error {
	p.pairs, p.open, p.ends = map[int64]pair{}, map[line]*pairs.Open[begin]{}, map[line]int64{}
	p.lines = map[line]*firstfit.Lanes{}
	nothing := func(*check.Record) {}
	place := nothing
	if !p.off[Overlaps] {
		place = (&nesting{planner: p}).place
	}
	if !p.judge.HasPairs() {
		return p.replay(flows, place) // nothing has to be known beforehand
	}
	if err := p.each(p.match); err != nil {
		return err
	}
	p.matchGroup()
	p.closeOpen()
	if err := budget.Check(p.ctx); err != nil {
		return err
	}
	if !p.off[Overlaps] {
		if err := p.each(place); err != nil {
			return err
		}
	}
	p.pairs, p.open, p.ends, p.lines, p.group = nil, nil, nil, nil, nil // the replay takes as much
	return p.replay(flows, nothing)
}

// outside reports a time that is set aside.
func (p *plan) outside(ts, dur int64) bool {
	return p.far && !p.extent.Holds(trace.Time(ts), trace.Time(max(dur, 0)))
}

// leaves reports what is set aside for its time.
func (p *plan) leaves(r *check.Record) bool { return !isFlow(r) && p.outside(r.TS, r.Dur) }

// stray reports whether a flow event stands where no slice can be.
func (p *plan) stray(ts int64) bool {
	const slack = 60e9 // ns; a flow may end behind all slices
	return ts < int64(p.extent.Zero) || ts-slack > int64(p.extent.Last)
}

func (p *planner) each(visit func(r *check.Record)) error {
	return p.judge.EachKept(p.ctx, func(r *check.Record) {
		if !p.leaves(r) {
			visit(r)
		}
	})
}

func isFlow(r *check.Record) bool { return r.Phase == 's' || r.Phase == 't' || r.Phase == 'f' }

// match gathers begins and ends of one time, to pair them in the order of the
// file: so they were meant, whatever order Perfetto takes them in.
func (p *planner) match(r *check.Record) {
	on := lineOf(r)
	switch r.Phase {
	case 'X', 'B', 'E', 'b', 'n', 'e':
		p.ends[on] = max(p.ends[on], r.TS+max(r.Dur, 0))
	case 'i':
		if r.Thread {
			p.ends[on] = max(p.ends[on], r.TS)
		}
	case 's', 't', 'f':
		// An open begin that this may bind to has to last beyond it.
		if !p.stray(r.TS) && (r.Phase != 'f' || r.Enclosing) {
			p.ends[on] = max(p.ends[on], r.TS+1)
		}
	}
	if r.Phase != 'B' && r.Phase != 'E' && r.Phase != 'b' && r.Phase != 'e' {
		return
	}
	if len(p.group) > 0 && p.group[0].TS != r.TS {
		p.matchGroup()
	}
	p.group = append(p.group, *r)
}

func (p *planner) matchGroup() {
	slices.SortFunc(p.group, func(a, b check.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	for i := range p.group {
		r := &p.group[i]
		on := lineOf(r)
		if r.Phase == 'B' || r.Phase == 'b' {
			if p.open[on] == nil {
				p.open[on] = new(pairs.Open[begin])
			}
			p.open[on].Push(pairs.Key(max(r.Name, 1), r.Cat), begin{r.Seq, r.TS})
			continue
		}
		open := p.open[on]
		if open == nil {
			continue
		}
		b, closes := open.Close(pairs.Key(r.Name, r.Cat))
		if !closes {
			if !open.Empty() && !p.off[Unshowable] {
				// Some readers take it for the end of what is open; and if async, it
				// frees the track for others.
				p.drop[r.Seq] = Unshowable
				p.count[Unshowable]++
			}
			continue
		}
		end := r.TS
		if b.ts == end && r.Phase == 'E' && !r.AsFiled && !p.off[Ends] {
			// Perfetto takes ends before begins of one time.
			p.empty[b.seq] = true
			p.drop[r.Seq] = Ends
			p.count[Ends]++
		}
		p.pairs[b.seq] = pair{end, r.Seq}
	}
	p.group = p.group[:0]
}

// timeFrom is the text of the first time that Perfetto reads as ts or later.
func timeFrom(ts int64) (text []byte, ns int64) {
	for step := int64(0); ; step = max(2*step, 1) {
		text = trace.AppendMicros(text[:0], trace.Time(ts+step))
		if ns, good := perfetto.Nanos(text); good && ns >= ts || step > 1<<30 {
			return text, ns
		}
	}
}

// closeOpen closes what has no end at the end of its line.
func (p *planner) closeOpen() {
	if p.off[Ends] {
		return
	}
	for on, open := range p.open {
		innermost, some := open.Innermost() // which began last
		if !some {
			continue
		}
		_, end := timeFrom(max(p.ends[on], innermost.ts+1))
		open.Drain(func(b begin) {
			p.close.add(b.seq, end)
			p.count[Ends]++
		})
	}
	p.close.sort()
}

// maxReplays bounds how often flows are looked at again: leaving one out can
// show another to be wrong.
const maxReplays = 100

// replay finds the flows that bind to nothing once all slices are in their place: it calls place
// once for all that is not set aside, and then looks where that is.
func (p *planner) replay(flows bool, place func(r *check.Record)) error {
	n, used := p.judge.Tracks()
	defer func() { p.lanes.number(used) }()
	p.flowIDs.own = nil
	if !p.judge.HasFlows() {
		return p.each(func(r *check.Record) {
			p.slices = p.slices || r.Phase == 'X'
			place(r)
		})
	}
	round := 0
	move := func(r *check.Record) check.Move {
		if p.leaves(r) {
			return check.Move{Out: true}
		}
		if round == 0 {
			p.slices = p.slices || r.Phase == 'X'
			place(r)
		}
		return p.move(r, n)
	}
	for ; round < maxReplays; round++ {
		changed := false
		var at *check.Record // what is replayed
		err := p.judge.Replay(p.ctx, n+len(p.lanes.all), len(p.close.begins), func(r *check.Record) check.Move {
			at = r
			return move(r)
		}, func(k check.Kind, seq int64, phase byte) {
			if round == 0 && k == check.FlowDuplicate && phase == 's' && !p.off[FlowIDs] {
				p.flowIDs.beginsTwice(at.Flow)
				return
			}
			changed = p.found(k, seq, phase, flows) || changed
		})
		p.lines = nil
		if err != nil {
			return err
		}
		if round == 0 && len(p.flowIDs.order) > 0 {
			if err := p.tellFlowsApart(); err != nil {
				return err
			}
			changed = true
		}
		if !changed {
			return nil
		}
	}
	return nil
}

// move is what the plan does with an event of a trace of so many threads.
func (p *plan) move(r *check.Record, threads int) check.Move {
	to := check.Move{Track: r.Track}
	switch r.Phase {
	case 'B', 'b':
		to.Empty = p.empty[r.Seq]
		to.Close, _ = p.close.at(r.Seq)
	case 's', 't', 'f':
		to.Flow = p.flowIDs.own[r.Seq]
	}
	if _, gone := p.drop[r.Seq]; gone {
		to.Out = true
	}
	if lane, moved := p.lanes.of[r.Seq]; moved {
		to.Track, to.Lane = uint32(threads)+lane, p.lanes.all[lane].lane
	}
	return to
}

// tellFlowsApart gives flows ids of their own that begin twice.
func (p *planner) tellFlowsApart() error {
	if err := p.each(func(r *check.Record) {
		if _, dropped := p.drop[r.Seq]; isFlow(r) && !dropped {
			p.flowIDs.see(r, p.judge.ProcessOf(r.Track))
		}
	}); err != nil {
		return err
	}
	p.count[FlowIDs] += p.flowIDs.assignIDs()
	return nil
}

// found takes a finding of a replay, and reports whether another is due.
func (p *planner) found(k check.Kind, seq int64, phase byte, flows bool) bool {
	kind := BadFlows
	switch k {
	case check.FlowNoSlice, check.FlowDuplicate, check.FlowBadID, check.FlowAimless:
	case check.FlowNoStart, check.FlowStepNoStart, check.Hangs:
		kind = Flows
		if !flows {
			return false
		}
	default:
		return false
	}
	if p.off[kind] {
		return false
	}
	if phase != 's' && phase != 't' && phase != 'f' {
		if kind == BadFlows && !p.unbind[seq] {
			p.unbind[seq] = true
			p.count[kind]++
		}
		return false
	}
	if _, gone := p.drop[seq]; gone {
		return false
	}
	p.drop[seq] = kind
	p.count[kind]++
	return true
}

func find(ms []member, name string) *member {
	for i := len(ms) - 1; i >= 0; i-- {
		if ms[i].name == name {
			return &ms[i]
		}
	}
	return nil
}
