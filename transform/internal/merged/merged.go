// Package merged writes and reads the merged slices of downsample: how many slices they stand for,
// of which names and categories, and for how long those ran. [Is] reports one, a [Reader] reads it.
// Every command that counts or measures slices reads them here.
package merged

import (
	"bytes"
	"slices"

	"tracekit/trace"
)

// Args of a merged slice. Times are in µs.
const (
	KeyCount    = "tracekit.count"    // how many slices
	KeyBusy     = "tracekit.busy"     // the sum of their durations
	KeyMin      = "tracekit.min"      // the shortest
	KeyMax      = "tracekit.max"      // the longest
	KeyNames    = "tracekit.names"    // by name, as Name
	KeyMore     = "tracekit.more"     // by category, what others there are that KeyNames does not list
	KeyRest     = "tracekit.rest"     // by name, those that slices of the thread up to here do not list
	KeyOuter    = "tracekit.outer"    // their time that no other slice of the thread covers; 0 if it is absent
	KeyInside   = "tracekit.inside"   // those of their categories that a slice around them has, which was not merged
	KeyEstimate = "tracekit.estimate" // true if self, total and outer are no more than estimates, since slices overlap

	keyClipped = "tracekit.dur" // of a slice that was cut to a range
)

// Slices are those that a merged slice stands for.
type Slices struct {
	Count    int64
	Busy     trace.Time
	Min, Max trace.Time // -1 if they are not known
	Names    []Name     // the busiest first
	More     []Name     // of a category each, what is not in Names
	Rest     []Name     // what is in More of slices of the thread up to here, this one among them
	Outer    trace.Time
	Inside   [][]byte
	Estimate bool
	Clipped  bool // some of them lie outside of the range that the trace was cut to
}

// Name is what a run holds of one name and category. Its arg is [count, busy], then self and
// total where these differ from busy, then the category where the merged slice has none.
// A name of several categories has [count, busy, {category: [count, busy, …], …}].
type Name struct {
	Name, Cat []byte // the text between the quotes of the JSON string
	Count     int64
	Busy      trace.Time
	Self      trace.Time // without what lies in them and has their category
	Total     trace.Time // without what lies in others of their name and category
	ID        uint64     // the writer's own
}

// Is reports a merged slice. It is quick to tell most others.
func Is(e *trace.Event) bool {
	// Its name begins with the number of slices: all others need no look at their args.
	name := e.Name()
	return e.Phase == 'X' && len(name) > 0 && name[0]-'1' < 9 && hasSums(e.Args())
}

// hasSums reports args that have both count and busy, wherever they stand.
func hasSums(args []byte) bool {
	if !bytes.Contains(args, []byte(KeyCount)) {
		return false
	}
	count, busy := false, false
	for m := range trace.Members(args) {
		count = count || string(m.Key) == KeyCount
		busy = busy || string(m.Key) == KeyBusy
	}
	return count && busy
}

// Reader reads merged slices, one at a time, in memory that it uses again.
type Reader struct {
	slices Slices
	text   []byte
}

// Read returns what e stands for, nil if it is no merged slice or says it in no form that
// can be read. What it returns belongs to the Reader, and refers to the text of e.
func (r *Reader) Read(e *trace.Event) *Slices {
	if !Is(e) {
		return nil
	}
	s := &r.slices
	*s = Slices{Count: -1, Busy: -1, Min: -1, Max: -1, Names: s.Names[:0], More: s.More[:0], Rest: s.Rest[:0], Inside: s.Inside[:0]}
	for m := range trace.Members(e.Args()) {
		switch string(m.Key) {
		case KeyCount:
			s.Count = number(m.Value)
		case KeyBusy:
			s.Busy = micros(m.Value)
		case KeyMin:
			s.Min = micros(m.Value)
		case KeyMax:
			s.Max = micros(m.Value)
		case KeyNames:
			for n := range trace.Members(m.Value) {
				s.Names = appendRead(s.Names, n.Key, n.Value, e.Cat())
			}
		case KeyMore:
			for n := range trace.Members(m.Value) {
				s.More = appendRead(s.More, nil, n.Value, n.Key)
			}
		case KeyRest:
			for n := range trace.Members(m.Value) {
				s.Rest = appendRead(s.Rest, n.Key, n.Value, e.Cat())
			}
		case KeyOuter:
			s.Outer = max(micros(m.Value), 0)
		case KeyInside:
			for c := range trace.Elements(m.Value) {
				s.Inside = append(s.Inside, unquoted(c))
			}
		case KeyEstimate:
			s.Estimate = string(m.Value) == "true"
		case keyClipped:
			s.Clipped = true
		}
	}
	if s.Count < 1 || s.Busy < 0 {
		return nil
	}
	return s
}

// appendRead appends what the value of a name says.
func appendRead(to []Name, name, value, cat []byte) []Name {
	n := Name{Name: name, Cat: cat, Count: -1, Busy: -1, Self: -1, Total: -1}
	several := false
	for v := range trace.Elements(value) {
		switch {
		case v[0] == '{':
			several = true
			for c := range trace.Members(v) {
				to = appendRead(to, name, c.Value, c.Key)
			}
		case v[0] == '"':
			n.Cat = unquoted(v)
		case n.Count < 0:
			n.Count = number(v)
		case n.Busy < 0:
			n.Busy = micros(v)
		case n.Self < 0:
			n.Self = micros(v)
		default:
			n.Total = micros(v)
		}
	}
	if several || n.Count < 1 || n.Busy < 0 {
		return to
	}
	if n.Self < 0 {
		n.Self = n.Busy
	}
	if n.Total < 0 {
		n.Total = n.Busy
	}
	return append(to, n)
}

// All yields what is known of the slices: names, and of those that are not listed categories,
// with an empty name.
func (s *Slices) All(yield func(*Name) bool) {
	for _, list := range [][]Name{s.Names, s.More} {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// RestNames yields Rest.
func (s *Slices) RestNames(yield func(*Name) bool) {
	for i := range s.Rest {
		if !yield(&s.Rest[i]) {
			return
		}
	}
}

// IsComplete reports whether the names and what more there is are all slices, so that what
// they add up to is what the slices did.
func (s *Slices) IsComplete() bool {
	left, busy := s.Count, s.Busy
	for n := range s.All {
		left -= n.Count
		busy -= n.Busy
	}
	return left == 0 && busy == 0
}

// IsExact reports whether all that is said holds to the nanosecond.
func (s *Slices) IsExact() bool { return s.IsComplete() && !s.Estimate && !s.Clipped }

// Covers returns how much time of the thread the slices of n cover that no slice of their
// category which is not merged covers too.
func (s *Slices) Covers(n *Name) trace.Time {
	if slices.ContainsFunc(s.Inside, func(c []byte) bool { return bytes.Equal(c, n.Cat) }) {
		return 0
	}
	return n.Self
}

// Part returns an event with a name and category of the slices that e stands for, and the
// thread and times of e. It is valid until the next call, and as long as e is.
func (r *Reader) Part(e *trace.Event, n *Name) trace.Event {
	part, text := e.Renamed(r.text[:0], n.Name, n.Cat)
	r.text = text
	return part
}

func number(text []byte) (n int64) {
	for _, c := range text {
		if c-'0' > 9 || n > 1<<58 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

func micros(text []byte) trace.Time {
	if t, ok := trace.ParseMicros(text); ok && t >= 0 {
		return t
	}
	return -1
}

// unquoted is what stands between the quotes of a string, nothing of another value.
func unquoted(text []byte) []byte {
	if len(text) < 2 || text[0] != '"' {
		return nil
	}
	return text[1 : len(text)-1]
}
