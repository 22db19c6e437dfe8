package trace

import "tracekit/internal/passage"

// taped is a stretch of text, and how it was packed.
type taped struct {
	from, to int64
	tapes    []*passage.Tape
}

// heldText is for how much text before the block at hand it is known how it was
// packed, in bytes: as much as a Writer gathers at once.
const heldText = 1 << 20

// keepTapes takes those of the next block and lets go of what is too old.
func (r *Reader) keepTapes(b *block) {
	for i := range b.batch.Parts {
		b.batch.Parts[i].from = r
	}
	if b.tapes == nil {
		return
	}
	old := 0
	for old < len(r.tapes) && r.tapes[old].to <= b.off-heldText {
		old++
	}
	r.tapes = append(r.tapes[:0], r.tapes[old:]...)
	r.tapes = append(r.tapes, taped{b.off, b.off + int64(b.hi-b.lo), b.tapes})
	b.tapes = nil
}

// tapesOf returns how the text in [from, to) was packed, as far as that is known.
func (r *Reader) tapesOf(from, to int64) (all []*passage.Tape) {
	for _, t := range r.tapes {
		if t.from < to && from < t.to {
			all = append(all, t.tapes...)
		}
	}
	return all
}
