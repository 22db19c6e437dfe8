package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	magic0, magic1 = 0x1f, 0x8b
	methodDeflate  = 8

	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
	flagReserved  = 0xe0

	trailerSize = 8
)

// checksum follows the output of one member.
type checksum struct {
	crc     uint32
	size    uint32 // modulo 2^32, as gzip counts
	partial bool   // the member's beginning was not seen
	checked int    // where output begins in the block that is not in crc yet
}

// check takes what was decoded since the last time into the checksum.
func (r *Reader) check() {
	fresh := r.block[r.checked:r.out]
	r.checked = r.out
	r.total += int64(len(fresh))
	if !r.partial {
		r.crc = crc32.Update(r.crc, crc32.IEEETable, fresh)
		r.size += uint32(len(fresh))
	}
}

// memberHeader reads a gzip header, or finds that there is none to come.
func (r *Reader) memberHeader() error {
	if r.state == atNextMember {
		if err := r.endOfMembers(); err != nil {
			return err
		}
	}
	r.start, r.low = r.total, r.out
	r.offerMember()
	r.crc, r.size, r.partial = 0, 0, false
	h := header{in: &r.input}
	if err := h.read(); err != nil {
		return err
	}
	r.state = atBlockHeader
	return nil
}

// endOfMembers returns nil if another member follows. Zeros to the end of the
// file are what magnetic tapes and block devices add; gzip takes them for nothing too.
func (r *Reader) endOfMembers() error {
	if r.have(1) && r.buf[r.pos] == magic0 {
		if r.have(2) && r.buf[r.pos+1] != magic1 {
			return r.trailing()
		}
		return nil
	}
	for r.have(1) {
		if r.buf[r.pos] != 0 {
			return r.trailing()
		}
		r.pos++
	}
	if r.input.err == io.EOF {
		return io.EOF
	}
	return r.short()
}

// header reads the bytes of a gzip header and their checksum.
type header struct {
	in  *input
	crc uint32
}

func (h *header) read() error {
	var fixed [10]byte
	for i := range fixed {
		c, err := h.next()
		if err != nil {
			return err
		}
		fixed[i] = c
		switch {
		case i == 0 && c != magic0, i == 1 && c != magic1:
			return ErrFormat
		case i == 2 && c != methodDeflate:
			return h.in.corrupt("unknown compression method")
		case i == 3 && c&flagReserved != 0:
			return h.in.corrupt("reserved flag set in header")
		}
	}
	return h.optional(fixed[3])
}

func (h *header) optional(flags byte) error {
	if flags&flagExtra != 0 {
		if err := h.skipExtra(); err != nil {
			return err
		}
	}
	for _, f := range [...]byte{flagName, flagComment} {
		if flags&f != 0 {
			if err := h.skipString(); err != nil {
				return err
			}
		}
	}
	if flags&flagHeaderCRC == 0 {
		return nil
	}
	want := uint16(h.crc)
	got, err := h.next16()
	if err == nil && got != want {
		err = h.in.corrupt("header checksum does not match")
	}
	return err
}

func (h *header) next() (byte, error) {
	in := h.in
	if !in.have(1) {
		return 0, in.short()
	}
	h.crc = crc32.Update(h.crc, crc32.IEEETable, in.buf[in.pos:in.pos+1])
	in.pos++
	return in.buf[in.pos-1], nil
}

func (h *header) next16() (uint16, error) {
	lo, err := h.next()
	if err != nil {
		return 0, err
	}
	hi, err := h.next()
	return uint16(lo) | uint16(hi)<<8, err
}

func (h *header) skipExtra() error {
	n, err := h.next16()
	for ; n > 0 && err == nil; n-- {
		_, err = h.next()
	}
	return err
}

func (h *header) skipString() error {
	for {
		if c, err := h.next(); c == 0 || err != nil {
			return err
		}
	}
}

// memberTrailer compares checksum and size.
func (r *Reader) memberTrailer() error {
	r.endSymbols(r.bit())
	r.align()
	if !r.have(trailerSize) {
		return r.short()
	}
	trailer := r.buf[r.pos:]
	crc, size := binary.LittleEndian.Uint32(trailer), binary.LittleEndian.Uint32(trailer[4:])
	switch {
	case r.partial:
	case crc != r.crc:
		return r.corrupt("checksum does not match")
	case size != r.size:
		return r.corrupt("size does not match")
	}
	r.pos += trailerSize
	r.state = atNextMember
	return nil
}
