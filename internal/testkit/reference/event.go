package reference

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// Member is one member of a JSON object: its name, unescaped, and the JSON
// text of its value as it was written.
type Member struct{ Name, Text string }

// Event is one element of traceEvents.
type Event struct {
	Raw     string // the object's text as it was written
	Members []Member
	Phase   string // ph, unescaped; empty if there is none

	// TS is valid if HasTS; an event without a ts that can be read has none.
	TS    int64
	HasTS bool
	// Span is the duration of an X or T event, 0 if it is missing or negative.
	Span int64

	Pid   string // the process by JSON text; an event without one belongs to 0
	Track Track
	Args  []Member // none if args is no object
}

// Track is where slices nest, by JSON text of pid and tid.
type Track struct{ Pid, Tid string }

func newEvent(raw string) (Event, error) {
	ms, err := members(raw)
	if err != nil {
		return Event{}, err
	}
	e := Event{Raw: raw, Members: ms}
	e.Phase = e.str("ph")
	e.TS, e.HasTS = Nanos(e.text("ts"))
	if e.Phase == "X" || e.Phase == "T" {
		if dur, ok := Nanos(e.text("dur")); ok && dur > 0 {
			e.Span = dur
		}
	}
	e.Track = e.track()
	e.Pid = e.Track.Pid
	if args, err := members(e.text("args")); err == nil {
		e.Args = args
	}
	return e, nil
}

// members reads the members of a JSON object in their order.
func members(raw string) ([]Member, error) {
	if !strings.HasPrefix(raw, "{") {
		return nil, fmt.Errorf("read object: found %.40q", raw)
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	var ms []Member
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("read object: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("read member %q: %w", name, err)
		}
		ms = append(ms, Member{name.(string), string(value)})
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	return ms, nil
}

// object writes members as a JSON object.
func object(ms []Member) string {
	var parts []string
	for _, m := range ms {
		parts = append(parts, quote(m.Name)+":"+m.Text)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string can always be written
	}
	return strings.TrimSpace(b.String())
}

// find returns the text of the member called name, of the last one if there
// are several; empty if there is none or if it is null.
func find(ms []Member, name string) string {
	text := ""
	for _, m := range ms {
		if m.Name == name {
			text = m.Text
		}
	}
	if text == "null" {
		return ""
	}
	return text
}

// with returns ms with the text of the member called name replaced, or with
// that member added at the end.
func with(ms []Member, name, text string) []Member {
	out := append([]Member{}, ms...)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i].Name == name {
			out[i].Text = text
			return out
		}
	}
	return append(out, Member{name, text})
}

func has(ms []Member, name string) bool {
	for _, m := range ms {
		if m.Name == name {
			return true
		}
	}
	return false
}

func (e *Event) text(name string) string { return find(e.Members, name) }

// str returns a string member unescaped, empty if it is no string.
func (e *Event) str(name string) string { return unquote(e.text(name)) }

func unquote(text string) string {
	s := ""
	if json.Unmarshal([]byte(text), &s) != nil {
		return ""
	}
	return s
}

// track works out the event's track: an absent pid or tid is 0, and thread 0 of
// a process other than 0 is that process's main thread.
func (e *Event) track() Track {
	pid, tid := cmp.Or(e.text("pid"), "0"), cmp.Or(e.text("tid"), "0")
	if tid == "0" && pid != "0" {
		tid = pid
	}
	return Track{pid, tid}
}

func (e *Event) stop() int64 { return later(e.TS, e.Span) }

func (e *Event) isFlow() bool { return e.Phase == "s" || e.Phase == "t" || e.Phase == "f" }
