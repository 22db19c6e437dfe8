package deflate

import (
	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/mem"
)

// writeCopy writes what is packed already, as whole blocks.
func (c *Compressor) writeCopy(p *verbatim.Copy) {
	o := &c.out
	block, from := p.Boundaries[0].Block, p.Boundaries[0].Bit
	o.addHeader(block)
	for i, next := range p.Boundaries[1:] {
		last := i == len(p.Boundaries)-2
		switch {
		case next.Block == nil:
			o.addBits(p.Ranges, from, next.Bit)
		case next.Block.Start != block.Start:
			o.addBits(p.Ranges, from, next.Block.Start)
			if !last {
				block, from = next.Block, next.Bit
				o.addHeader(block)
			}
		case last:
			o.addBits(p.Ranges, from, next.Bit)
			o.grow(8)
			o.add(uint64(block.End), block.EndLen)
			o.flush()
		}
	}
}

func (o *bitWriter) addHeader(b *verbatim.Block) {
	t := verbatim.Range{Bits: b.Header}
	o.addBits([]*verbatim.Range{&t}, 0, int64(b.Bits))
}

// addBits adds the bits of a file in [from, to), which the ranges hold.
func (o *bitWriter) addBits(ranges []*verbatim.Range, from, to int64) {
	o.grow(int(to-from)/8 + 8)
	for _, t := range ranges {
		base := 8 * t.Base
		if end := min(to, base+8*int64(len(t.Bits))); from >= base && from < end {
			o.copyBits(t.Bits, int(from-base), int(end-base))
			from = end
		}
	}
	if from < to {
		panic("deflate: a range does not hold what is between its boundaries")
	}
}

// copyBits adds the bits of b in [from, to).
func (o *bitWriter) copyBits(b []byte, from, to int) {
	const step = 56
	for to-from >= step && from/8+8 <= len(b) {
		o.add(mem.Load64(b, from/8)>>(from&7)&(1<<step-1), step)
		o.flush()
		from += step
	}
	for from < to {
		n := min(8-from&7, to-from)
		o.add(uint64(b[from/8]>>(from&7))&(1<<n-1), uint(n))
		o.flush()
		from += n
	}
}
