package deflate

const (
	litSymbols  = 286
	distSymbols = 30
	endOfBlock  = 256
	litLimit    = 12
	distLimit   = 12
)

var lengthCode, lengthBase, lengthExtra = func() (code [256]uint16, base [29]uint8, extra [29]uint8) {
	n := 0
	for s := 0; s < 28; s++ {
		e := 0
		if s >= 8 {
			e = (s - 4) / 4
		}
		base[s], extra[s] = uint8(n), uint8(e)
		for range 1 << e {
			if n < 256 {
				code[n] = uint16(257 + s)
			}
			n++
		}
	}
	code[255], base[28], extra[28] = 285, 255, 0
	return
}()

var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

type encoder struct {
	out      bitWriter
	litLens  [litSymbols]uint8
	distLens [distSymbols]uint8
	lit      [litSymbols]code
	dist     [32]code
	length   [256]code
	scratch  [litSymbols]uint32
}

func (e *encoder) block(c *Compressor, from, to int) {
	c.litCount[endOfBlock] = 1
	codeLengths(e.litLens[:], c.litCount[:], litLimit, e.scratch[:])
	codeLengths(e.distLens[:], c.distCount[:distSymbols], distLimit, e.scratch[:])
	assign(e.lit[:], e.litLens[:])
	assign(e.dist[:], e.distLens[:])
	e.grow(400 + (to-from)*2)
	e.header()
	for i := range e.length {
		s := lengthCode[i]
		k := e.lit[s]
		e.length[i] = code(uint32(k.bits())|uint32(i-int(lengthBase[s-257]))<<k.len())<<8 | code(k.len()+uint(lengthExtra[s-257]))
	}
	e.body(c)
}

func (e *encoder) grow(n int) {
	if len(e.out.buf)-e.out.pos < n {
		b := make([]byte, e.out.pos+n+len(e.out.buf)/4)
		copy(b, e.out.buf[:e.out.pos])
		e.out.buf = b
	}
}

func (e *encoder) header() {
	o := &e.out
	o.add(0b100, 3)
	nlit, ndist := litSymbols, distSymbols
	for nlit > 257 && e.litLens[nlit-1] == 0 {
		nlit--
	}
	for ndist > 1 && e.distLens[ndist-1] == 0 {
		ndist--
	}
	var all [litSymbols + distSymbols]uint8
	copy(all[:], e.litLens[:nlit])
	copy(all[nlit:], e.distLens[:ndist])
	lens := all[:nlit+ndist]
	var syms [litSymbols + distSymbols]uint16 // sym | extra<<8
	var count [19]uint32
	k := 0
	put := func(s, x int) { syms[k] = uint16(s | x<<8); k++; count[s]++ }
	for i := 0; i < len(lens); {
		n := 1
		for i+n < len(lens) && lens[i+n] == lens[i] {
			n++
		}
		v := lens[i]
		i += n
		if v == 0 {
			for n >= 3 {
				r := min(n, 138)
				if r <= 10 {
					put(17, r-3)
				} else {
					put(18, r-11)
				}
				n -= r
			}
		} else {
			put(int(v), 0)
			n--
			for n >= 3 {
				r := min(n, 6)
				put(16, r-3)
				n -= r
			}
		}
		for range n {
			put(int(v), 0)
		}
	}
	var cl [19]uint8
	var cc [19]code
	codeLengths(cl[:], count[:], 7, e.scratch[:])
	assign(cc[:], cl[:])
	ncl := 19
	for ncl > 4 && cl[lengthOrder[ncl-1]] == 0 {
		ncl--
	}
	o.add(uint64(nlit-257), 5)
	o.add(uint64(ndist-1), 5)
	o.add(uint64(ncl-4), 4)
	o.flush()
	for _, s := range lengthOrder[:ncl] {
		o.add(uint64(cl[s]), 3)
		o.flush()
	}
	extra := [19]uint8{16: 2, 17: 3, 18: 7}
	for _, s := range syms[:k] {
		x := s >> 8
		s &= 0xff
		o.add(cc[s].bits(), cc[s].len())
		o.add(uint64(x), uint(extra[s]))
		o.flush()
	}
}

func (e *encoder) body(c *Compressor) {
	buf, pos, acc, n := e.out.buf, e.out.pos, e.out.acc, e.out.n
	all := c.lits[:]
	lit := (*[256]code)(e.lit[:256])
	length := &e.length
	dist := &e.dist
	p := 0
	last := c.nt - 1
	for i, t := range c.tokens[:c.nt] {
		run := int(t >> 32)
		for {
			b := load32(all, p)
			k3 := lit[uint8(b>>24)] & code((3-run)>>63)
			k2 := lit[uint8(b>>16)] & code((2-run)>>63)
			k1 := lit[uint8(b>>8)] & code((1-run)>>63)
			k0 := lit[uint8(b)] & code((0-run)>>63)
			v := k3.bits()
			v = v<<(k2&63) | k2.bits()
			v = v<<(k1&63) | k1.bits()
			v = v<<(k0&63) | k0.bits()
			acc |= v << (n & 63)
			n += (k0 + k1 + k2 + k3).len()
			store64(buf, pos, acc)
			pos += int(n >> 3)
			acc >>= n & 56
			n &= 7
			p += 4
			run -= 4
			if run <= 0 {
				break
			}
		}
		p += run
		if i == last {
			break
		}
		l := length[uint8(t)]
		s := t >> 8 & 31
		d := dist[s]
		v := uint64(t>>16&0xffff)<<(d&63) | d.bits()
		v = v<<(l&63) | l.bits()
		acc |= v << (n & 63)
		n += uint((l+d)&0xff) + uint(distExtra[s])
		store64(buf, pos, acc)
		pos += int(n >> 3)
		acc >>= n & 56
		n &= 7
	}
	e.out.pos, e.out.acc, e.out.n = pos, acc, n
	k := e.lit[endOfBlock]
	e.out.add(k.bits(), k.len())
	e.out.flush()
}

func (e *encoder) mark() []byte {
	e.grow(64)
	o := &e.out
	o.add(0, 3)
	o.align()
	o.add(0xffff0000, 32)
	o.flush()
	return o.buf[:o.pos]
}
