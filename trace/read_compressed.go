package trace

import (
	"sort"

	"tracekit/internal/gzip/verbatim"
)

// compressedText is a stretch of text, and how it was compressed.
type compressedText struct {
	from, to int64
	ranges   []*verbatim.Range
}

// recording knows how text was compressed.
type recording interface {
	// compressedOf returns how the text in [from, to) was compressed, as far as that is known,
	// for the caller to drop.
	compressedOf(from, to int64) []*verbatim.Range
	// need says that this will be asked of text from an offset on only.
	need(from int64)
	// recent returns how the text was packed that was read last.
	recent() []compressedText
}

// heldText is for how much text before the block at hand it is known in any case how
// it was packed, in bytes: more than there can be of an event that ends there, and
// does not go past the Writer's buffer.
const heldText = 1 << 20

// keepCompressed adds what is known of the next block and drops what is too old.
func (r *Reader) keepCompressed(b *block) {
	for i := range b.batch.Parts {
		b.batch.Parts[i].from = r
	}
	if b.compressed == nil {
		return
	}
	old := 0
	for old < len(r.compressed) && r.compressed[old].to <= min(b.off-heldText, r.needed) {
		old++
	}
	r.dropCompressed(old)
	r.compressed = append(r.compressed, compressedText{b.off, b.off + int64(b.hi-b.lo), b.compressed})
	b.compressed = nil
}

// dropCompressed drops the first n.
func (r *Reader) dropCompressed(n int) {
	for _, t := range r.compressed[:n] {
		verbatim.Drop(t.ranges)
	}
	r.compressed = append(r.compressed[:0], r.compressed[n:]...)
}

func (r *Reader) compressedOf(from, to int64) []*verbatim.Range {
	return compressedOf(r.compressed, from, to)
}

func (r *Reader) need(from int64) { r.needed = from }

func (r *Reader) recent() []compressedText { return r.compressed }

func compressedOf(list []compressedText, from, to int64) (all []*verbatim.Range) {
	i := sort.Search(len(list), func(i int) bool { return list[i].to > from })
	for ; i < len(list) && list[i].from < to; i++ {
		all = append(all, list[i].ranges...)
	}
	verbatim.Hold(all)
	return all
}
