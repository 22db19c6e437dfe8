// Package verbatim is for text that leaves as it came. What was read compressed need
// not be compressed again to be written: its bits can be copied.
//
// A decoder records on tapes how the text stands in its file. A writer that knows
// which stretches of its text are which of the file's finds on them what it may
// copy. It is a matter of deflate (RFC 1951): a block of symbols can be copied from
// any symbol to any other, given the header that says how to read them, as long as
// what the symbols refer to is there.
package verbatim

// Every is how far places are apart on a tape, in bytes of text, where there are
// that many.
const Every = 32 << 10

// Window is how far symbols may refer back, in bytes of text.
const Window = 32 << 10

// LeastRun is the shortest run of which something can be copied in any case, in
// bytes of text.
const LeastRun = Window + Every + least

const (
	least = 16 << 10 // bytes of text: the shortest copy that is worth it
	ratio = 4        // text must have been packed to this fraction, or packing it anew is better
)

// Tape is how a stretch of text stands in a gzip file. It is not changed once
// it is recorded.
type Tape struct {
	Base   int64   // offset of Bits in the file, in bytes
	Bits   []byte  // between two places with symbols in between, they go on on the next tape
	Places []Place // in the order of the file

	roll *Roll // that Bits view, nil if nobody wants it back
}

// Shift moves a tape that counts from file bytes into a file, where text bytes stand
// before it.
func (t *Tape) Shift(file, text int64) {
	t.Base += file
	var last *Block
	for i := range t.Places {
		p := &t.Places[i]
		p.Text += text
		p.Bit += 8 * file
		if p.Block != nil && p.Block != last {
			p.Block.Start += 8 * file
			last = p.Block
		}
	}
}

// Cut returns the bits of a file in [from, to), which are on the tapes, the first
// one lowest, and zeros behind them.
func Cut(tapes []*Tape, from, to int64) []byte {
	b := make([]byte, (to-from+7)/8)
	at := from
	for _, t := range tapes {
		for ; at < to && at/8 >= t.Base && at/8 < t.end(); at++ {
			bit := t.Bits[at/8-t.Base] >> (at % 8) & 1
			b[(at-from)/8] |= bit << ((at - from) % 8)
		}
	}
	return b
}

// end is the offset behind Bits in the file.
func (t *Tape) end() int64 { return t.Base + int64(len(t.Bits)) }

// Place is where a symbol begins. They depend on the file alone, not on how or from
// where it is read: places are the beginning and the end of each block of symbols,
// and the first symbol at or behind each multiple of Every in the text.
type Place struct {
	Text  int64  // offset in the text, bytes
	Bit   int64  // offset in the file, bits
	Block *Block // nil where there are no symbols up to the next place
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
	Tapes    []*Tape
}

// Copy is a part of what is written that can be copied: from Places[0] to the last
// of Places, between any two of which are symbols.
type Copy struct {
	From, To int
	Places   []Place
	Tapes    []*Tape // hold all bits between the places
}

// Copies appends to dst what can be copied of r.
func (r *Run) Copies(dst []Copy) []Copy {
	var places []Place
	at := func(p Place) int { return r.From + int(p.Text-r.Text) }
	done := func() {
		if n := len(places); n > 1 {
			first, last := places[0], places[n-1]
			if text := last.Text - first.Text; text >= least && (last.Bit-first.Bit)/8 <= text/ratio {
				dst = append(dst, Copy{From: at(first), To: at(last), Places: places, Tapes: r.Tapes})
			}
		}
		places = nil
	}
	for i, t := range r.Tapes {
		if i > 0 && t.Base > r.Tapes[i-1].end() {
			done()
		}
		for _, p := range t.Places {
			switch {
			case p.Text < r.Text+Window:
				continue // not all that symbols may refer to is there
			case at(p) >= r.To:
				// Of what stands right at the end, it depends on the reading
				// whether it is on these tapes.
				done()
				return dst
			case p.Block != nil || len(places) > 0:
				places = append(places, p)
			}
			if p.Block == nil {
				done()
			}
		}
	}
	done()
	return dst
}
