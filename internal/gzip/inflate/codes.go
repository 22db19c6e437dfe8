package inflate

import "sync"

const (
	maxLitLen = 286 // symbols that may be used; the fixed code has two more
	maxDist   = 30
	fixedLits = 288
	fixedDist = 32
	lengths   = 19 // symbols of the code that codes the other codes' lengths

	endOfBlock = 256

	// The first lookup takes this many bits; longer codes need a second one.
	litBits    = 11
	distBits   = 8
	lengthBits = 7

	// The most entries that first table and second tables together can need
	// for any complete code of so many symbols of at most 15 bits.
	litEntries  = 2342
	distEntries = 402
)

// codes are the Huffman codes of the current block, as tables of entries.
type codes struct {
	lit  [litEntries]entry
	dist [distEntries]entry

	// pairs is what lit[:1<<litBits] finds, up to two symbols at once.
	pairs [1 << litBits]entry

	lengthCode [1 << lengthBits]entry
	lens       [fixedLits + fixedDist]uint8
}

// lengthOrder is the order in which a header lists the lengths of the code for
// code lengths.
var lengthOrder = [lengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// fixedCodes are the tables of the fixed codes. Some writers make many small
// blocks of these, so they are built once.
var fixedCodes = sync.OnceValue(func() *codes {
	c := new(codes)
	lens := c.lens[:fixedLits]
	for i := range lens {
		switch {
		case i < 144, i >= 280:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		default:
			lens[i] = 7
		}
	}
	buildPairs(c.pairs[:], c.lit[:], lens)
	lens = c.lens[:fixedDist]
	for i := range lens {
		lens[i] = 5
	}
	build(c.dist[:], distBits, lens, distSymbols[:])
	return c
})

func (c *codes) fixed() {
	f := fixedCodes()
	copy(c.lit[:1<<litBits], f.lit[:]) // none of the codes is longer than that
	copy(c.dist[:1<<distBits], f.dist[:])
	c.pairs = f.pairs
}

// fixedEnd is the fixed code that ends a block, all zeros, in bits.
const fixedEnd = 7

// dynamicHeader reads a block's own codes.
func (r *Reader) dynamicHeader() error {
	if !r.need(14) {
		return r.short()
	}
	lits, dists, n := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	if lits > maxLitLen || dists > maxDist {
		return r.corrupt("too many symbols in block header")
	}
	if err := r.lengthHeader(n); err != nil {
		return err
	}
	if err := r.readLengths(r.lens[:lits+dists]); err != nil {
		return err
	}
	if r.symbols != nil {
		r.symbols.End, r.symbols.EndLen = codeOf(r.lens[:lits], endOfBlock)
	}
	if !buildPairs(r.pairs[:], r.lit[:], r.lens[:lits]) {
		return r.corrupt("literal and length code is not a prefix code")
	}
	if !build(r.dist[:], distBits, r.lens[lits:lits+dists], distSymbols[:]) {
		return r.corrupt("distance code is not a prefix code")
	}
	return nil
}

// lengthHeader reads the code for code lengths, n of its lengths given.
func (r *Reader) lengthHeader(n int) error {
	var lens [lengths]uint8
	for _, symbol := range lengthOrder[:n] {
		if !r.need(3) {
			return r.short()
		}
		lens[symbol] = uint8(r.take(3))
	}
	if !build(r.lengthCode[:], lengthBits, lens[:], lengthSymbols[:]) {
		return r.corrupt("code of code lengths is not a prefix code")
	}
	return nil
}

// readLengths reads the code lengths of both codes, which are one list.
func (r *Reader) readLengths(lens []uint8) error {
	for i := 0; i < len(lens); {
		e, err := r.symbol(r.lengthCode[:], lengthBits)
		if err != nil {
			return err
		}
		if e.base() < 16 {
			lens[i] = uint8(e.base())
			i++
			continue
		}
		var value uint8
		run, extra := 3, uint(2)
		switch e.base() {
		case 16:
			if i == 0 {
				return r.corrupt("first code length is a repetition")
			}
			value = lens[i-1]
		case 17:
			extra = 3
		default:
			run, extra = 11, 7
		}
		if !r.need(extra) {
			return r.short()
		}
		run += int(r.take(extra))
		if run > len(lens)-i {
			return r.corrupt("code lengths run over their number")
		}
		for range run {
			lens[i] = value
			i++
		}
	}
	return nil
}
