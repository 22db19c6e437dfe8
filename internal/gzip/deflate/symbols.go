package deflate

import "math/bits"

const (
	endOfBlock  = 256
	firstLength = 257
	litSymbols  = 286 // literals, end of block and lengths
	distSymbols = 32  // of which the last two do not occur
)

var (
	lenSymbol [maxMatch - minMatch + 1]uint16
	lenBase   [litSymbols - firstLength]uint8 // least length of each symbol, less minMatch
	lenExtra  [litSymbols - firstLength]uint8 // how many bits follow the symbol

	distBase  [distSymbols]uint16 // least distance of each symbol, less one
	distExtra [distSymbols]uint8
)

func init() {
	last := len(lenBase) - 1 // is for the longest match alone
	at := 0
	for s := range last {
		extra := max(0, s/4-1)
		lenBase[s], lenExtra[s] = uint8(at), uint8(extra)
		for range min(1<<extra, len(lenSymbol)-at) {
			lenSymbol[at] = uint16(firstLength + s)
			at++
		}
	}
	lenBase[last] = maxMatch - minMatch
	lenSymbol[maxMatch-minMatch] = uint16(firstLength + last)

	at = 0
	for s := range distSymbols - 2 {
		extra := max(0, s/2-1)
		distBase[s], distExtra[s] = uint16(at), uint8(extra)
		at += 1 << extra
	}
}

// distSymbol is the symbol of a distance: 2*(bits-1) and the bit below the highest.
func distSymbol(d int) uint8 {
	x := uint(d - 1)
	n := uint(bits.Len(x|1)) - 1 // of the highest bit
	s := 2*n + x>>((n-1)&63)&1
	if x < 2 {
		s = x
	}
	return uint8(s)
}
