package trace

import (
	"bytes"
	"slices"
)

// Edit is a change to an event: new values for its times, and args to add. What
// it does not name stays byte for byte.
type Edit struct {
	TS, Dur *Time
	// Args are members to add to args, JSON text by key. A member that is
	// there already stays as it is.
	Args []Arg
}

// Arg is a member of args: its key, without quotes, and the text of its value.
type Arg struct {
	Key   string
	Value []byte
}

type change struct {
	span
	text []byte
}

// Apply returns the text of e's object with the edit made, in memory of its
// own.
func (d Edit) Apply(e *Event) []byte {
	obj := e.Raw()
	var changes []change
	if d.TS != nil {
		changes = append(changes, change{e.ts, AppendMicros(nil, *d.TS)})
	}
	if d.Dur != nil {
		changes = append(changes, change{e.dur, AppendMicros(nil, *d.Dur)})
	}
	if c, ok := d.args(e); ok {
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b change) int { return int(a.lo) - int(b.lo) })
	out := make([]byte, 0, len(obj)+128)
	done := uint32(0)
	for _, c := range changes {
		out = append(append(out, obj[done:c.lo]...), c.text...)
		done = c.hi
	}
	return append(out, obj[done:]...)
}

// args adds members before the brace that closes args; an event without such
// an object gets one.
func (d Edit) args(e *Event) (change, bool) {
	var add []byte
	for _, a := range d.Args {
		if !hasMember(e.Args(), a.Key) {
			if len(add) > 0 {
				add = append(add, ", "...)
			}
			add = append(append(append(append(add, '"'), a.Key...), `": `...), a.Value...)
		}
	}
	if len(add) == 0 {
		return change{}, false
	}
	obj := e.Raw()
	if e.Has&HasArgs != 0 {
		at, empty := beforeBrace(obj, int(e.args.hi))
		if !empty {
			add = append([]byte(", "), add...)
		}
		return change{span{uint32(at), uint32(at)}, add}, true
	}
	add = append(append([]byte{'{'}, add...), '}')
	for m := range Members(obj) {
		if string(m.Key) == "args" {
			return change{span{uint32(m.At), uint32(m.At + len(m.Value))}, add}, true
		}
	}
	at, _ := beforeBrace(obj, len(obj))
	return change{span{uint32(at), uint32(at)}, append([]byte(`, "args": `), add...)}, true
}

// beforeBrace returns the place behind the last member of the object that ends
// at end, and whether it has none.
func beforeBrace(obj []byte, end int) (at int, empty bool) {
	inner := bytes.TrimRight(obj[:end-1], " \t\r\n")
	return len(inner), inner[len(inner)-1] == '{'
}

func hasMember(obj []byte, key string) bool {
	for m := range Members(obj) {
		if string(m.Key) == key {
			return true
		}
	}
	return false
}

// TSText and DurText are the JSON text of ts and dur, empty where there is none.
func (e *Event) TSText() []byte { return e.ts.of(e.Raw()) }

// DurText is as TSText.
func (e *Event) DurText() []byte { return e.dur.of(e.Raw()) }

// WithArgs returns the text of e's object at time ts with other args, in memory
// of its own. The event must have a ts and an args object.
func (e *Event) WithArgs(ts Time, args []byte) []byte {
	obj := e.Raw()
	a, b := change{e.ts, AppendMicros(nil, ts)}, change{e.args, args}
	if b.lo < a.lo {
		a, b = b, a
	}
	out := append([]byte{}, obj[:a.lo]...)
	out = append(append(out, a.text...), obj[a.hi:b.lo]...)
	return append(append(out, b.text...), obj[b.hi:]...)
}

// Without returns the text of an object without some of its members, in memory of
// its own. All else stays byte for byte.
func Without(obj []byte, keys ...string) []byte {
	out := make([]byte, 0, len(obj))
	done, first := 0, true // what was copied; whether no member was kept yet
	end := 1               // of the member before
	for m := range Members(obj) {
		start := end + bytes.IndexByte(obj[end:], '"') // of its key
		if slices.Contains(keys, string(m.Key)) {
			switch {
			case first && done == 0:
				out = append(out, obj[:start]...)
			case first: // behind others that go
			default:
				out = append(out, obj[done:end]...)
			}
			done = m.At + len(m.Value)
		} else {
			if first && done > 0 {
				done = start // the comma goes with the member before
			}
			first = false
		}
		end = m.At + len(m.Value)
	}
	return append(out, obj[done:]...)
}
