package trace

import (
	"bytes"
	"io"

	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/jsonlex"
)

// Writer writes a trace: the document's text as it comes, events with commas
// between them. Whatever is left out in between, the result is a whole
// document. It does not close what it writes to.
type Writer struct {
	w      io.Writer
	buf    []byte // packer's or own; has room for a comma
	own    []byte
	packer Packer // nil if what is written is not packed by w
	lead   []byte // white space before the latest event, for events that are made
	comma  bool   // an event was written in the array at hand
	bare   bool   // the document is a bare array, and no event was written yet
	shut   bool   // a bare array without events was made an object; close it
	copier copier
	passed int64 // bytes passed on
	begun  bool
	member []byte // key and value that the document is to begin with
	err    error
	Events int64 // events written
	Bytes  int64 // bytes written, before any compression
}

// writeSize is how many bytes a Writer gathers before it passes them on.
const writeSize = 256 << 10

// Packer packs what is written to it.
type Packer interface {
	io.Writer
	// AvailableBuffer returns room for what is written next, so that it needs no copy.
	AvailableBuffer() []byte
	// WasRead says how parts of what is written next were packed when they were read.
	WasRead([]verbatim.Run)
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer {
	wr := &Writer{w: w, lead: []byte("\n")}
	wr.borrow()
	return wr
}

// NewPackedWriter returns a Writer that gathers what it writes in p. Nobody else may write
// to p until Close.
func NewPackedWriter(p Packer) *Writer {
	wr := &Writer{w: p, packer: p, lead: []byte("\n")}
	wr.borrow()
	return wr
}

// SetMember makes the document begin with a member: value is JSON text. One of that name
// that the document has is left out. A bare array has no place for it, and stays one. It has
// to be called before anything is written.
func (w *Writer) SetMember(key string, value []byte) {
	w.member = append(append([]byte(`"`+key+`":`), value...), ',')
}

// Text writes a stretch of the document outside of its events.
func (w *Writer) Text(t []byte) error {
	if w.member != nil {
		t = w.exchange(t)
	}
	if !w.begun {
		w.begun = true
		if bytes.HasPrefix(bytes.TrimLeft(t, " \t\r\n"), []byte("[")) {
			// An empty array is not a trace to Perfetto: wait for an event.
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
	w.copier.other()
	w.put(t)
	return w.err
}

// exchange returns document text without the member that was set, and with the new one if
// the document begins.
func (w *Writer) exchange(t []byte) []byte {
	key, _, _ := bytes.Cut(w.member, []byte(":"))
	if bytes.Contains(t, key) {
		t = withoutTop(t, key)
	}
	if open := jsonlex.SkipSpace(t, 0); !w.begun && open < len(t) && t[open] == '{' {
		added := append(append([]byte{}, t[:open+1]...), w.member...)
		if next := jsonlex.SkipSpace(t, open+1); next < len(t) && t[next] == '}' {
			added = added[:len(added)-1]
		}
		t = append(added, t[open+1:]...)
	}
	return t
}

// withoutTop is document text without the members of that key, which has quotes, among those
// of the document itself.
func withoutTop(t, key []byte) []byte {
	for p := 0; p < len(t); {
		if t[p] != '"' {
			p++
			continue
		}
		end, st := skipString(t, p)
		if st != scanned {
			return t
		}
		colon := jsonlex.SkipSpace(t, end)
		if colon >= len(t) || t[colon] != ':' {
			p = end
			continue
		}
		after, st := skipValue(t, jsonlex.SkipSpace(t, colon+1))
		if st != scanned { // the array of events
			return t
		}
		if !bytes.Equal(t[p:end], key) {
			p = after
			continue
		}
		from := p
		if next := jsonlex.SkipSpace(t, after); next < len(t) && t[next] == ',' {
			after = next + 1
		} else if at := bytes.LastIndexByte(t[:p], ','); at >= 0 && jsonlex.SkipSpace(t, at+1) == p {
			from = at
		}
		t = append(append([]byte{}, t[:from]...), t[after:]...)
		p = from
	}
	return t
}

// Event writes an event as it came.
func (w *Writer) Event(e *Event) error {
	w.separate()
	w.lead = append(w.lead[:0], e.Lead()...)
	w.copier.verbatim(max(e.at, 0), int64(len(e.text)), w.Bytes)
	w.put(e.text)
	w.Events++
	return w.err
}

// Object writes an event that was changed or made: the text of its object.
func (w *Writer) Object(obj []byte) error {
	w.separate()
	w.copier.other()
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
		w.copier.other()
		w.passBuf()
		w.pass(p)
		w.borrow()
		return
	}
	for {
		n := copy(w.buf[len(w.buf):cap(w.buf)], p)
		w.buf = w.buf[:len(w.buf)+n]
		if len(w.buf) < cap(w.buf) {
			return
		}
		w.passBuf()
		w.borrow()
		p = p[n:]
	}
}

func (w *Writer) passBuf() {
	w.copier.pass(w.buf, w.passed)
	w.pass(w.buf)
}

func (w *Writer) pass(p []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(p)
	}
	w.passed += int64(len(p))
}

// borrow makes buf an empty one.
func (w *Writer) borrow() {
	w.buf = nil
	if w.packer != nil && w.err == nil {
		w.buf = w.packer.AvailableBuffer()
	}
	if cap(w.buf) == 0 {
		if w.own == nil {
			w.own = make([]byte, 0, writeSize)
		}
		w.buf = w.own
	}
}

// Close writes what is still held back, and returns the first error that was
// met.
func (w *Writer) Close() error {
	if w.bare {
		w.bare = false
		w.put([]byte(`{"traceEvents":[]}`))
	}
	w.passBuf()
	w.buf = w.own[:0]
	return w.err
}

// SetLead makes events that follow by Object stand as e stood in its trace.
func (w *Writer) SetLead(e *Event) { w.lead = append(w.lead[:0], e.Lead()...) }
