package reference

import (
	"cmp"
	"slices"
)

// Boundary says what becomes of an event that reaches over an edge.
type Boundary int

const (
	Clip Boundary = iota // cut at the edge
	Keep                 // whole
	Drop                 // gone
)

// Device says how events of devices are judged.
type Device int

const (
	ByTime   Device = iota // by their own time
	Launched               // by the host call that launched them
)

// Options choose the window [From, To), in the trace's own nanoseconds, From
// before To.
type Options struct {
	From, To int64
	Boundary Boundary
	Device   Device
	// IsDevice tells the events of devices, by their index. Without it they
	// are told by category and process.
	IsDevice func(event int) bool
}

// Kind says how an event came to stand in the output.
type Kind int

const (
	Untouched Kind = iota
	Cut            // an X or T cut at an edge, or a B and E that became an X
	Reopened       // a B or b moved to From
	Closed         // an E or e moved to To
	Carried        // a counter's values at From
	Ended          // an E or e made for what is still open at To
	Unbound        // a slice without members that speak of a flow whose other end is gone
)

func (k Kind) String() string {
	return [...]string{"untouched", "cut", "reopened", "closed", "carried counter", "ended", "unbound"}[k]
}

// Out is one event of the output.
type Out struct {
	Kind  Kind
	Raw   string   // text in the source, of an untouched event
	Value []Member // of all others
	// Source is the index of the event it stands for: itself, the latest sample
	// of a carried counter, the beginning that a made end closes.
	Source int
}

// leave lets an event stay as it is.
func (s *slicer) leave(i int) { s.out[i] = &Out{Kind: Untouched, Raw: s.t.Events[i].Raw, Source: i} }

// slicer carries one slice through its steps.
type slicer struct {
	t     *Trace
	o     Options
	out   []*Out        // by event; nil: it goes
	fused map[int]int64 // where a B ends that became an X

	end      int64 // of the trace
	hasEnd   bool
	flows    []chain
	slices   []slice
	bound    map[*Event]*slice  // of the whole trace, as far as it was asked for
	launches map[string][]chain // by rank
	carried  []Out
	ended    []Out
	again    []Out // metadata that holds again at the end
}

// Slice returns the events of the window in the order of the output.
func Slice(t *Trace, o Options) []Out {
	s := &slicer{t: t, o: o, out: make([]*Out, len(t.Events)), fused: map[int]int64{}}
	s.end, s.hasEnd = End(t)
	s.flows = chainsOf(t, slices.DeleteFunc(flowOrder(t), func(i int) bool { return o.Device == ByTime && !s.inRange(t.Events[i].TS) }))
	s.addThreadStates()
	s.addSlices()
	s.addAsync()
	s.addInstants()
	s.addCounters()
	s.addFlows()
	s.addNames() // last: names depend on everything else
	s.danglingBinds()
	return s.output()
}

// danglingBinds takes from slices that are kept the members that speak of a flow,
// flow_in and flow_out with a bind_id, whose other end is on no slice that is kept.
func (s *slicer) danglingBinds() {
	says := func(i int, name string) bool {
		e := &s.t.Events[i]
		return s.out[i] != nil && slices.Contains([]string{"X", "B", "b", "n"}, e.Phase) && e.HasTS && e.text("bind_id") != "" && e.text(name) == "true"
	}
	drop := map[int][]string{}
	for i := range s.t.Events {
		e := &s.t.Events[i]
		if !says(i, "flow_in") && !says(i, "flow_out") {
			continue
		}
		starts, ends := false, false
		for k := range s.t.Events {
			o := &s.t.Events[k]
			if k != i && flowNumber(o.text("bind_id")) == flowNumber(e.text("bind_id")) {
				starts = starts || says(k, "flow_out") && original(o) <= original(e)
				ends = ends || says(k, "flow_in") && original(o) >= original(e)
			}
		}
		if says(i, "flow_in") && !starts {
			drop[i] = append(drop[i], "flow_in")
		}
		if says(i, "flow_out") && !ends {
			drop[i] = append(drop[i], "flow_out")
		}
	}
	for i, names := range drop {
		e := &s.t.Events[i]
		if (!says(i, "flow_in") || slices.Contains(names, "flow_in")) && (!says(i, "flow_out") || slices.Contains(names, "flow_out")) {
			names = append(names, "bind_id")
		}
		o := s.out[i]
		if o.Kind == Untouched {
			o.Kind, o.Value = Unbound, e.Members
		}
		o.Value = slices.DeleteFunc(slices.Clone(o.Value), func(m Member) bool { return slices.Contains(names, m.Name) })
	}
}

// output lines up what is cut or moved to the start before all else that is kept,
// the outermost first, and what is moved to the end behind it, the innermost
// first: of what has one time, a viewer takes the first in the file for the outer
// one.
func (s *slicer) output() []Out {
	outs := append([]Out{}, s.carried...)
	add := func(kinds ...Kind) {
		var order []int
		for i, o := range s.out {
			if o != nil && slices.Contains(kinds, o.Kind) {
				order = append(order, i)
			}
		}
		if kinds[0] != Untouched {
			slices.SortStableFunc(order, s.inTime)
		}
		for _, i := range order {
			outs = append(outs, *s.out[i])
		}
	}
	add(Cut)
	add(Reopened)
	add(Untouched, Unbound)
	outs = append(outs, s.again...)
	add(Closed)
	return append(outs, s.ended...)
}

// inTime orders events by start, then by end, the longest first. Of those that
// are equal, complete slices come before what was made one.
func (s *slicer) inTime(a, b int) int {
	x, y := &s.t.Events[a], &s.t.Events[b]
	stop := func(i int) (at int64, fused int) {
		if at, ok := s.fused[i]; ok {
			return at, 1
		}
		return s.t.Events[i].stop(), 0
	}
	stopA, fusedA := stop(a)
	stopB, fusedB := stop(b)
	return cmp.Or(cmp.Compare(x.TS, y.TS), cmp.Compare(stopB, stopA), cmp.Compare(fusedA, fusedB))
}

// inRange reports whether a point in time belongs to the window.
func (s *slicer) inRange(ts int64) bool { return s.o.From <= ts && ts < s.o.To }

// stays reports whether [start, stop) belongs to the window.
func (s *slicer) inWindow(start, stop int64) bool {
	switch {
	case start == stop:
		return s.inRange(start)
	case s.o.Boundary == Drop:
		return start >= s.o.From && stop <= s.o.To
	}
	return start < s.o.To && stop > s.o.From
}

// reachesPast reports whether the trace goes on to To.
func (s *slicer) reachesPast() bool {
	return s.hasEnd && s.end >= s.o.To
}

// addInstants takes every phase that is judged by its ts alone.
func (s *slicer) addInstants() {
	for i := range s.t.Events {
		e := &s.t.Events[i]
		switch e.Phase {
		case "X", "T", "B", "E", "b", "e", "C", "s", "t", "f", "M":
			continue
		}
		if e.HasTS && s.inRange(e.TS) {
			s.leave(i)
		}
	}
}

// addThreadStates takes T events as X events are taken.
func (s *slicer) addThreadStates() {
	for i := range s.t.Events {
		e := &s.t.Events[i]
		if e.Phase == "T" && e.HasTS && s.inWindow(e.TS, e.stop()) {
			s.cutComplete(i)
		}
	}
}

// cutComplete cuts an X or T event that is kept at the window's edges.
func (s *slicer) cutComplete(i int) {
	e := &s.t.Events[i]
	start, stop := max(e.TS, s.o.From), min(e.stop(), s.o.To)
	if s.o.Boundary != Clip || start == e.TS && stop == e.stop() {
		s.leave(i)
		return
	}
	ms := e.Members
	if start > e.TS {
		ms = with(ms, "ts", Micros(start))
	}
	ms = with(ms, "dur", Micros(stop-start))
	ms = addOriginals(ms, Member{"tracekit.ts", e.text("ts")}, Member{"tracekit.dur", e.text("dur")})
	s.out[i] = &Out{Kind: Cut, Value: ms, Source: i}
}

// addOriginals adds originals to the end of args, but for those that an earlier cut
// has left there.
func addOriginals(ms []Member, originals ...Member) []Member {
	args, err := members(find(ms, "args"))
	if err != nil {
		args = nil // none, or no object
	}
	for _, o := range originals {
		if !has(args, o.Name) {
			args = append(args, o)
		}
	}
	return with(ms, "args", object(args))
}
