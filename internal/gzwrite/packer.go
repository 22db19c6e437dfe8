package gzwrite

import (
	"bytes"

	"github.com/klauspost/compress/flate"
)

// packer compresses chunks, each without reference to any other.
type packer struct {
	z   *flate.Writer
	buf bytes.Buffer
}

func newPacker() *packer {
	z, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant that flate knows
	}
	return &packer{z: z}
}

// appendChunk appends src as whole deflate blocks, none of which is final, that
// end byte-aligned with an empty stored block.
func (p *packer) appendChunk(dst, src []byte) []byte {
	p.buf.Reset()
	p.z.Reset(&p.buf)
	// Writing to memory does not fail.
	p.z.Write(src)
	p.z.Flush()
	return append(dst, p.buf.Bytes()...)
}
