package inflate

// decodeHuffman goes on with a block of symbols: by the fast loop where there
// is room on both sides, by the careful one at the edges.
func (r *Reader) decodeHuffman() error {
	if r.match.length > 0 {
		return r.copyMatch()
	}
	limit := min(len(r.block), r.out+checkedAtOnce)
	if r.late != nil {
		return r.careful(min(limit, r.out+int(r.late.until-r.output())))
	}
	if r.symbols != nil {
		if r.output() >= r.nextBoundary {
			r.addBoundary()
		}
		limit = min(limit, r.out+int(r.nextBoundary-r.output()))
	}
	if limit-r.out >= outMargin && r.have(inMargin) {
		return r.fast(&r.pairs, limit-outMargin)
	}
	if r.symbols != nil && len(r.block)-limit >= outMargin && r.have(inMargin) {
		return r.fast((*[1 << litBits]entry)(r.lit[:]), limit-1)
	}
	return r.careful(limit)
}

// careful decodes symbol by symbol up to limit. It never looks at bits that are
// not there and never writes beyond the output.
func (r *Reader) careful(limit int) error {
	for r.out < limit && r.match.length == 0 {
		e, err := r.symbol(r.lit[:], litBits)
		switch {
		case err != nil:
			return err
		case e&literal != 0:
			r.block[r.out] = byte(e >> 10)
			r.out++
			continue
		case e&end != 0:
			r.endBlock()
			return nil
		}
		length, err := r.value(e)
		if err != nil {
			return err
		}
		if e, err = r.symbol(r.dist[:], distBits); err != nil {
			return err
		}
		dist, err := r.value(e)
		if err != nil {
			return err
		}
		r.match = match{length, dist}
		if r.late != nil {
			r.refer(length, dist)
		}
		if err := r.copyMatch(); err != nil {
			return err
		}
	}
	return nil
}

// symbol decodes one code, which must mean something, but leaves extra bits.
func (r *Reader) symbol(table []entry, tableBits int) (entry, error) {
	for {
		e := table[r.bits&(1<<tableBits-1)]
		n := e.code()
		if e&link != 0 {
			n = uint(tableBits)
			e = table[e.base()+int(r.bits>>tableBits&(1<<e.code()-1))]
			n += e.code()
		}
		switch {
		case n > r.nbits:
			// With one more byte the code may turn out to be a shorter one.
			if !r.need(r.nbits + 1) {
				return 0, r.short()
			}
		case e&(noMatch|literal|end) == noMatch:
			return 0, r.corrupt("code without a meaning")
		default:
			r.take(n)
			return e, nil
		}
	}
}

// value returns what e's base and the extra bits, which come next, make.
func (r *Reader) value(e entry) (int, error) {
	if !r.need(e.extra()) {
		return 0, r.short()
	}
	return e.base() + int(r.take(e.extra())), nil
}

// copyMatch copies what is left of a match, as far as block has room for it.
func (r *Reader) copyMatch() error {
	m := &r.match
	var n int
	switch missing := m.dist - (r.out - r.low); {
	case missing <= 0:
		n = min(m.length, len(r.block)-r.out)
		if n <= m.dist {
			copy(r.block[r.out:r.out+n], r.block[r.out-m.dist:])
			break
		}
		for i := r.out; i < r.out+n; i++ {
			r.block[i] = r.block[i-m.dist]
		}
	case int64(m.dist) > r.reach():
		return r.corrupt("distance reaches before the start")
	default:
		from := r.window[r.older-missing : r.older]
		n = copy(r.block[r.out:], from[:min(m.length, missing)])
	}
	r.out += n
	m.length -= n
	return nil
}
