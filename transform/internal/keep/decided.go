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

	Reopened []pairs.Mark   // begins that move to the start of the range
	Closed   []pairs.Mark   // ends that move to its end
	Fused    []Fusion       // pairs that become complete slices
	Unclosed [][]pairs.Mark // begins that get an end, by line, the innermost first

	texts texts // of all these, once they were met again
}

// Fusion is a pair that becomes a complete slice. It has no end if none is in the
// trace.
type Fusion struct {
	Begin pairs.Mark
	End   *pairs.Mark
	Stop  trace.Time
}

func (d *decided) Stay(m pairs.Mark) {
	d.Keep.Add(m.Ordinal())
	d.tracks.Add(int(m.Track))
}

func (d *decided) Move(to *[]pairs.Mark, m pairs.Mark) {
	*to = append(*to, m)
	d.want(m)
}

func (d *decided) Fuse(b pairs.Mark, e *pairs.Mark, stop trace.Time) {
	d.Fused = append(d.Fused, Fusion{b, e, stop})
	d.want(b)
	if e != nil {
		d.want(*e)
	}
}

func (d *decided) Unclose(begins []pairs.Mark) {
	d.Unclosed = append(d.Unclosed, begins)
	for _, b := range begins {
		d.want(b)
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

// Text is a begin or end whose text was collected. Its bytes are valid until the next call.
func (d *decided) Text(m pairs.Mark) *trace.Event { return d.texts.get(m.Ordinal()) }
