package trace

import (
	"bytes"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// section is what others than this package keep in an index, under a name of theirs.
type section struct {
	name   string
	size   int64 // in bytes
	packed []byte
}

// mostSection bounds the size of a section in bytes, and so the memory that an index file can
// ask for.
const mostSection = 64 << 20

// Put keeps data in x under a name, which says which version of the data it is too, and returns how many
// bytes that takes. It keeps nothing, and returns 0, if it takes more than most.
func (x *Index) Put(name string, data []byte, most int64) int64 {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false))
	if err != nil || len(data) > mostSection {
		return 0
	}
	k := section{name, int64(len(data)), z.EncodeAll(data, nil)}
	var w indexWriter
	if w.section(&k); int64(len(w.b)) > most {
		return 0
	}
	x.sections = append(x.sections, k)
	return int64(len(w.b))
}

func (w *indexWriter) section(s *section) {
	w.text([]byte(s.name))
	w.uint(s.size)
	w.text(s.packed)
}

// Get returns what x keeps under a name, nil if that is nothing.
func (x *Index) Get(name string) []byte {
	i := slices.IndexFunc(x.sections, func(s section) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	s := &x.sections[i]
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostSection))
	if err != nil {
		return nil
	}
	defer z.Close()
	data, err := z.DecodeAll(s.packed, nil)
	if err != nil || int64(len(data)) != s.size {
		return nil
	}
	return data
}

// Indexed returns what the index that s uses keeps under a name, nil if there is no such index or
// it keeps nothing there.
func (s *Source) Indexed(name string) []byte {
	if s.index == nil {
		return nil
	}
	return s.index.Get(name)
}

func (r *indexReader) sections() (all []section) {
	for range r.count(3) {
		s := section{name: string(r.text()), size: r.uint(), packed: bytes.Clone(r.text())}
		r.check(s.size <= mostSection)
		all = append(all, s)
	}
	return all
}
