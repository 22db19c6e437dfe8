package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"tracekit/trace"
)

// stacks measure slices that nest, thread by thread: functions of Python, operators, or calls of
// the runtime.
type stacks struct {
	threads   map[place]*thread
	latest    *thread
	functions map[string]int32
	names     []string // of functions
	recent    [256]recentFunction
	addresses bool // some had one, and their names are without
	scratch   []byte
	states    states
}

// place is a track. What stands on thread 0 of a process is shown with its main
// thread, and yet is a stack of its own: frames whose thread the profiler does
// not know.
type place struct {
	track  int
	nobody bool
}

func (p place) compare(q place) int {
	switch {
	case p == q:
		return 0
	case p.track < q.track || p.track == q.track && q.nobody:
		return -1
	}
	return 1
}

// thread is a stack. Its slices come in order of their start, and at any time the one that
// started last runs.
type thread struct {
	at place
	inOrder
	stack
	calls   map[int32]*calls
	latest  [64]latestCalls
	states  *states  // what the log tells; nil for functions
	windows *counter // of calls; nil if they are not counted by window
}

// latestCalls are those of a function that was called lately.
type latestCalls struct {
	function int32
	calls    *calls
}

// calls are those of one function.
type calls struct {
	n     int64
	self  trace.Time
	total union // time in which the function is anywhere on the stack

	merged   trace.Time // that of merged calls
	estimate bool
}

// framesOf is where frames of Python go.
func (p *stacks) framesOf(m *measure, e *trace.Event) destination {
	f := p.function(e.Name())
	if m.moments != nil && int(f) == len(p.names)-1 && strings.HasPrefix(p.names[f], "nn.Module: ") {
		p.states.mark(f, module)
	}
	return destination{order: &p.frames(m, e).inOrder, what: f}
}

// frames is the stack that e is a frame of.
func (p *stacks) frames(m *measure, e *trace.Event) *thread {
	track := m.names.Of(e)
	return p.thread(m, place{track, string(e.Tid()) == "0"}, lateOn(m.learned.frames, track))
}

func (p *stacks) thread(m *measure, at place, late trace.Time) *thread {
	if p.latest != nil && p.latest.at == at {
		return p.latest
	}
	t := p.threads[at]
	if p.latest = t; t != nil {
		return t
	}
	t = &thread{at: at, calls: map[int32]*calls{}, stack: stack{now: trace.MinTime}}
	t.inOrder = m.inOrder(late)
	t.next = func(s stretch) {
		mark := int64(s.launch)
		if t.log != nil && t.log.times {
			mark = int64(s.start)
		}
		t.call(m.clip(s.start, s.end), s.what, mark)
	}
	if m.moments != nil {
		m.moments.addThread(p, t)
	}
	if p.threads == nil {
		p.threads = map[place]*thread{}
	}
	p.threads[at], p.latest = t, t
	return t
}

// memory is about how many bytes p takes.
func (p *stacks) memory() int {
	const one, function, name = 1500, 140, 60
	n := name * len(p.names)
	for _, t := range p.threads {
		n += one + function*len(t.calls) + stretchSize*t.waiting.Len()
	}
	return n
}

// function returns the number of a function.
func (p *stacks) function(name []byte) int32 {
	r := &p.recent[recentAt(name)]
	if r.name == string(name) && r.known {
		return r.number
	}
	n := p.find(name)
	if int(n) < len(p.names) && p.names[n] == string(name) {
		*r = recentFunction{p.names[n], n, true}
	}
	return n
}

// recentFunction is a function that came lately.
type recentFunction struct {
	name   string
	number int32
	known  bool
}

// recentAt is the place of a name among those that came lately.
func recentAt(name []byte) uint32 {
	h := uint64(len(name))
	if n := len(name); n >= 8 {
		h ^= binary.LittleEndian.Uint64(name[n-8:]) ^ binary.LittleEndian.Uint64(name[n/2-4:])>>3
	}
	return uint32(h * 0x9e3779b97f4a7c15 >> 56)
}

// find looks up the number of a function.
func (p *stacks) find(name []byte) int32 {
	if n, ok := p.functions[string(name)]; ok && !p.addresses {
		return n
	}
	if hasAddress(name) {
		p.scratch = appendWithoutAddresses(p.scratch[:0], name)
		name, p.addresses = p.scratch, true
	}
	n, ok := p.functions[string(name)]
	if !ok {
		if p.functions == nil {
			p.functions = map[string]int32{}
		}
		n = int32(len(p.names))
		p.names = append(p.names, string(name))
		p.functions[p.names[n]] = n
	}
	return n
}

// anAddress begins addresses in names.
var anAddress = []byte(" 0x")

func hasAddress(name []byte) bool { return bytes.Contains(name, anAddress) }

// appendWithoutAddresses appends a name such as <built-in method get of dict object at
// 0x7f6078eca900> or synapse_api: handle 0x359c326e without the address: all such objects
// share one function.
func appendWithoutAddresses(dst, name []byte) []byte {
	for {
		before, after, found := bytes.Cut(name, anAddress)
		if !found {
			return append(dst, name...)
		}
		dst = append(dst, bytes.TrimSuffix(before, []byte(" at"))...)
		n := 0
		for n < len(after) && (after[n]-'0' <= 9 || after[n]|0x20 >= 'a' && after[n]|0x20 <= 'f') {
			n++
		}
		name = after[n:]
	}
}

func (t *thread) call(s span, function int32, mark int64) {
	t.run(s.start)
	if function < 0 {
		if n := len(t.open); n > 0 {
			around := t.open[n-1].of
			around.self -= s.length()
			around.estimate = around.estimate || function == coveringAbout
		}
		return
	}
	c := t.callsOf(function)
	c.n++
	c.total.add(s)
	state := function
	if t.states != nil {
		state = t.states.within(t.top(), function)
	}
	if t.windows != nil {
		t.windows.add(s.start, function, s.length())
	}
	t.begin(open{s.end, c, mark, state})
}

func (t *thread) callsOf(function int32) *calls {
	l := &t.latest[uint32(function)%uint32(len(t.latest))]
	if l.calls == nil || l.function != function {
		c := t.calls[function]
		if c == nil {
			c = &calls{total: union{end: trace.MinTime}}
			t.calls[function] = c
		}
		*l = latestCalls{function, c}
	}
	return l.calls
}

// end takes what has waited, and ends all slices.
func (p *stacks) end(ctx context.Context) error {
	for _, t := range p.threads {
		if err := t.inOrder.end(ctx); err != nil {
			return err
		}
		t.run(trace.MaxTime)
	}
	return nil
}

func (p *stacks) close() {
	for _, t := range p.threads {
		t.sorter.Close()
	}
}

// logOf is what a track has noted, nil if that is nothing.
func (p *stacks) logOf(track int) *segments {
	if t := p.threads[place{track: track}]; t != nil {
		return t.log
	}
	return nil
}

func (p *stacks) finish(ctx context.Context, m *measure) ([]Function, error) {
	all := []Function{}
	if err := p.end(ctx); err != nil {
		return nil, err
	}
	for _, at := range slices.SortedFunc(maps.Keys(p.threads), place.compare) {
		t := p.threads[at]
		id := m.names.All[at.track]
		of := Function{Pid: trace.Unquote([]byte(id.Pid)), Tid: "0"}
		if !at.nobody {
			of.Tid, of.Thread = trace.Unquote([]byte(id.Tid)), m.names.Thread(at.track)
		}
		for _, function := range slices.Sorted(maps.Keys(t.calls)) {
			c := t.calls[function]
			of.Function = string(trace.Unescape([]byte(p.names[function])))
			of.Calls, of.Self, of.Total, of.Estimate = c.n, c.self, c.total.length.Add(c.merged), c.estimate
			all = append(all, of)
		}
	}
	// What is the same to the eye may differ in the trace: pid 1 and pid "1".
	slices.SortStableFunc(all, func(a, b Function) int {
		return cmp.Or(cmp.Compare(b.Self, a.Self), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Function, b.Function),
			cmp.Compare(a.Pid, b.Pid), cmp.Compare(a.Tid, b.Tid))
	})
	return all, nil
}
