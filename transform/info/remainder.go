package info

import (
	"bytes"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// remainder counts what strip leaves of a trace: it decides as strip does, and
// writes nothing.
type remainder struct {
	tracks        *trace.Tracks
	events, bytes int64
	dropsSome     bool                  // something that is not only a name
	document      int64                 // bytes of text around the events
	bare          bool                  // the document is a bare array
	arrays        int                   // of events
	inside        bool                  // of an array
	dropArgs      func(key []byte) bool // of events that are kept; nil for none
	mayHave       func(args []byte) bool
	buf           []byte
	threads       []left             // by track
	processes     []amount           // their names
	flows         pipeline.FlowPairs // that may cross from the host to a device
	device        bool               // something of a device waited
	held          []trace.Event      // flow events of which it is not yet known whether they go
	pairs         pairs.Follow[bool] // whether begins go
}

// left is what is left of a thread.
type left struct {
	used    bool
	names   amount
	waiting amount       // events of which it is not yet known whether they go
	first   *trace.Event // of these
}

// amount is a number of events, and the bytes of them.
type amount struct{ events, bytes int64 }

func (n *amount) add(size int64) {
	n.events++
	n.bytes += size
}

func (n *amount) subtract(size int64) {
	n.events--
	n.bytes -= size
}

// newRemainder counts for a strip that takes args out too: those of the groups.
// tracks number the events that it is shown.
func newRemainder(tracks *trace.Tracks, args ...string) *remainder {
	r := &remainder{tracks: tracks}
	if len(args) > 0 {
		r.dropArgs, r.mayHave = filter.ArgKeys(args...), filter.MayHaveArgs(args...)
	}
	return r
}

// text takes text of the document. What stands before a bare array goes.
func (r *remainder) text(t []byte) {
	if r.document == 0 && bytes.HasPrefix(bytes.TrimLeft(t, " \t\r\n"), []byte("[")) {
		t, r.bare = t[:1], true
	}
	r.document += int64(len(t))
	r.inside = false
}

// enter notes that an event comes.
func (r *remainder) enter() {
	if !r.inside {
		r.inside = true
		r.arrays++
	}
}

// exact reports whether all is counted as strip writes it: of several arrays it
// is not known which ones keep an event, and need no comma for it.
func (r *remainder) exact() bool { return r.arrays <= 1 }

func (r *remainder) track(track int) *left {
	for len(r.threads) <= track {
		r.threads = append(r.threads, left{})
	}
	return &r.threads[track]
}

// name takes metadata, which is kept if its process or thread keeps an event.
func (r *remainder) name(e *trace.Event, track int) {
	t := r.track(track)
	switch process := r.tracks.All[track].Process; {
	case pipeline.IsAlwaysKept(e):
		r.keep(int64(e.Size()))
	case pipeline.IsThreadName(e):
		t.names.add(int64(e.Size()))
	default:
		for len(r.processes) <= process {
			r.processes = append(r.processes, amount{})
		}
		r.processes[process].add(int64(e.Size()))
	}
}

// addEvent counts an event that is dropped by itself, or is not; an end is dropped with its
// begin.
func (r *remainder) addEvent(e *trace.Event, track int, dropped bool) {
	r.enter()
	t := r.track(track)
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		dropped = r.pairs.Next(track, e, dropped)
	}
	if dropped {
		r.dropsSome = true
		return
	}
	t.used = true
	size := int64(e.Size())
	if r.dropArgs != nil && e.Has&trace.HasArgs != 0 && r.mayHave(e.Args()) {
		if out, changed := filter.DropArgs(r.buf[:0], e, r.dropArgs); changed {
			r.buf, r.dropsSome = out, true
			size += int64(len(out) - len(e.Raw()))
		}
	}
	r.keep(size)
}

// wait holds an event back that may be dropped with all others of its thread that wait.
func (r *remainder) wait(e *trace.Event, track int) {
	r.enter()
	t := r.track(track)
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		if r.pairs.Next(track, e, false) {
			r.dropsSome = true
			return
		}
	}
	if t.first == nil {
		first := e.Clone()
		t.first = &first
	}
	t.waiting.add(int64(e.Size()))
}

// hold holds a flow event back until the end of the trace shows whether it is dropped.
func (r *remainder) hold(e *trace.Event) {
	r.enter()
	r.held = append(r.held, e.Clone())
}

// release decides on what was held.
func (r *remainder) release(sides *filter.Recognizer) {
	for i := range r.held {
		e := &r.held[i]
		if dropped := sides.Side(e) == filter.Device; sides.MayCross(e) {
			r.flow(e, dropped)
		} else {
			r.addEvent(e, r.tracks.Of(e), dropped)
		}
	}
	r.held = nil
}

// flow counts half of a flow, which may be dropped with the other.
func (r *remainder) flow(e *trace.Event, dropped bool) {
	r.flows.Add(e, dropped, r.keepFlow, dropFlow)
}

func (r *remainder) keepFlow(e *trace.Event) error {
	r.addEvent(e, r.tracks.Of(e), false)
	return nil
}

func dropFlow(*trace.Event) error { return nil }

func (r *remainder) keep(size int64) {
	r.events++
	r.bytes += size + 1 // and a comma
}

// finish decides what waits, and counts the names of what is left.
func (r *remainder) finish(sides *filter.Recognizer) (events, bytes int64) {
	r.inside = true // what was held stood where others do
	r.release(sides)
	r.flows.End(r.keepFlow, dropFlow)
	used := make([]bool, len(r.tracks.Processes))
	for i := range r.threads {
		t := &r.threads[i]
		switch {
		case t.first == nil:
		case sides.Side(t.first) == filter.Device:
			r.dropsSome, r.device = true, true
		default:
			t.used = true
			r.add(t.waiting)
		}
		if t.used {
			r.add(t.names)
			used[r.tracks.All[i].Process] = true
		}
	}
	for i, n := range r.processes {
		if used[i] {
			r.add(n)
		}
	}
	switch {
	case r.events == 0 && r.bare: // a viewer would not take an empty array
		return 0, r.document - 1 + int64(len(`{"traceEvents":[}`))
	case r.events == 0:
		return 0, r.document
	}
	return r.events, r.document + r.bytes - 1
}

func (r *remainder) add(n amount) {
	r.events += n.events
	r.bytes += n.bytes + n.events
}
