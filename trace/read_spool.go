package trace

import (
	"io"
	"sort"

	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/spill"
)

// spool keeps a pipe's input for a second reading. Packed input is kept as it
// came; plain text block by block, so that any of them can be had again by itself.
type spool struct {
	spill.Blocks
	chunks []chunk
	off    int64
}

// chunk is a block of text, and where it stands in the text.
type chunk struct {
	text int64
	at   spill.Block
}

func newSpool(file *spill.File) *spool { return &spool{Blocks: spill.Blocks{File: file}} }

func (s *spool) add(text []byte) error {
	at, err := s.Put(text)
	s.chunks = append(s.chunks, chunk{s.off, at})
	s.off += int64(len(text))
	return err
}

// from returns the text from off on.
func (s *spool) from(off int64) *spoolText {
	i := sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].text > off })
	t := &spoolText{spool: s, next: max(i-1, 0)}
	if len(s.chunks) > 0 {
		t.skip = int(off - s.chunks[t.next].text)
	}
	return t
}

// spoolText reads blocks one after the other.
type spoolText struct {
	*spool
	next   int
	skip   int
	loader spill.Loader
	text   []byte
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
	at := t.chunks[t.next].at
	t.next++
	text := make([]byte, at.Len)
	err := t.loader.Load(text, &t.Blocks, at)
	t.text, t.skip = text[min(t.skip, len(text)):], 0
	return err
}

func (*spoolText) Close() {}

func (*spoolText) Ranges() []*verbatim.Range { return nil }
