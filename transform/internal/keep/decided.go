package keep

import (
	"tracekit/internal/bitset"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// decided is what becomes of begins and ends. Those that change grow with what is
// open at the edges of a range, all else is a bit each.
type decided struct {
	Keep   bitset.Set // that are kept as they are, by ordinal
	tracks bitset.Set // that some stay on

	Reopened []Moved    // begins that move to the start of the range
	Closed   []Moved    // ends that move to its end
	Fused    []Fusion   // pairs that become complete slices
	Unclosed [][]uint32 // ordinals of begins that get an end, by line, the innermost first

	texts texts // of all these, once they were met again
}

// Moved is a begin or end that stands at another time: when it was, and its ordinal.
type Moved struct {
	ts trace.Time
	n  uint32
}

// Fusion is a pair that becomes a complete slice. It has no end if none is in the
// trace.
type Fusion struct {
	Begin pairs.Mark
	End   *pairs.Mark
	Stop  trace.Time
}

func (d *decided) KeepMark(m pairs.Mark) {
	d.Keep.Add(m.Ordinal())
	d.tracks.Add(int(m.Track))
}

func (d *decided) Move(to *[]Moved, m pairs.Mark) {
	*to = append(*to, Moved{m.TS, uint32(m.Ordinal())})
	d.want(m)
}

func (d *decided) Fuse(b pairs.Mark, e *pairs.Mark, stop trace.Time) {
	d.Fused = append(d.Fused, Fusion{b, e, stop})
	d.want(b)
	if e != nil {
		d.want(*e)
	}
}

// Unclose gives ends to begins that are kept, or moved.
func (d *decided) Unclose(begins []uint32) {
	d.Unclosed = append(d.Unclosed, begins)
	for _, n := range begins {
		d.texts.want(int(n))
	}
}

func (d *decided) want(m pairs.Mark) {
	d.texts.want(m.Ordinal())
	d.tracks.Add(int(m.Track))
}

// has reports whether the n-th begin or end is kept, in whatever place.
func (d *decided) has(n int) bool { return d.texts.wanted.Has(n) || d.Keep.Has(n) }

// Collect keeps e, the n-th begin or end, if its text is wanted.
func (d *decided) Collect(n int, e *trace.Event) { d.texts.add(n, e) }

// Wants reports whether the text of some is needed.
func (d *decided) Wants() bool { return d.texts.some }

// Text is the n-th begin or end, whose text was collected. Its bytes are valid until the next call.
func (d *decided) Text(n int) *trace.Event { return d.texts.get(n) }
