package deflate

import "tracekit/internal/mem"

// writeBody writes the tokens and the end of the block. There is room for it.
//
// It is one long function on local variables, since most of its time goes where
// values wait for each other and branches are guessed wrong. So up to four
// literals, which are most runs, are written without asking how many there are:
// codes beyond the number become empty.
func (c *Compressor) writeBody() {
	buf, pos, acc, n := c.out.buf, c.out.pos, c.out.acc, c.out.n
	lit := (*[256]code)(c.litCode[:])
	all, p := c.lits[:], 0
	for i, t := range c.tokens[:c.numTokens] {
		run := int(t >> 32)
		for run > 0 {
			b := mem.Load32(all, p)
			k0 := lit[uint8(b)]
			k1 := lit[uint8(b>>8)] & code((1-run)>>63)
			k2 := lit[uint8(b>>16)] & code((2-run)>>63)
			k3 := lit[uint8(b>>24)] & code((3-run)>>63)
			v := k3.bits()
			v = v<<(k2&63) | k2.bits()
			v = v<<(k1&63) | k1.bits()
			v = v<<(k0&63) | k0.bits()
			acc |= v << (n & 63)
			n += (k0 + k1 + k2 + k3).len()
			mem.Store64(buf, pos, acc)
			pos += int(n >> 3)
			acc >>= n & 56
			n &= 7
			p += 4
			run -= 4
		}
		p += run
		if i == c.numTokens-1 {
			break
		}
		length, sym := c.lenCode[uint8(t)], t>>8&(distSymbols-1)
		dist := c.distCode[sym]
		v := uint64(t>>16&0xffff)<<(dist&63) | dist.bits()
		v = v<<(length&63) | length.bits()
		acc |= v << (n & 63)
		n += (length + dist).len() + uint(distExtra[sym])
		mem.Store64(buf, pos, acc)
		pos += int(n >> 3)
		acc >>= n & 56
		n &= 7
	}
	c.out.pos, c.out.acc, c.out.n = pos, acc, n
	c.out.addCode(c.litCode[endOfBlock])
	c.out.flush()
}
