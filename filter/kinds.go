package filter

import (
	"tracekit/filter/producer"
	"tracekit/trace"
)

// Kinds is a set of kinds of events. An event may be of several, or of none.
type Kinds = producer.Kinds

// The kinds.
const (
	Python  = producer.Python
	Runtime = producer.Runtime
	Memory  = producer.Memory
	Counter = producer.Counter
	Instant = producer.Instant
	Flow    = producer.Flow
	// Annotation is a range that a program names.
	Annotation = producer.Annotation
)

// Side is where an event happened.
type Side uint8

const (
	Host   Side = iota
	Device      // on an accelerator, or a flow to it
	Unsure      // one or the other: what is yet to come will tell
)

var phaseKinds = [256]Kinds{
	'C': Counter,
	'i': Instant, 'I': Instant, 'R': Instant,
	's': Flow, 't': Flow, 'f': Flow,
}

// KindsOf returns the kinds that e shows by itself. Metadata is of no kind.
// The end of a pair may lack the name and category that its beginning has.
func KindsOf(e *trace.Event) Kinds {
	if e.IsMeta() {
		return 0
	}
	c, known := producer.CategoryOf(e.Cat())
	return kindsOf(e, c, known)
}

// IsByCategory reports whether e's kinds follow from its ph and category alone.
func IsByCategory(e *trace.Event) bool {
	_, known := producer.CategoryOf(e.Cat())
	return known && !e.IsMeta() && phaseKinds[e.Phase]&Instant == 0
}

func kindsOf(e *trace.Event, c producer.Category, known bool) Kinds {
	k := phaseKinds[e.Phase]
	switch {
	case known && c.Place != producer.ByTrack:
		k |= c.Kinds
	case k&(Counter|Flow) != 0:
	case producer.IsFrame(e.Name()):
		k |= Python
	case producer.IsCall(e.Name()):
		k |= Runtime
	}
	if k&Instant != 0 && producer.IsMemory(e.Name()) {
		k |= Memory
	}
	return k
}
