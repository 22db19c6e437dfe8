package pipeline

import (
	"cmp"
	"hash/maphash"
	"slices"

	"tracekit/trace"
)

// Distinct lets each distinct metadata event through once. It grows by some 60 bytes
// for each of these, whatever their number in the trace. The zero value is ready to
// use.
//
// Viewers use the last name that they read. Where a thread's name changes and
// changes back, the event that repeats is the one that holds, so that it is due once
// more at the end.
type Distinct struct {
	Repeated int64 // events that were not let through
	seed     maphash.Seed
	seen     map[uint64]struct{} // by text
	latest   map[uint64]uint64   // by what an event tells of what, the text let through last
	due      map[uint64]due      // by what it tells of what
}

// due is an event that holds again, and its place among those that repeat others.
type due struct {
	event trace.Event
	n     int64
}

// First reports whether e differs from all metadata before it.
func (d *Distinct) First(e *trace.Event) bool {
	if d.seen == nil {
		d.seed = maphash.MakeSeed()
		d.seen, d.latest, d.due = map[uint64]struct{}{}, map[uint64]uint64{}, map[uint64]due{}
	}
	text, what := maphash.Bytes(d.seed, e.Raw()), d.what(e)
	if _, again := d.seen[text]; !again {
		d.seen[text] = struct{}{}
		d.latest[what] = text
		delete(d.due, what)
		return true
	}
	d.Repeated++
	if d.latest[what] == text {
		delete(d.due, what)
	} else {
		d.due[what] = due{e.Clone(), d.Repeated}
	}
	return false
}

// what is what e tells of what: the name of a thread, the labels of a process.
func (d *Distinct) what(e *trace.Event) uint64 {
	var h maphash.Hash
	h.SetSeed(d.seed)
	tid := e.Tid()
	if !IsThreadName(e) {
		tid = nil // on whichever thread it is told
	}
	for _, part := range [][]byte{e.Pid(), tid, e.Name()} {
		h.Write(part)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// Due returns the events that hold again at the end, in their order.
func (d *Distinct) Due() []trace.Event {
	all := make([]due, 0, len(d.due))
	for _, event := range d.due {
		all = append(all, event)
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Compare(a.n, b.n) })
	events := make([]trace.Event, len(all))
	for i := range all {
		events[i] = all[i].event
	}
	return events
}

// Memory is about how many bytes d takes.
func (d *Distinct) Memory() int {
	const event, named, due = 20, 40, 300
	return event*len(d.seen) + named*len(d.latest) + due*len(d.due)
}
