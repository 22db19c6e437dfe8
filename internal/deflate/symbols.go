package deflate

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

	// near and far find the symbol of a distance, less one: near up to 255,
	// far by the bits above the lowest seven.
	near, far [256]uint8
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
		for range 1 << extra {
			if at < len(near) {
				near[at] = uint8(s)
			}
			far[at>>7] = uint8(s)
			at++
		}
	}
}

func distSymbol(d int) uint8 {
	if d <= len(near) {
		return near[d-1]
	}
	return far[uint8((d-1)>>7)]
}
