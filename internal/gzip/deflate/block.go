package deflate

const (
	stored  = 0
	dynamic = 2

	maxStored = 1<<16 - 1 // bytes in a stored block

	// Codes could take 15 bits. With fewer, four literals fit into one
	// store, decoders need but one look-up, and the loss is 0.1 %.
	maxLitBits  = 11
	maxDistBits = 11
)

// writeBlock writes the tokens, which stand for src, or src itself if that
// takes less.
func (c *Compressor) writeBlock(src []byte) {
	c.makeCodes()
	before := c.out
	c.out.grow(maxHeader)
	c.writeHeader()
	size := len(src) + 5*(1+len(src)/maxStored)
	if body := c.bodyBits()/8 + 1; c.out.pos-before.pos+body < size {
		c.out.grow(body)
		c.writeBody()
		return
	}
	c.out.pos, c.out.acc, c.out.n = before.pos, before.acc, before.n
	for len(src) > 0 {
		n := min(len(src), maxStored)
		c.writeStored(src[:n])
		src = src[n:]
	}
}

// writeStored writes a block that is not compressed, of at most maxStored
// bytes.
func (c *Compressor) writeStored(src []byte) {
	o := &c.out
	o.grow(len(src) + 5)
	o.add(stored<<1, 3)
	o.align()
	o.add(uint64(len(src))|uint64(^uint16(len(src)))<<16, 32)
	o.flush()
	o.pos += copy(o.buf[o.pos:], src)
}

func (c *Compressor) makeCodes() {
	codeLengths(c.litLens[:], c.litFreq[:], maxLitBits)
	codeLengths(c.distLens[:], c.distFreq[:], maxDistBits)
	assign(c.litCode[:], c.litLens[:])
	assign(c.distCode[:], c.distLens[:])
	for n := range c.lenCode {
		s := lenSymbol[n]
		k := c.litCode[s]
		extra := uint64(n-int(lenBase[s-firstLength])) << k.len()
		c.lenCode[n] = newCode(k.bits()|extra, k.len()+uint(lenExtra[s-firstLength]))
	}
}

// bodyBits is how many bits writeBody is going to write.
func (c *Compressor) bodyBits() int {
	sum := 0
	for s, freq := range c.litFreq[:firstLength] {
		sum += int(freq) * int(c.litLens[s])
	}
	for n, freq := range c.lenFreq {
		sum += int(freq) * int(c.lenCode[n].len())
	}
	for s, freq := range c.distFreq {
		sum += int(freq) * int(c.distLens[s]+distExtra[s])
	}
	return sum
}
