package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Trace is a whole trace: its events, and the text of the document around
// them. Head ends with the bracket that opens the array of events, Tail starts
// with the one that closes it; Tail is empty if the array was never closed.
type Trace struct {
	Head, Tail string
	Events     []Event
	Outer      []Member // of the document, without traceEvents
}

// Parse reads a trace that is strict JSON, an object with one traceEvents array
// or a bare array, or a bare array that is never closed.
func Parse(data []byte) (*Trace, error) {
	if json.Valid(data) {
		return parseClosed(data)
	}
	body := bytes.TrimRight(data, " \t\r\n")
	closed := append(bytes.TrimSuffix(body[:len(body):len(body)], []byte(",")), ']')
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) && json.Valid(closed) {
		t, err := parseClosed(closed)
		if err == nil {
			t.Tail = ""
		}
		return t, err
	}
	return nil, errors.New("read trace: no JSON")
}

func parseClosed(data []byte) (*Trace, error) {
	t := &Trace{}
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	switch open {
	case json.Delim('['):
		t.Head = string(data[:dec.InputOffset()])
		err = t.readEvents(dec, data)
	case json.Delim('{'):
		err = t.readObject(dec, data)
	default:
		err = fmt.Errorf("neither object nor array: %v", open)
	}
	if err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	return t, nil
}

func (t *Trace) readObject(dec *json.Decoder, data []byte) error {
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		if name == "traceEvents" {
			if t.Head != "" {
				return errors.New("more than one traceEvents")
			}
			if open, err := dec.Token(); err != nil || open != json.Delim('[') {
				return fmt.Errorf("traceEvents is no array: %v", open)
			}
			t.Head = string(data[:dec.InputOffset()])
			if err := t.readEvents(dec, data); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		t.Outer = append(t.Outer, Member{name.(string), string(value)})
	}
	if t.Head == "" {
		return errors.New("no traceEvents")
	}
	return nil
}

// readEvents reads up to the end of the array; all text from there is Tail.
func (t *Trace) readEvents(dec *json.Decoder, data []byte) error {
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		e, err := newEvent(string(raw))
		if err != nil {
			return fmt.Errorf("event %d: %w", len(t.Events), err)
		}
		t.Events = append(t.Events, e)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	t.Tail = string(data[dec.InputOffset()-1:])
	return nil
}

// shown reports whether a viewer shows something that begins with an event.
func (e *Event) shown() bool {
	if !e.HasTS || e.TS < 0 {
		return false
	}
	switch e.Phase {
	case "X":
		dur, ok := Nanos(e.text("dur"))
		return ok && dur >= 0
	case "B", "i", "I", "R", "T":
		return true
	case "b", "n":
		id := e.text("id")
		return strings.HasPrefix(id, `"`) || id != "" && strings.Contains("-0123456789", id[:1]) || e.text("id2") != ""
	case "C":
		return len(e.Args) > 0
	}
	return false
}

// Zero is the smallest time of the trace's shown events; false if it has none.
func Zero(t *Trace) (int64, bool) {
	zero, any := int64(math.MaxInt64), false
	for i := range t.Events {
		if e := &t.Events[i]; e.shown() {
			zero, any = min(zero, e.TS), true
		}
	}
	if !any {
		return 0, false
	}
	return zero, true
}

// End is the largest end of the trace's shown events; false if it has none.
func End(t *Trace) (int64, bool) {
	end, any := int64(0), false
	for i := range t.Events {
		e := &t.Events[i]
		if e.shown() || (e.Phase == "E" || e.Phase == "e") && e.HasTS {
			end, any = max(end, e.stop()), true
		}
	}
	return end, any
}
