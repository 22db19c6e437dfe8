package pipeline

import "tracekit/trace"

// NoDevice is what verbs say where no event is known to have run on a device.
const NoDevice = "no device work recognised; --hardware-is EXPR says what is"

// Report says what a verb has done. Dropped counts by kind, in the order in
// which they must be shown.
type Report struct {
	EventsIn, EventsOut int64
	BytesIn, BytesOut   int64 // of text, before any compression
	Dropped             []Dropped
	Notes               []string // what else a user must know, a line each
	Table               []string // lines of a table for people, that stands behind the notes
	Damage              trace.Damage
	// Empty says that nothing was kept but metadata. Only a filter may say so.
	Empty bool
	// Range is what was kept of the time of the trace, from and to; nil if that is no matter.
	Range *[2]trace.Time
}

// Note adds a note, unless it is empty.
func (r *Report) Note(text string) {
	if text != "" {
		r.Notes = append(r.Notes, text)
	}
}

// Dropped is how much of a kind of events was left out, and why.
type Dropped struct {
	Kind          string
	Events, Bytes int64
}

// Add counts e.
func (d *Dropped) Add(e *trace.Event) {
	d.Events++
	d.Bytes += int64(e.Size())
}
