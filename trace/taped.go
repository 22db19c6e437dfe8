package trace

import (
	"sort"

	"tracekit/internal/passage"
)

// taped is a stretch of text, and how it was packed.
type taped struct {
	from, to int64
	tapes    []*passage.Tape
}

// recording knows how text was packed.
type recording interface {
	// tapesOf returns how the text in [from, to) was packed, as far as that is known.
	tapesOf(from, to int64) []*passage.Tape
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

func (r *Reader) tapesOf(from, to int64) []*passage.Tape { return tapesOf(r.tapes, from, to) }

func tapesOf(list []taped, from, to int64) (all []*passage.Tape) {
	i := sort.Search(len(list), func(i int) bool { return list[i].to > from })
	for ; i < len(list) && list[i].from < to; i++ {
		all = append(all, list[i].tapes...)
	}
	return all
}
