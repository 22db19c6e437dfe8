package report

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"tracekit/trace"
)

// Kind is what time is spent on.
type Kind string

// The kinds.
const (
	KernelTime        Kind = "kernel"
	CommunicationTime Kind = "communication" // by a device
	CallTime          Kind = "call"          // of the runtime
	OperatorTime      Kind = "operator"
	PythonTime        Kind = "python"
	AnnotationTime    Kind = "annotation" // in which nothing else is recorded
	UnknownTime       Kind = "nothing recorded"
)

// Numbers of kinds.
const (
	computes uint8 = iota
	communicates
	calling
	operating
	interpreting
	annotated
	unknown
)

var kinds = [...]Kind{KernelTime, CommunicationTime, CallTime, OperatorTime, PythonTime, AnnotationTime, UnknownTime}

// Attribution says what the time of windows was spent on.
type Attribution struct {
	// Moments share the time of the windows out: each moment belongs to what a device runs, to
	// communication where no other work runs beside it, and else to what the host does then. Their
	// times add up to those of the windows, cell by cell.
	Moments []Moments
	// Work is what ran in the windows, however much of it at a time: kernels, operators of all
	// threads, and functions of Python on the thread of the steps.
	Work []Work
}

// Moments are the time spent on one thing in one place.
type Moments struct {
	Annotation, Module, Operator string // the innermost around it, empty if there is none
	Kind                         Kind
	Name                         string
	Cells                        map[int32]trace.Time
}

// Work is what ran under one name.
type Work struct {
	Kind  Kind
	Name  string
	Cells map[int32]Spent
}

// Spent is how often something began in the windows of a cell and how long that took in all, and
// the time within the windows that was its own. Functions of Python have only the latter, and
// kernels have no other.
type Spent struct {
	Count       int64
	Total, Self trace.Time
}

// spot is where something runs or was launched: each is the number of a name, or -1.
type spot struct{ annotation, module, operator int32 }

// node is what time is spent on, and where.
type node struct {
	spot
	kind uint8 // number in kinds
	leaf int32
}

// showing is what the logs show at a moment, -1 each for nothing.
type showing struct {
	kernel, launch       int32 // which kernel, and the number of the spot that launched it
	exchange             bool
	call, operator, note int32
	frame                int32
	operatorLast         bool // it began after the frame
}

// walk reads the logs of threads and devices side by side.
type walk struct {
	m        *measure
	launched launchSpots
	spots    []spot
	spotOf   map[spot]int32
	nodes    []node
	nodeOf   map[node]int32
	recent   []recentNode
	times    pages // by node
	own      pages // of operators
	python   pages
	shown    shown
}

type recentNode struct {
	showing
	node int32
}

// attribute ends the logs and shares the time of the windows out.
func (m *measure) attribute(ctx context.Context) (*Attribution, error) {
	a := m.moments
	slices.SortStableFunc(a.devices, func(a, b *deviceRuns) int { return cmp.Compare(b.events, a.events) })
	for _, d := range a.devices {
		d.end()
	}
	for _, s := range []*stacks{&a.operators, &a.calls} {
		if err := s.end(ctx); err != nil {
			return nil, err
		}
	}
	w := &walk{m: m, spotOf: map[spot]int32{}, nodeOf: map[node]int32{}, recent: make([]recentNode, 1<<12)}
	for i := range w.recent {
		w.recent[i].node = -1
	}
	main := a.main(m)
	tracks := map[int]bool{}
	for _, s := range []*stacks{&a.operators, &a.calls} {
		for at := range s.threads {
			tracks[at.track] = at.track != main
		}
	}
	for _, track := range slices.Sorted(maps.Keys(tracks)) {
		if tracks[track] {
			if err := w.read(track, false); err != nil {
				return nil, err
			}
		}
	}
	if err := w.read(main, true); err != nil {
		return nil, err
	}
	return w.finish(), nil
}

// main is the track whose slices say what the host does in steps: that of the markers if it has
// operators, calls or Python, else the busiest one, of the same process if there is one. It is -1 if
// there is none.
func (a *moments) main(m *measure) int {
	on := map[int]int64{}
	for at, t := range a.operators.threads {
		for f, c := range t.calls {
			if a.operators.states.is[f] != annotation {
				on[at.track] += c.n
			}
		}
	}
	for _, s := range []*stacks{&m.python, &a.calls} {
		for at, t := range s.threads {
			if !at.nobody {
				for _, c := range t.calls {
					on[at.track] += c.n
				}
			}
		}
	}
	if on[a.marker] > 0 || len(on) == 0 {
		return a.marker
	}
	best, own := -1, false
	for _, track := range slices.Sorted(maps.Keys(on)) {
		same := a.marker >= 0 && m.names.All[track].Process == m.names.All[a.marker].Process
		if best < 0 || same && !own || same == own && on[track] > on[best] {
			best, own = track, same
		}
	}
	return best
}

// logs are those that are read side by side.
type logs struct {
	calls, operators, notes, frames *reader
	devices                         []*reader // each one's work, then its communication
	all                             []*reader
}

func (w *walk) logs(track int, main bool) *logs {
	a := w.m.moments
	empty := (*segments)(nil).read()
	l := &logs{calls: a.calls.logOf(track).read(), operators: a.operators.logOf(track).read(), notes: empty, frames: w.m.python.logOf(track).read()}
	l.all = []*reader{l.calls, l.operators, l.frames}
	if main {
		if track != a.marker {
			l.notes = a.operators.logOf(a.marker).read()
			l.all = append(l.all, l.notes)
		}
		for _, d := range a.devices {
			l.devices = append(l.devices, d.compute.log.read())
		}
		for _, d := range a.devices {
			l.devices = append(l.devices, d.exchange.log.read())
		}
		l.all = append(l.all, l.devices...)
	}
	return l
}

// read goes through the time of a thread, from one change to the next: it notes what is launched
// where and whose time it is. That of the windows is shared out by the main thread.
func (w *walk) read(track int, main bool) error {
	l := w.logs(track, main)
	windows := w.m.moments.windows
	t := trace.MaxTime
	for _, r := range l.all {
		t = min(t, r.now.start)
	}
	if len(windows) > 0 {
		t = min(t, windows[0].Start)
	}
	w.shown = shown{node: -1, operator: -1, function: -1}
	if len(windows) > 0 {
		w.turn(windows[0].Cell)
	}
	for len(windows) > 0 {
		next, in := windows[0].End, windows[0].Start <= t
		if !in {
			next = windows[0].Start
		}
		changed := false
		for _, r := range l.all {
			if r.change <= t {
				r.change, changed = r.at(t), true
			}
			next = min(next, r.change)
		}
		if changed {
			w.show(l, t, main)
		}
		if in {
			w.shown.add(w, next-t)
		}
		if t = next; t != windows[0].End {
			continue
		}
		if windows = windows[1:]; len(windows) > 0 {
			w.turn(windows[0].Cell)
		}
	}
	for _, r := range l.all {
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

func (w *walk) turn(cell int32) {
	w.times.turn(cell)
	w.own.turn(cell)
	w.python.turn(cell)
}

// shown is whose time it is, by number: -1 each for nothing.
type shown struct{ node, operator, function int32 }

func (s *shown) add(w *walk, length trace.Time) {
	if s.operator >= 0 {
		w.own.add(s.operator, length)
	}
	if s.function >= 0 {
		w.python.add(s.function, length)
	}
	if s.node >= 0 {
		w.times.add(s.node, length)
	}
}

// show takes what the logs show from t on.
func (w *walk) show(l *logs, t trace.Time, main bool) {
	s := showing{kernel: -1, call: l.calls.state(t), operator: l.operators.state(t), note: l.notes.state(t), frame: l.frames.state(t)}
	if s.call >= 0 && l.calls.now.start == t && l.calls.now.mark != 0 {
		w.launched.set(int32(l.calls.now.mark), w.spotNumber(w.spot(&s)))
	}
	w.shown = shown{node: -1, operator: -1, function: -1}
	if s.operator >= 0 {
		w.shown.operator = w.m.moments.operators.states.all[s.operator].function
	}
	if !main {
		return
	}
	if s.frame >= 0 {
		w.shown.function = w.m.python.states.all[s.frame].function
		s.operatorLast = s.operator >= 0 && l.operators.now.mark > l.frames.now.mark
	}
	for i, r := range l.devices {
		if k := r.state(t); k >= 0 {
			s.kernel, s.launch, s.exchange = k, w.launched.of(int32(r.now.mark)), i >= len(l.devices)/2
			s.call, s.operator, s.note, s.frame, s.operatorLast = -1, -1, -1, -1, false // it is none of theirs
			break
		}
	}
	w.shown.node = w.node(&s)
}

// spot is where the host is.
func (w *walk) spot(s *showing) spot {
	at, a := spot{-1, -1, -1}, w.m.moments
	if s.note >= 0 {
		at.annotation = a.operators.states.all[s.note].scope
	}
	if s.operator >= 0 {
		st := a.operators.states.all[s.operator]
		at.operator = st.function
		if st.scope >= 0 {
			at.annotation = st.scope
		}
	}
	if s.frame >= 0 {
		at.module = w.m.python.states.all[s.frame].scope
	}
	return at
}

// spotNumber returns the number of a spot.
func (w *walk) spotNumber(at spot) int32 {
	n, ok := w.spotOf[at]
	if !ok {
		n = int32(len(w.spots))
		w.spots = append(w.spots, at)
		w.spotOf[at] = n
	}
	return n
}

// node returns the number of what time is spent on.
func (w *walk) node(s *showing) int32 {
	h := uint32(s.kernel+2)*0x9e3779b1 ^ uint32(s.launch)*0x85ebca6b ^ uint32(s.call+2)*0xc2b2ae35 ^
		uint32(s.operator+2)*0x27d4eb2f ^ uint32(s.note+2)*0x165667b1 ^ uint32(s.frame+2)*0xd3a2646c
	r := &w.recent[h>>20]
	if r.node >= 0 && r.showing == *s {
		return r.node
	}
	n := w.nodeAt(s)
	number, ok := w.nodeOf[n]
	if !ok {
		number = int32(len(w.nodes))
		w.nodes = append(w.nodes, n)
		w.nodeOf[n] = number
	}
	*r = recentNode{*s, number}
	return number
}

func (w *walk) nodeAt(s *showing) node {
	if s.kernel >= 0 {
		at := spot{-1, -1, -1}
		if s.launch >= 0 {
			at = w.spots[s.launch]
		}
		if s.exchange {
			return node{at, communicates, s.kernel}
		}
		return node{at, computes, s.kernel}
	}
	at := w.spot(s)
	switch {
	case s.call >= 0:
		return node{at, calling, w.m.moments.calls.states.all[s.call].function}
	case at.operator >= 0 && (s.frame < 0 || s.operatorLast):
		return node{at, operating, at.operator}
	case s.frame >= 0:
		return node{at, interpreting, w.m.python.states.all[s.frame].function}
	case at.annotation >= 0:
		return node{at, annotated, at.annotation}
	}
	return node{at, unknown, -1}
}
