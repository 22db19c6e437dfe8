package trace

import (
	"bytes"
	"io"
)

// Writer writes a trace: the document's text as it comes, events with commas
// between them. Whatever is left out in between, the result is a whole
// document. It does not close what it writes to.
type Writer struct {
	w      io.Writer
	buf    []byte
	lead   []byte // white space before the latest event, for events that are made
	comma  bool   // an event was written in the array at hand
	bare   bool   // the document is a bare array, and no event was written yet
	shut   bool   // a bare array without events was made an object; close it
	begun  bool
	err    error
	Events int64 // events written
	Bytes  int64 // bytes written, before any compression
}

// writeSize is how many bytes a Writer gathers before it passes them on.
const writeSize = 256 << 10

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: make([]byte, 0, writeSize+16<<10), lead: []byte("\n")}
}

// Text writes a stretch of the document outside of its events.
func (w *Writer) Text(t []byte) error {
	if !w.begun {
		w.begun = true
		if bytes.HasPrefix(bytes.TrimLeft(t, " \t\r\n"), []byte("[")) {
			// An empty array is no trace to Perfetto: wait for an event.
			w.bare = true
			return w.err
		}
	}
	if w.bare {
		w.bare, w.shut = false, true
		w.put([]byte(`{"traceEvents":[`))
	}
	if i := bytes.IndexByte(t, ']'); w.shut && i >= 0 {
		w.put(t[:i+1])
		w.put([]byte("}"))
		t, w.shut = t[i+1:], false
	}
	w.comma = false
	w.put(t)
	return w.err
}

// Event writes an event as it came.
func (w *Writer) Event(e *Event) error {
	w.separate()
	w.lead = append(w.lead[:0], e.Lead()...)
	w.put(e.text)
	w.Events++
	return w.err
}

// Object writes an event that was changed or made: the text of its object.
func (w *Writer) Object(obj []byte) error {
	w.separate()
	w.put(w.lead)
	w.put(obj)
	w.Events++
	return w.err
}

func (w *Writer) separate() {
	if w.bare {
		w.bare = false
		w.put([]byte("["))
	}
	if w.comma {
		w.buf = append(w.buf, ',')
		w.Bytes++
	}
	w.comma = true
}

func (w *Writer) put(p []byte) {
	w.Bytes += int64(len(p))
	if len(p) >= writeSize { // passed on as it is, so that it is not held twice
		w.flush()
		if w.err == nil {
			_, w.err = w.w.Write(p)
		}
		return
	}
	w.buf = append(w.buf, p...)
	if len(w.buf) >= writeSize {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// Close writes what is still held back, and returns the first error that was
// met.
func (w *Writer) Close() error {
	if w.bare {
		w.bare = false
		w.put([]byte(`{"traceEvents":[]}`))
	}
	w.flush()
	return w.err
}

// SetLead makes events that follow by Object stand as e stood in its trace.
func (w *Writer) SetLead(e *Event) { w.lead = append(w.lead[:0], e.Lead()...) }
