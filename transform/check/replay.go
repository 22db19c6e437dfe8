package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"tracekit/internal/budget"
	"tracekit/internal/perfetto"
)

// replay takes records in order of time and does with them what Perfetto does:
// it nests slices on their tracks and joins flows.
type replay struct {
	report *Report
	file   string
	names  *names

	threads   []thread
	processes map[uint32]*stack // instants of a process
	global    stack
	async     asyncTracks
	flows     flows

	// What follows serves those who repair: onFind takes findings instead of
	// report, flows knows the starts of flows that nothing has met yet.
	onFind  func(k Kind, seq int64, phase byte)
	started map[uint64]*record
}

// thread is the state of a thread's track.
type thread struct {
	stack   stack
	lanes   lanes
	waiting []waiting // flows that end at the next slice
}

func newReplay(report *Report, file string, n *names, threads int) *replay {
	return &replay{report: report, file: file, names: n, threads: make([]thread, threads),
		processes: map[uint32]*stack{}, async: newAsyncTracks(), flows: newFlows()}
}

// grow makes room for a thread of that number.
func (p *replay) grow(track uint32) {
	if n := int(track) + 1 - len(p.threads); n > 0 {
		p.threads = append(p.threads, make([]thread, n)...)
	}
}

// held tells what p takes.
func (p *replay) addMemory(s *budget.Sum) {
	const stack, id, flow, start = 180, 240, 60, 160
	s.Add("threads", stack*(len(p.threads)+len(p.processes)))
	s.Add("ids of async events", id*(len(p.async.roots)+len(p.async.sets)))
	s.Add("flows", flow*(len(p.flows.numbers)+len(p.flows.started))+start*len(p.started))
	n, lanes := cap(p.global), 0
	for i := range p.threads {
		t := &p.threads[i]
		n += cap(t.stack) + 2*cap(t.waiting)
		lanes += t.lanes.Memory()
		for _, lane := range t.lanes.stacks {
			n += cap(lane)
		}
	}
	for _, one := range p.processes {
		n += cap(*one)
	}
	for _, set := range p.async.sets {
		for i := range set.tracks {
			n += 1 + cap(set.tracks[i].stack)
		}
	}
	const slice = 48
	s.Add("open slices", slice*n+lanes)
}

func (p *replay) find(k Kind, r *record) {
	if p.onFind != nil {
		p.onFind(k, r.off, r.phase)
		return
	}
	p.report.find(k, func() Place { return p.place(r) })
}

// place tells of r by what is left of it.
func (p *replay) place(r *record) Place {
	head := fmt.Sprintf("%c %s ts %s", r.phase, strconv.Quote(headOf([]byte(p.names.all[r.name]))), micros(r.ts))
	if r.phase == 'X' {
		head += " dur " + micros(r.dur)
	}
	return Place{Member: p.file, Offset: r.off, Line: r.line, Head: head}
}

// micros writes ns as the microseconds of a trace.
func micros(ns int64) string {
	sign, u := "", uint64(ns)
	if ns < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%03d", sign, u/1000, u%1000)
}

// take replays r.
func (p *replay) replayRecord(r *record) {
	switch r.phase {
	case 'X':
		p.slice(r)
	case 'B':
		t := &p.threads[r.track]
		p.begin(&t.stack, r, pending, t)
		p.bind(&t.stack, r)
	case 'E':
		p.end(&p.threads[r.track].stack, r)
	case 'b', 'n':
		s := p.async.of(r)
		dur := int64(0)
		if r.phase == 'b' {
			dur = pending
		}
		p.begin(s, r, dur, nil)
		p.bind(s, r)
	case 'e':
		p.end(p.async.of(r), r)
	case 'i':
		p.instant(r)
	case 's', 't', 'f':
		p.flow(r)
	}
}

func (p *replay) slice(r *record) {
	t := &p.threads[r.track]
	s := &t.stack
	if r.dur < 0 {
		p.find(NegativeDur, r)
	} else if c := p.begin(s, r, r.dur, t); c.overlaps {
		if over := c.over + int64(c.late) - int64(r.late); over > 0 && over < r.dur {
			p.find(Overlap, r)
		} else {
			p.find(OverlapRounded, r) // by exact arithmetic it nests, or begins behind
		}
		p.find(OverlapOlder, r)
		s = t.lanes.place(r.ts, r.dur)
		p.begin(s, r, r.dur, nil)
	}
	p.bind(s, r)
}

// begin puts a slice on a stack, unless it overlaps.
func (p *replay) begin(s *stack, r *record, dur int64, t *thread) closing {
	c := s.closeEnded(r.ts, dur)
	for range c.misplaced {
		p.find(MisplacedEnd, r)
	}
	if c.overlaps {
		return c
	}
	if len(*s) >= perfetto.MaxDepth {
		p.find(TooDeep, r)
		return c
	}
	o := open{ts: r.ts, dur: dur, name: r.name, cat: r.cat, off: r.off, line: r.line, phase: r.phase, late: r.late, kernel: dur > 0 && r.phase == 'X' && r.flags&rKernel != 0}
	if o.kernel && slices.ContainsFunc(*s, func(o open) bool { return o.kernel }) {
		p.find(KernelInside, r)
	}
	if o.name == 0 {
		o.name = noName
	}
	*s = append(*s, o)
	p.report.Slices++
	if t != nil && len(t.waiting) > 0 {
		p.report.Flows += int64(len(t.waiting))
		for i := range t.waiting {
			w := &t.waiting[i]
			p.meet(w.id, w.end)
			p.flows.started[w.id] = struct{}{}
		}
		t.waiting = nil
	}
	return c
}

func (p *replay) end(s *stack, r *record) {
	c := s.closeEnded(r.ts, pending)
	for range c.misplaced {
		p.find(MisplacedEnd, r)
	}
	i := s.match(r.name, r.cat)
	if i < 0 {
		p.find(LoneEnd, r)
		return
	}
	(*s)[i].dur = r.ts - (*s)[i].ts
	if i == len(*s)-1 {
		*s = (*s)[:i]
	}
}

func (p *replay) instant(r *record) {
	switch {
	case r.flags&rGlobal != 0:
		p.begin(&p.global, r, 0, nil)
	case r.flags&rProcess != 0:
		s := p.processes[r.track]
		if s == nil {
			s = new(stack)
			p.processes[r.track] = s
		}
		p.begin(s, r, 0, nil)
	default:
		t := &p.threads[r.track]
		p.begin(&t.stack, r, 0, t)
	}
}

// finish finds what was never ended.
func (p *replay) finish() {
	var left []open
	gather := func(s stack) {
		for _, o := range s {
			if o.dur == pending {
				left = append(left, o)
			}
		}
	}
	for i := range p.threads {
		gather(p.threads[i].stack)
		for k := range p.threads[i].waiting {
			p.hang(p.threads[i].waiting[k].end)
		}
	}
	for _, set := range p.async.sets {
		for i := range set.tracks {
			gather(set.tracks[i].stack)
		}
	}
	slices.SortFunc(left, func(a, b open) int { return cmp.Compare(a.off, b.off) })
	for _, r := range p.started {
		p.hang(r)
	}
	for _, o := range left {
		p.find(UnclosedBegin, &record{phase: o.phase, name: o.name, ts: o.ts, off: o.off, line: o.line})
	}
}
