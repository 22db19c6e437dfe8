package spill

import (
	"errors"

	"github.com/klauspost/compress/s2"
)

// Blocks keeps blocks of bytes in a temporary file, each packed by itself, so that any of
// them can be read. Several Loaders may read at the same time.
type Blocks struct {
	*File
	packed []byte
}

// Block is a place in Blocks.
type Block struct {
	off  int64
	size int32 // bytes in the file; as many as Len if they are not packed
	Len  int32 // bytes that were put there
}

// mostPacked is how many bytes are packed at once: room to pack more in would be as large as
// they are.
const mostPacked = 8 << 20

// Put appends b. It fails if there is no room.
func (b *Blocks) Put(p []byte) (Block, error) {
	at := Block{off: b.Size(), size: int32(len(p)), Len: int32(len(p))}
	if len(p) <= mostPacked {
		b.packed = s2.Encode(b.packed[:cap(b.packed)], p)
		if len(b.packed) < len(p) {
			p, at.size = b.packed, int32(len(b.packed))
		}
	}
	_, err := b.Write(p)
	return at, err
}

// Full releases the memory that Put uses.
func (b *Blocks) Full() { b.packed = nil }

// Loader reads from Blocks, in memory that it uses again.
type Loader struct{ packed []byte }

var errBlock = errors.New("temporary file: it is damaged")

// Load reads the block at a place into dst, which must be as long as it is.
func (l *Loader) Load(dst []byte, b *Blocks, at Block) error {
	if at.size == at.Len {
		_, err := b.ReadAt(dst, at.off)
		return err
	}
	if cap(l.packed) < int(at.size) {
		l.packed = make([]byte, at.size)
	}
	packed := l.packed[:at.size]
	if _, err := b.ReadAt(packed, at.off); err != nil {
		return err
	}
	if d, err := s2.Decode(dst, packed); err != nil || len(d) != int(at.Len) {
		return errBlock
	}
	return nil
}
