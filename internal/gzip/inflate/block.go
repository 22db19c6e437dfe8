package inflate

import "encoding/binary"

const (
	blockStored = iota
	blockFixed
	blockDynamic
)

// blockHeader reads all that comes before a block's data.
func (r *Reader) blockHeader() error {
	r.offerBlock()
	bit := r.bit()
	if !r.need(3) {
		return r.short()
	}
	r.final = r.take(1) == 1
	switch r.take(2) {
	case blockStored:
		r.endSymbols(bit)
		return r.storedHeader()
	case blockFixed:
		r.beginSymbols(bit)
		r.fixed()
	case blockDynamic:
		r.beginSymbols(bit)
		if err := r.dynamicHeader(); err != nil {
			return err
		}
	default:
		return r.corrupt("unknown block type")
	}
	r.headerRead()
	r.state = inHuffman
	return nil
}

func (r *Reader) endBlock() {
	r.state = atBlockHeader
	if r.final {
		r.state = atTrailer
	}
}

func (r *Reader) storedHeader() error {
	r.align()
	if !r.have(4) {
		return r.short()
	}
	n := binary.LittleEndian.Uint16(r.buf[r.pos:])
	if n != ^binary.LittleEndian.Uint16(r.buf[r.pos+2:]) {
		return r.corrupt("length of stored block does not match its complement")
	}
	r.pos += 4
	r.stored, r.state = int(n), inStored
	return nil
}

// copyStored copies as much of a stored block as there is at hand.
func (r *Reader) copyStored() error {
	if r.stored == 0 {
		r.endBlock()
		return nil
	}
	if !r.have(1) {
		return r.short()
	}
	n := copy(r.block[r.out:], r.buf[r.pos:min(r.end, r.pos+r.stored)])
	r.pos += n
	r.out += n
	r.stored -= n
	return nil
}
