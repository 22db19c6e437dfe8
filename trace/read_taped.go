package trace

import (
	"sort"

	"tracekit/internal/gzip/verbatim"
)

// taped is a stretch of text, and how it was packed.
type taped struct {
	from, to int64
	tapes    []*verbatim.Tape
}

// recording knows how text was packed.
type recording interface {
	// tapesOf returns how the text in [from, to) was packed, as far as that is known,
	// for the caller to drop.
	tapesOf(from, to int64) []*verbatim.Tape
	// need says that this will be asked of text from an offset on only.
	need(from int64)
	// recent returns how the text was packed that was read last.
	recent() []taped
}

// heldText is for how much text before the block at hand it is known in any case how
// it was packed, in bytes: more than there can be of an event that ends there, and
// does not go past the Writer's buffer.
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
	for old < len(r.tapes) && r.tapes[old].to <= min(b.off-heldText, r.needed) {
		old++
	}
	r.dropTapes(old)
	r.tapes = append(r.tapes, taped{b.off, b.off + int64(b.hi-b.lo), b.tapes})
	b.tapes = nil
}

// dropTapes lets go of the first n.
func (r *Reader) dropTapes(n int) {
	for _, t := range r.tapes[:n] {
		verbatim.Drop(t.tapes)
	}
	r.tapes = append(r.tapes[:0], r.tapes[n:]...)
}

func (r *Reader) tapesOf(from, to int64) []*verbatim.Tape { return tapesOf(r.tapes, from, to) }

func (r *Reader) need(from int64) { r.needed = from }

func (r *Reader) recent() []taped { return r.tapes }

func tapesOf(list []taped, from, to int64) (all []*verbatim.Tape) {
	i := sort.Search(len(list), func(i int) bool { return list[i].to > from })
	for ; i < len(list) && list[i].from < to; i++ {
		all = append(all, list[i].tapes...)
	}
	verbatim.Hold(all)
	return all
}
