package report

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"tracekit/trace"
)

// python measures functions of Python, thread by thread.
type python struct {
	threads   map[place]*thread
	functions map[string]int32
	names     []string // of functions
	scratch   []byte
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

// thread is a stack of Python. Its frames come in order of their start, and at
// any time the one that started last runs.
type thread struct {
	inOrder
	stack []running
	now   trace.Time
	calls map[int32]*calls
}

type running struct {
	end trace.Time
	of  *calls
}

// calls are those of one function.
type calls struct {
	n     int64
	self  trace.Time
	total union // time in which the function is anywhere on the stack

	merged   trace.Time // that of merged calls
	estimate bool
}

func (p *python) add(m *measure, e *trace.Event) error {
	return p.thread(m, e).inOrder.add(e.TS, e.End(), p.function(e.Name()))
}

// thread is the stack that e is a frame of.
func (p *python) thread(m *measure, e *trace.Event) *thread {
	track := m.names.Of(e)
	at := place{track, string(e.Tid()) == "0"}
	t := p.threads[at]
	if t == nil {
		t = &thread{calls: map[int32]*calls{}, now: trace.MinTime}
		t.inOrder = m.inOrder(m.frames[track].late)
		t.next = func(s stretch) { t.call(m.clip(s.start, s.end), s.what) }
		if p.threads == nil {
			p.threads = map[place]*thread{}
		}
		p.threads[at] = t
	}
	return t
}

// function returns the number of a function.
func (p *python) function(name []byte) int32 {
	if bytes.Contains(name, []byte(" at 0x")) {
		p.scratch = withoutAddress(p.scratch[:0], name)
		name = p.scratch
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

// withoutAddress appends a name such as <built-in method get of dict object at
// 0x7f6078eca900> without the address: all such objects share one function.
func withoutAddress(dst, name []byte) []byte {
	before, after, _ := bytes.Cut(name, []byte(" at 0x"))
	n := 0
	for n < len(after) && (after[n]-'0' <= 9 || after[n]|0x20 >= 'a' && after[n]|0x20 <= 'f') {
		n++
	}
	return append(append(dst, before...), after[n:]...)
}

func (t *thread) call(s span, function int32) {
	t.run(s.start)
	if function < 0 {
		if n := len(t.stack); n > 0 {
			around := t.stack[n-1].of
			around.self -= s.length()
			around.estimate = around.estimate || function == coveringAbout
		}
		return
	}
	c := t.callsOf(function)
	c.n++
	c.total.add(s)
	t.stack = append(t.stack, running{s.end, c})
}

func (t *thread) callsOf(function int32) *calls {
	c := t.calls[function]
	if c == nil {
		c = &calls{total: union{end: trace.MinTime}}
		t.calls[function] = c
	}
	return c
}

// run gives the time until then to the frames that run in it.
func (t *thread) run(until trace.Time) {
	for n := len(t.stack); n > 0; n = len(t.stack) {
		top := &t.stack[n-1]
		if end := min(top.end, until); end > t.now {
			top.of.self += end - t.now
			t.now = end
		}
		if top.end > until {
			break
		}
		t.stack = t.stack[:n-1]
	}
	t.now = max(t.now, until)
}

func (p *python) finish(ctx context.Context, m *measure) ([]Function, error) {
	all := []Function{}
	for _, at := range slices.SortedFunc(maps.Keys(p.threads), place.compare) {
		t := p.threads[at]
		if err := t.end(ctx); err != nil {
			return nil, err
		}
		t.run(trace.MaxTime)
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
