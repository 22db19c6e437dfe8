package spill

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/s2"
)

// Packed keeps bytes that are written one after the other, to be read from the
// start when all are there: packed, in memory up to a limit and beyond that in a temporary
// file.
type Packed struct {
	create func() (*File, error)
	limit  int
	loose  []byte // what is not packed yet
	memory []byte // what is packed and not in the file
	file   *File
	packer *s2.Writer // nil until something is written
	ended  bool
}

// NewPacked returns a Packed that holds up to limit packed bytes in memory. The
// file is made by create; if that is nil, all stays in memory.
func NewPacked(limit int, create func() (*File, error)) *Packed {
	return &Packed{limit: limit, create: create}
}

// Write takes b. What goes wrong with one call is told by a later one, or by Read.
func (p *Packed) Write(b []byte) (int, error) {
	p.loose = append(p.loose, b...)
	if len(p.loose) < looseBytes || p.packer == nil && len(p.loose) < min(fewBytes, p.limit) {
		return len(b), nil
	}
	return len(b), p.pack()
}

const (
	// looseBytes is how much is gathered, since the packer is slow to take little things.
	looseBytes = 32 << 10
	// fewBytes are not worth packing.
	fewBytes = 512 << 10
)

// pack packs what was gathered.
func (p *Packed) pack() error {
	if p.packer == nil {
		p.packer = s2.NewWriter((*packedBytes)(p), s2.WriterConcurrency(1), s2.WriterBlockSize(packedBlock))
	}
	_, err := p.packer.Write(p.loose)
	p.loose = p.loose[:0]
	return err
}

// packedBlock is how many bytes are packed at a time.
const packedBlock = 256 << 10

// packedBytes takes what was packed.
type packedBytes Packed

func (p *packedBytes) Write(b []byte) (n int, err error) {
	p.memory = append(p.memory, b...)
	if len(p.memory) <= p.limit || p.create == nil {
		return len(b), nil
	}
	if p.file == nil {
		if p.file, err = p.create(); err != nil {
			return 0, err
		}
	}
	_, err = p.file.Write(p.memory)
	p.memory = p.memory[:0]
	return len(b), err
}

// Read ends the writing and reads all from the start. It may be called again.
func (p *Packed) Read() (io.Reader, error) {
	if p.packer == nil {
		return bytes.NewReader(p.loose), nil
	}
	if !p.ended {
		if err := p.pack(); err != nil {
			return nil, err
		}
		if err := p.packer.Close(); err != nil {
			return nil, err
		}
		p.ended = true
	}
	var in io.Reader = bytes.NewReader(p.memory)
	if p.file != nil {
		in = io.MultiReader(io.NewSectionReader(p.file, 0, p.file.Size()), in)
	}
	return s2.NewReader(in), nil
}

// Close removes the file, if there is one.
func (p *Packed) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}
