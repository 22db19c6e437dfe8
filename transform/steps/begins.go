package steps

import (
	"tracekit/internal/bitset"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// begun are the markers that are a begin and an end. Of a track, only what stands behind its
// first marker counts: what began before can't end inside of a marker.
type begun struct {
	marks             []int // which marks they are, as at takes them
	tracks            bitset.Set
	last              trace.Time // of their tracks
	pairs.Follow[int]            // gives an end the mark of its begin, noMark for what is no marker
}

const noMark = -1

// at is a mark: of the marks by its index, or, below noMark, of those whose threads have no name yet.
func (f *Finder) at(item int) *mark {
	if item < noMark {
		return &f.unnamed[noMark-1-item]
	}
	return &f.marks[item]
}

// beginOrEnd looks at a begin or an end. An end closes a begin in the order of the file, as
// long as that is the order of time.
func (f *Finder) beginOrEnd(e *trace.Event) {
	item := noMark
	if e.Phase == 'B' {
		item = f.beginning(e)
	}
	if len(f.begun.marks) == 0 {
		return
	}
	track := f.tracks.Of(e)
	if item != noMark {
		f.begun.tracks.Add(track)
	} else if !f.begun.tracks.Has(track) {
		return
	}
	f.begun.last = max(f.begun.last, e.TS)
	of := f.begun.Next(track, e, item)
	if e.Phase == 'E' && of != noMark {
		f.at(of).end = e.TS
	}
}

// beginning is the mark that a begin is, noMark if it is none.
func (f *Finder) beginning(e *trace.Event) int {
	item, unnamed := len(f.marks), len(f.unnamed)
	f.slice(e)
	switch {
	case len(f.marks) > item:
	case len(f.unnamed) > unnamed:
		item = noMark - 1 - unnamed
	default:
		return noMark
	}
	f.at(item).end = unfinished
	f.begun.marks = append(f.begun.marks, item)
	return item
}

// unfinished is the end of a marker that has none yet.
const unfinished = trace.MaxTime

// loosen forgets the ends of begins if they may be those of others.
func (f *Finder) loosen() {
	if f.begun.OutOfOrder {
		for _, i := range f.begun.marks {
			f.at(i).end = unfinished
		}
	}
}

// finish ends what is unfinished of the sorted marks: where the next of its kind on its track
// begins, or at the last time that is known.
func (f *Finder) finish() {
	next := unfinished
	for i := len(f.sorted) - 1; i >= 0; i-- {
		m := &f.sorted[i]
		switch {
		case i+1 == len(f.sorted) || f.sorted[i+1].row != m.row || f.sorted[i+1].track != m.track:
			next = unfinished
		case f.sorted[i+1].start > m.start:
			next = f.sorted[i+1].start
		}
		if m.end != unfinished {
			continue
		}
		if m.end = next; next == unfinished {
			m.end = max(m.start, f.begun.last)
		}
	}
}
