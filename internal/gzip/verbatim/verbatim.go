// Package verbatim copies compressed text that is written as it was read: its bits need
// not be decompressed and compressed again.
//
// A decoder records as Ranges how the text is stored in its file. A writer describes each
// stretch of its output that is a stretch of that text as a Run; [Run.Copies] says which
// bits of the file it can copy for it. A block of symbols of deflate (RFC 1951) can be
// copied from any symbol to any other, together with the block's header, as long as the
// text that the symbols refer back to is there.
package verbatim

// Every is the distance of symbol boundaries in a Range, in bytes of text, where there are
// that many.
const Every = 32 << 10

// Window is how far symbols may refer back, in bytes of text.
const Window = 32 << 10

// LeastRun is the shortest run of which something can be copied in any case, in
// bytes of text.
const LeastRun = Window + Every + least

const (
	least = 16 << 10 // bytes of text: the shortest copy that is worth it
	ratio = 4        // text must have been packed to this fraction, or compressing it again is better
)

// Range is a compressed range of a gzip file and the text that it holds. It is not
// changed once it is recorded.
type Range struct {
	Base       int64      // offset of Bits in the file, in bytes
	Bits       []byte     // between two boundaries with symbols in between, they continue in the next Range
	Boundaries []Boundary // in the order of the file

	buffer *Buffer // that Bits view, nil if it has no pool
}

// Shift moves a Range that was counted from a place in the file, file bytes from its start
// with text bytes of text before.
func (t *Range) Shift(file, text int64) {
	t.Base += file
	var last *Block
	for i := range t.Boundaries {
		p := &t.Boundaries[i]
		p.Text += text
		p.Bit += 8 * file
		if p.Block != nil && p.Block != last {
			p.Block.Start += 8 * file
			last = p.Block
		}
	}
}

// Cut returns the bits of a file in [from, to), which the ranges hold, the first one
// lowest, and zeros behind them.
func Cut(ranges []*Range, from, to int64) []byte {
	b := make([]byte, (to-from+7)/8)
	at := from
	for _, t := range ranges {
		for ; at < to && at/8 >= t.Base && at/8 < t.end(); at++ {
			bit := t.Bits[at/8-t.Base] >> (at % 8) & 1
			b[(at-from)/8] |= bit << ((at - from) % 8)
		}
	}
	return b
}

// end is the offset behind Bits in the file.
func (t *Range) end() int64 { return t.Base + int64(len(t.Bits)) }

// Boundary is where a symbol begins. Boundaries depend on the file alone, not on how or
// from where it is read: they are the beginning and the end of each block of symbols, and
// the first symbol at or behind each multiple of Every in the text.
type Boundary struct {
	Text  int64  // offset in the text, bytes
	Bit   int64  // offset in the file, bits
	Block *Block // nil where there are no symbols up to the next boundary
}

// Block is a deflate block of symbols.
type Block struct {
	Start  int64  // offset of its header in the file, bits
	Header []byte // the header's bits, the lowest first; none says that it is the last block
	Bits   uint   // how many there are
	End    uint32 // the code that ends the block, its first bit lowest
	EndLen uint   // how many bits that has
}

// Run is a stretch of text that is to be written just as it was read.
type Run struct {
	From, To int   // in what is written, bytes
	Text     int64 // offset of From in the text that was read
	Ranges   []*Range
}

// Copy is a part of the output that can be copied: from the first of Boundaries to the
// last, between any two of which are symbols.
type Copy struct {
	From, To   int
	Boundaries []Boundary
	Ranges     []*Range // hold all bits between the boundaries
}

// Copies appends to dst what can be copied of r.
func (r *Run) Copies(dst []Copy) []Copy {
	var boundaries []Boundary
	at := func(p Boundary) int { return r.From + int(p.Text-r.Text) }
	done := func() {
		if n := len(boundaries); n > 1 {
			first, last := boundaries[0], boundaries[n-1]
			if text := last.Text - first.Text; text >= least && (last.Bit-first.Bit)/8 <= text/ratio {
				dst = append(dst, Copy{From: at(first), To: at(last), Boundaries: boundaries, Ranges: r.Ranges})
			}
		}
		boundaries = nil
	}
	for i, t := range r.Ranges {
		if i > 0 && t.Base > r.Ranges[i-1].end() {
			done()
		}
		for _, p := range t.Boundaries {
			switch {
			case p.Text < r.Text+Window:
				continue // not all that symbols may refer to is there
			case at(p) >= r.To:
				// Of what stands right at the end, it depends on the reading
				// whether these ranges hold it.
				done()
				return dst
			case p.Block != nil || len(boundaries) > 0:
				boundaries = append(boundaries, p)
			}
			if p.Block == nil {
				done()
			}
		}
	}
	done()
	return dst
}
