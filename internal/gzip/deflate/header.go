package deflate

const (
	lengthSymbols = 19 // of the code for code lengths
	maxLengthBits = 7

	// Each takes more bits than the length that it says, in their order.
	repeatLast  = 16
	repeatZero  = 17
	repeatZeros = 18

	// maxHeader is more bytes than any header takes.
	maxHeader = (3 + 14 + 3*lengthSymbols + (litSymbols+distSymbols)*2*maxLengthBits) / 8
)

// lengthOrder is the order in which a header lists the lengths of the code for
// code lengths.
var lengthOrder = [lengthSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

var lengthExtra = [lengthSymbols]uint8{repeatLast: 2, repeatZero: 3, repeatZeros: 7}

// A codeLength is a symbol of the code for code lengths, and in the upper half
// its extra bits.
type codeLength uint16

// writeHeader writes what comes before a block's body. There is room for it.
func (c *Compressor) writeHeader() {
	numLits, numDists := used(c.litLens[:], firstLength), used(c.distLens[:], 1)
	var lens [litSymbols + distSymbols]uint8
	copy(lens[:], c.litLens[:numLits])
	copy(lens[numLits:], c.distLens[:numDists])
	var room [litSymbols + distSymbols]codeLength
	runs := appendRuns(room[:0], lens[:numLits+numDists])

	var freq [lengthSymbols]uint32
	for _, r := range runs {
		freq[r&0xff]++
	}
	var own [lengthSymbols]uint8
	var codes [lengthSymbols]code
	codeLengths(own[:], freq[:], maxLengthBits)
	assign(codes[:], own[:])
	var ordered [lengthSymbols]uint8
	for i, s := range lengthOrder {
		ordered[i] = own[s]
	}
	numOwn := used(ordered[:], 4)

	o := &c.out
	o.add(dynamic<<1, 3)
	o.add(uint64(numLits-firstLength), 5)
	o.add(uint64(numDists-1), 5)
	o.add(uint64(numOwn-4), 4)
	for _, n := range ordered[:numOwn] {
		o.add(uint64(n), 3)
		o.flush()
	}
	for _, r := range runs {
		o.addCode(codes[r&0xff])
		o.add(uint64(r>>8), uint(lengthExtra[r&0xff]))
		o.flush()
	}
}

// used is the number of lengths up to the last that is not zero, and no fewer
// than least.
func used(lens []uint8, least int) int {
	n := len(lens)
	for n > least && lens[n-1] == 0 {
		n--
	}
	return n
}

// appendRuns appends lens with its repetitions folded.
func appendRuns(runs []codeLength, lens []uint8) []codeLength {
	for i := 0; i < len(lens); {
		v, start := lens[i], i
		for i < len(lens) && lens[i] == v {
			i++
		}
		n := i - start
		if v != 0 {
			runs = append(runs, codeLength(v))
			n--
		}
		for n >= 3 {
			part := min(n, 6)
			r := repeatLast | codeLength(part-3)<<8
			if v == 0 && n <= 10 {
				part = n
				r = repeatZero | codeLength(part-3)<<8
			} else if v == 0 {
				part = min(n, 138)
				r = repeatZeros | codeLength(part-11)<<8
			}
			runs = append(runs, r)
			n -= part
		}
		for range n {
			runs = append(runs, codeLength(v))
		}
	}
	return runs
}
