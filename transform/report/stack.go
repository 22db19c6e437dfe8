package report

import "tracekit/trace"

// stack gives each moment to the open slice that began last. Slices come in order of their
// start, and need not nest.
type stack struct {
	open []open
	now  trace.Time
	log  *segments // of what runs when; nil if nobody asks
}

// open is a slice that has begun.
type open struct {
	end   trace.Time
	of    *calls // nil if its time is not added up
	mark  int64  // what the log notes besides its state
	state int32
}

// top is the state of the slice that runs, -1 if none does.
func (t *stack) top() int32 {
	if n := len(t.open); n > 0 {
		return t.open[n-1].state
	}
	return -1
}

func (t *stack) begin(o open) { t.open = append(t.open, o) }

// run gives the time until then to the slices that run in it.
func (t *stack) run(until trace.Time) {
	for n := len(t.open); n > 0; n = len(t.open) {
		top := &t.open[n-1]
		if end := min(top.end, until); end > t.now {
			if top.of != nil {
				top.of.self += end - t.now
			}
			if t.log != nil {
				t.log.add(t.now, end, top.state, top.mark)
			}
			t.now = end
		}
		if top.end > until {
			break
		}
		t.open = t.open[:n-1]
	}
	t.now = max(t.now, until)
}

// states are what a stack can show at its top: a function, and the innermost scope around it.
type states struct {
	all    []state
	number map[state]int32
	recent []recentState   // by function
	is     map[int32]scope // functions that are scopes; all others lie in one
}

// state is a function and the innermost scope that it runs in, -1 where there is none.
type state struct{ scope, function int32 }

type scope uint8

const (
	module     scope = iota + 1 // of a model: a function and a scope
	annotation                  // a scope only
)

type recentState struct{ scope, state int32 }

// mark says that a function is a scope.
func (s *states) mark(function int32, as scope) {
	if s.is == nil {
		s.is = map[int32]scope{}
	}
	s.is[function] = as
}

// within returns the state of a function that was called in another state, -1 for none.
func (s *states) within(parent, function int32) int32 {
	st := state{-1, function}
	if parent >= 0 {
		st.scope = s.all[parent].scope
	}
	for int(function) >= len(s.recent) {
		s.recent = append(s.recent, recentState{-2, 0})
	}
	r := &s.recent[function]
	if r.scope == st.scope {
		return r.state
	}
	r.scope = st.scope
	switch s.is[function] {
	case module:
		st.scope = function
	case annotation:
		st = state{function, -1}
	}
	n, ok := s.number[st]
	if !ok {
		if s.number == nil {
			s.number = map[state]int32{}
		}
		n = int32(len(s.all))
		s.all = append(s.all, st)
		s.number[st] = n
	}
	r.state = n
	return n
}
