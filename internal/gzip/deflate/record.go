package deflate

import "tracekit/internal/mem"

// record adds the literals src[from:i] and a match of n bytes at distance d to
// the block. There are margin bytes after i.
func (c *Compressor) record(src []byte, from, i, n, d int) {
	// There are few literals, most of the time.
	mem.Store64(c.lits[:], c.numLits, mem.Load64(src, from))
	mem.Store64(c.lits[:], c.numLits+8, mem.Load64(src, from+8))
	if i-from > 16 {
		copy(c.lits[c.numLits+16:], src[from+16:i])
	}
	c.numLits += i - from
	sym := distSymbol(d)
	dist := token(sym)<<8 | token(d-1-int(distBase[sym]))<<16
	run := token(i-from) << 32
	for n > maxMatch {
		part := min(maxMatch, n-minMatch)
		c.add(part, sym, dist|run)
		run = 0
		n -= part
	}
	c.add(n, sym, dist|run)
}

func (c *Compressor) add(n int, sym uint8, rest token) {
	n -= minMatch
	c.lenFreq[uint8(n)]++
	c.distFreq[sym%32]++
	c.tokens[c.numTokens] = token(uint8(n)) | rest
	c.numTokens++
}

// countLits counts literals, and lengths as symbols of the same code. It is
// apart from record since a loop over a few bytes costs more for guessing its
// end than for its bytes.
func (c *Compressor) countLits() {
	clear(c.litFreq[:])
	for _, b := range c.lits[:c.numLits] {
		c.litFreq[b]++
	}
	c.litFreq[endOfBlock] = 1
	for n, freq := range c.lenFreq {
		c.litFreq[lenSymbol[n]] += freq
	}
}
