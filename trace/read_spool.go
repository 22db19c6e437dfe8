package trace

import (
	"io"
	"sort"

	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/spill"

	"github.com/klauspost/compress/s2"
)

// spool keeps a pipe's input for a second reading. Packed input is kept as it
// came; plain text is packed block by block, so that any of them can be had
// again by itself.
type spool struct {
	file   *spill.File
	chunks []chunk
	packed []byte
	off    int64
}

// chunk is a packed block: where its text stands, and where in the file.
type chunk struct {
	text, at  int64
	size, raw int
}

func newSpool(file *spill.File) *spool { return &spool{file: file} }

func (s *spool) add(text []byte) error {
	s.packed = s2.Encode(s.packed[:cap(s.packed)], text)
	s.chunks = append(s.chunks, chunk{s.off, s.file.Size(), len(s.packed), len(text)})
	s.off += int64(len(text))
	_, err := s.file.Write(s.packed)
	return err
}

func (s *spool) Close() error { return s.file.Close() }

// from returns the text from off on.
func (s *spool) from(off int64) *spoolText {
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].text > off })
	t := &spoolText{spool: s, next: max(i-1, 0)}
	if len(s.chunks) > 0 {
		t.skip = int(off - s.chunks[t.next].text)
	}
	return t
}

// spoolText reads packed blocks one after the other.
type spoolText struct {
	*spool
	next         int
	skip         int
	packed, text []byte
}

func (t *spoolText) Fill(block []byte, hist int) (int, error) {
	n := 0
	for n < len(block)-hist {
		if len(t.text) == 0 {
			if t.next == len(t.chunks) {
				return n, io.EOF
			}
			if err := t.load(); err != nil {
				return n, err
			}
		}
		k := copy(block[hist+n:], t.text)
		t.text = t.text[k:]
		n += k
	}
	return n, nil
}

func (t *spoolText) load() error {
	c := t.chunks[t.next]
	t.next++
	if cap(t.packed) < c.size {
		t.packed = make([]byte, c.size)
	}
	if _, err := t.file.ReadAt(t.packed[:c.size], c.at); err != nil {
		return err
	}
	text, err := s2.Decode(make([]byte, c.raw), t.packed[:c.size])
	t.text, t.skip = text[min(t.skip, len(text)):], 0
	return err
}

func (*spoolText) Close() {}

func (*spoolText) Tapes() []*verbatim.Tape { return nil }
