package deflate

import "math/bits"

const (
	hashBits  = 14
	hashBytes = 8
	window    = 32 << 10
	maxMatch  = 258
	maxTokens = 16 << 10
	maxLits   = 32 << 10
	margin    = 24
)

// token is literals and a match after them.
// bits 0..7 length-3, 8..12 dist code, 16..31 dist extra, 32.. literal run.
type token uint64

func hash(v uint64) uint64 {
	return (v << (64 - 8*hashBytes)) * 0x9E3779B185EBCA87 >> (64 - hashBits)
}

const hashMask = 1<<(8*hashBytes) - 1

func (c *Compressor) parse(from int) (end int) {
	src := c.src
	clear(c.lenCount[:])
	clear(c.distCount[:])
	table := &c.table
	tokens := &c.tokens
	lits := &c.lits
	nt, nl := 0, 0
	anchor := from
	i := from
	limit := len(src) - margin
	for i < limit && nt < maxTokens-8 {
		v := load64(src, i)
		h := hash(v)
		d := int(uint16(i) - table[h])
		table[h] = uint16(i)
		if uint(d-1) >= window || (load64(src, i-d)^v)&hashMask != 0 {
			i += 1 + (i-anchor)>>6
			if nl+i-anchor >= maxLits {
				break
			}
			continue
		}
		// extend backward
		for i > anchor && i-d > 0 && src[i-1] == src[i-1-d] {
			i--
		}
		x := d - 1
		if x >= 256 {
			x = x>>7 + 256
		}
		dc := distCode[x&511]
		td := token(dc)<<8 | token(d-1-int(distBase[dc&31]))<<16
		for {
			run := i - anchor
			if nl+run > maxLits {
				i = anchor
				break
			}
			n := matchLen(src, i, d)
			copy16(lits[:], nl, src, anchor)
			if run > 16 {
				copy(lits[nl+16:], src[anchor+16:i])
			}
			nl += run
			i += n
			anchor = i
			tr := token(run) << 32
			for n > maxMatch {
				k := min(maxMatch, n-3)
				c.lenCount[k-3]++
				c.distCount[dc&31]++
				tokens[nt&(maxTokens-1)] = token(k-3) | td | tr
				nt++
				tr = 0
				n -= k
			}
			c.lenCount[uint8(n-3)]++
			c.distCount[dc&31]++
			tokens[nt&(maxTokens-1)] = token(uint8(n-3)) | td | tr
			nt++
			if i >= limit || nt > maxTokens-16 {
				break
			}
			v := load64(src, i-2)
			table[hash(v)] = uint16(i - 2)
			// try same distance
			x := load64(src, i+1) ^ load64(src, i+1-d)
			x |= x >> 8
			x |= x >> 16
			m := (x - 0x0101010101) &^ x & 0x8080808080
			if m == 0 {
				break
			}
			i += 1 + bits.TrailingZeros64(m)>>3
		}
	}
	if i >= limit {
		i = min(len(src), anchor+maxLits-nl)
	}
	run := copy(lits[nl:], src[anchor:i])
	nl += run
	tokens[nt&(maxTokens-1)] = token(run) << 32
	nt++
	c.nt = nt
	c.countLits(lits[:nl])
	return i
}

func (c *Compressor) countLits(lits []byte) {
	clear(c.litCount[:])
	for _, b := range lits {
		c.litCount[b]++
	}
	for n, k := range c.lenCount {
		c.litCount[lengthCode[n]] += k
	}
}

func matchLen(src []byte, i, d int) int {
	s := i
	for i+32 <= len(src) {
		x0 := load64(src, i) ^ load64(src, i-d)
		x1 := load64(src, i+8) ^ load64(src, i-d+8)
		x2 := load64(src, i+16) ^ load64(src, i-d+16)
		x3 := load64(src, i+24) ^ load64(src, i-d+24)
		if x0|x1|x2|x3 != 0 {
			k := 24
			x := x3
			if x2 != 0 {
				x, k = x2, 16
			}
			if x1 != 0 {
				x, k = x1, 8
			}
			if x0 != 0 {
				x, k = x0, 0
			}
			return i - s + k + bits.TrailingZeros64(x)>>3
		}
		i += 32
	}
	for i+8 <= len(src) {
		if x := load64(src, i) ^ load64(src, i-d); x != 0 {
			return i - s + bits.TrailingZeros64(x)>>3
		}
		i += 8
	}
	for i < len(src) && src[i] == src[i-d] {
		i++
	}
	return i - s
}

var distBase, distCode, distExtra = func() (base [32]uint16, code [512]uint8, extra [32]uint8) {
	at := 0
	for s := range 30 {
		e := max(0, s/2-1)
		base[s], extra[s] = uint16(at), uint8(e)
		for range 1 << e {
			if at < 256 {
				code[at] = uint8(s)
			} else {
				code[256+at>>7] = uint8(s)
			}
			at++
		}
	}
	return
}()
