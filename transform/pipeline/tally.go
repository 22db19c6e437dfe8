package pipeline

import (
	"cmp"
	"slices"

	"tracekit/trace"
)

// Tally counts events by category: all that there are, and those that are kept. A nil
// Tally counts nothing.
type Tally struct {
	rows map[string]*Row
	last *Row
}

// Row is what a category has. Bytes are of text.
type Row struct {
	Category              string
	Events, Bytes         int64
	KeptEvents, KeptBytes int64
}

// Uncategorized and Metadata are rows of events that have no category.
const (
	Uncategorized = "(none)"
	Metadata      = "(metadata)"
)

// Reset forgets all that was counted.
func (t *Tally) Reset() { *t = Tally{} }

// In counts an event of the input.
func (t *Tally) In(e *trace.Event) {
	if t != nil {
		r := t.row(e)
		r.Events++
		r.Bytes += int64(e.Size())
	}
}

// Out counts an event that is kept; size is what is left of it, in bytes.
func (t *Tally) Out(e *trace.Event, size int) {
	if t != nil {
		r := t.row(e)
		r.KeptEvents++
		r.KeptBytes += int64(size)
	}
}

func (t *Tally) row(e *trace.Event) *Row {
	cat := e.Cat()
	name := ""
	switch {
	case e.IsMeta():
		name = Metadata
	case len(cat) == 0:
		name = Uncategorized
	case t.last != nil && t.last.Category == string(cat):
		return t.last
	}
	if name == "" {
		name = string(cat)
	}
	r := t.rows[name]
	if r == nil {
		if t.rows == nil {
			t.rows = map[string]*Row{}
		}
		r = &Row{Category: name}
		t.rows[name] = r
	}
	t.last = r
	return r
}

// Rows are the categories, those with the most bytes first.
func (t *Tally) Rows() []Row {
	var rows []Row
	for _, r := range t.rows {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Category, b.Category))
	})
	return rows
}
