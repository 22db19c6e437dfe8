package trace

import "bytes"

// Event is one element of traceEvents: a view of its text and the few fields
// that decisions need, parsed once. Its bytes belong to the Reader that made it
// and are valid until that Reader's next batch; Clone keeps them. An untouched
// Event is written from its own text, so whatever it holds besides these
// fields leaves as it came.
type Event struct {
	text []byte // the object and the white space before it
	lead uint32 // length of that white space

	// Phase is the first byte of ph, 0 where there is none.
	Phase byte
	Has   Has
	flaws flaws

	// Interned is a number of the event's phase, category, pid and tid, as text: events of
	// a Source that have the same one are equal in them. 0 says nothing.
	Interned uint32

	// TS is the event's time, valid if Has has HasTS. Dur is the duration of
	// X and T events, 0 unless Has has HasDur.
	TS, Dur Time

	name, cat, pid, tid, id, args, ts, dur span // positions in the object

	at int64 // where text stands in its source, bytes, 0 if that is not known; negative if the source does not record how it was packed: what a Writer copies from may be another
}

// Has says which members an Event has.
type Has uint16

const (
	HasTS   Has = 1 << iota // a ts that can be read
	HasDur                  // a dur that can be read
	HasArgs                 // args, an object
	HasID                   // id, a string or a number
	HasID2                  // id2
	HasBind                 // bind_id, flow_in or flow_out
	HasBP                   // bp
	HasMore                 // s, tts, tdur or any member not named here
)

// flaws are what would stop Perfetto from loading the whole trace.
type flaws uint8

const (
	flawNumber    flaws = 1 << iota // a member that is no JSON: NaN, Infinity, 01, …
	flawDur                         // dur, tts or tdur null or no number
	flawSurrogate                   // a surrogate escape or a \u without four digits in a member
	flawArgs                        // args of a counter or of metadata that no viewer gets through
)

// span is a stretch of an event's object, [lo, hi); empty means absent.
type span struct{ lo, hi uint32 }

func (s span) of(b []byte) []byte { return b[s.lo:s.hi:s.hi] }

// Raw is the event's JSON object, as it stands in the trace.
func (e *Event) Raw() []byte { return e.text[e.lead:] }

// Lead is the white space that stood before the object.
func (e *Event) Lead() []byte { return e.text[:e.lead] }

// At is where the event stands in the trace's text, in bytes; 0 if that is not known, as of a clone.
func (e *Event) At() int64 { return max(e.at, -e.at) }

// Size is the number of bytes of the event and the white space before it.
func (e *Event) Size() int { return len(e.text) }

// Name is the text between the quotes of the name, escapes and all; empty if
// there is none. The same holds for Cat.
func (e *Event) Name() []byte { return e.name.of(e.Raw()) }

// Cat is the category, as Name is the name.
func (e *Event) Cat() []byte { return e.cat.of(e.Raw()) }

// Pid is the JSON text of the process id: a number, or a string with its quotes. A
// number is whole: 1 stands for 1.0 and 1e0 too, as for Perfetto.
func (e *Event) Pid() []byte { return wholeID(e.pid.of(e.Raw())) }

// Tid is the JSON text of the thread id, as Pid is the process id's.
func (e *Event) Tid() []byte { return wholeID(e.tid.of(e.Raw())) }

// ID is the JSON text of id, a number or a string with its quotes.
func (e *Event) ID() []byte { return e.id.of(e.Raw()) }

// Args is the JSON text of args, braces included; empty unless it is an object.
func (e *Event) Args() []byte { return e.args.of(e.Raw()) }

// End is the time at which the event ends: TS + Dur for slices and thread
// states, TS for all others.
func (e *Event) End() Time { return e.TS.Add(e.Span()) }

// Span is the duration of a slice or thread state, 0 for other events and for
// a negative duration, which nothing shows.
func (e *Event) Span() Time {
	if (e.Phase == 'X' || e.Phase == 'T') && e.Dur > 0 {
		return e.Dur
	}
	return 0
}

// Shown reports whether a viewer shows something that begins with the event: its
// ruler starts at the first of them. Metadata, flows and ends are nothing by
// themselves, and Perfetto drops slices without a duration that can be, async
// events without an id, counters without a value and phases that it does not know.
func (e *Event) Shown() bool {
	if e.Has&HasTS == 0 || e.TS < 0 {
		return false
	}
	switch e.Phase {
	case 'X':
		return e.Has&HasDur != 0 && e.Dur >= 0
	case 'T':
		return e.Has&HasDur != 0 // else a step of an async event of old
	case 'B', 'i', 'I', 'R':
		return true
	case 'b', 'n':
		return e.Has&(HasID|HasID2) != 0
	case 'C':
		for range Members(e.Args()) {
			return true
		}
	}
	return false
}

// IsEnd reports the end of a slice that began with another event.
func (e *Event) IsEnd() bool { return e.Phase == 'E' || e.Phase == 'e' }

// IsMeta reports a metadata event, which names a process or thread.
func (e *Event) IsMeta() bool { return e.Phase == 'M' }

// IsFlow reports a flow event: start, step or end of a flow.
func (e *Event) IsFlow() bool { return e.Phase == 's' || e.Phase == 't' || e.Phase == 'f' }

// Clone returns a copy of e that owns its bytes.
func (e *Event) Clone() Event {
	c := *e
	c.text, c.at = bytes.Clone(e.text), 0
	return c
}

// Member returns the JSON text of the member named key, the last one if it is
// written twice, and false if there is none. The text belongs to e.
func (e *Event) Member(key string) ([]byte, bool) {
	var found []byte
	ok := false
	for m := range Members(e.Raw()) {
		if string(m.Key) == key {
			found, ok = m.Value, true
		}
	}
	return found, ok
}
