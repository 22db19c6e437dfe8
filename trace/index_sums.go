package trace

import (
	"errors"
	"hash/crc32"
)

// ErrMisfit says that the text is not the one that the index was made of, although the
// file looks as it did.
var ErrMisfit = errors.New("what stands there is not what the index was made of")

// summedStretch is how many bytes of text have a checksum of their own in an index.
const summedStretch = 64 << 10

// sums are the checksums of a text, one a stretch.
type sums struct {
	size int64    // of the text, in bytes
	list []uint32 // CRC-32C
	crc  uint32   // of the stretch at hand, as far as it has come
}

// add takes what comes next of the text.
func (s *sums) add(text []byte) {
	for len(text) > 0 {
		n := min(summedStretch-int(s.size%summedStretch), len(text))
		s.crc = crc32.Update(s.crc, castagnoli, text[:n])
		s.size += int64(n)
		text = text[n:]
		if s.size%summedStretch == 0 {
			s.end()
		}
	}
}

func (s *sums) end() {
	s.list = append(s.list, s.crc)
	s.crc = 0
}

// finish ends the last stretch, which may be shorter.
func (s *sums) finish() {
	if s.size%summedStretch != 0 {
		s.end()
	}
}

// numSums is how many stretches a text of size bytes has.
func numSums(size int64) int64 { return (size + summedStretch - 1) / summedStretch }

// summed is a stream of which checksums are taken.
type summed struct {
	stream
	sums *sums
}

func (s summed) Next(block []byte) (next []byte, n int, err error) {
	next, n, err = s.stream.Next(block)
	s.sums.add(next[blockRoom : blockRoom+n])
	return next, n, err
}

// verifier compares a text that is read from anywhere with its checksums. A stretch of
// which it has not seen the start can't be compared. Without sums it does nothing.
type verifier struct {
	sums *sums
	pos  int64
	crc  uint32
	seen bool // the stretch at hand, from its start
}

// restart says where the text goes on.
func (v *verifier) restart(pos int64) {
	v.pos, v.crc, v.seen = pos, 0, pos%summedStretch == 0
}

// take fails if a stretch that ends in text is not as it was.
func (v *verifier) verify(text []byte) error {
	if v.sums == nil {
		return nil
	}
	for len(text) > 0 {
		n := min(v.left(), int64(len(text)))
		if n <= 0 {
			return ErrMisfit // there was no more
		}
		v.crc = crc32.Update(v.crc, castagnoli, text[:n])
		v.pos += n
		text = text[n:]
		if v.left() > 0 && v.pos%summedStretch != 0 {
			continue
		}
		if v.seen && v.crc != v.sums.list[(v.pos-1)/summedStretch] {
			return ErrMisfit
		}
		v.restart(v.pos)
		v.seen = true
	}
	return nil
}

// left is how much of the stretch at hand is still to come.
func (v *verifier) left() int64 {
	end := v.pos - v.pos%summedStretch + summedStretch
	return min(end, v.sums.size) - v.pos
}

// open is how much more has to be read before all that was read can be compared.
func (v *verifier) open() int64 {
	if v.sums == nil || !v.seen || v.pos%summedStretch == 0 {
		return 0
	}
	return v.left()
}
