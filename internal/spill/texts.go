package spill

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/klauspost/compress/s2"
)

// Texts are texts by number, in memory. There may be millions, and most are much like those
// beside them, so that they are held packed, some together.
type Texts struct {
	chunks []textChunk // in order of numbers
	last   []byte      // records that are not packed yet
	first  int64       // the number of the first of them

	unpacked bool // places are of the chunk at
	at       int  // len(chunks) for last
	plain    []byte
	places   []textPlace

	packing, unpacking []byte // memory that is used again
}

// textChunk is some records that are packed together. A record is a number, counted from
// that of the first, the length of a text, and the text.
type textChunk struct {
	first  int64
	packed []byte
}

// textPlace is where the text of a number stands.
type textPlace struct {
	number int64
	lo, hi int
}

// chunkBytes is how much is packed together: to get a text in no order costs to unpack as
// much.
const chunkBytes = 16 << 10

// Add keeps a copy of a text under a number, larger than those before.
func (t *Texts) Add(n int64, text []byte) {
	if len(t.last) >= chunkBytes {
		t.chunks = append(t.chunks, textChunk{t.first, t.pack(t.last)})
		t.last = t.last[:0]
	}
	if len(t.last) == 0 {
		t.first = n
	}
	t.last = binary.AppendUvarint(t.last, uint64(n-t.first))
	t.last = binary.AppendUvarint(t.last, uint64(len(text)))
	t.last = append(t.last, text...)
	t.unpacked = false
}

func (t *Texts) pack(b []byte) []byte {
	if most := s2.MaxEncodedLen(len(b)); cap(t.packing) < most {
		t.packing = make([]byte, most)
	}
	return bytes.Clone(s2.Encode(t.packing[:cap(t.packing)], b))
}

// Get returns the text of a number, which must have been added. It is valid until the next
// call.
func (t *Texts) Get(n int64) []byte {
	t.unpack(t.chunkOf(n))
	i := sort.Search(len(t.places), func(i int) bool { return t.places[i].number >= n })
	if i == len(t.places) || t.places[i].number != n {
		panic(fmt.Sprintf("there is no text of %d", n))
	}
	return t.plain[t.places[i].lo:t.places[i].hi]
}

func (t *Texts) chunkOf(n int64) int {
	if len(t.last) > 0 && n >= t.first {
		return len(t.chunks)
	}
	return sort.Search(len(t.chunks), func(i int) bool { return t.chunks[i].first > n }) - 1
}

func (t *Texts) unpack(chunk int) {
	if t.unpacked && chunk == t.at {
		return
	}
	first := t.first
	t.unpacked, t.at, t.places, t.plain = true, chunk, t.places[:0], nil
	switch {
	case chunk < 0:
	case chunk == len(t.chunks):
		t.plain = t.last
	default:
		first = t.chunks[chunk].first
		var err error
		if t.unpacking, err = s2.Decode(t.unpacking[:cap(t.unpacking)], t.chunks[chunk].packed); err != nil {
			panic(err) // it was packed in this memory
		}
		t.plain = t.unpacking
	}
	for at := 0; at < len(t.plain); {
		n, size := binary.Uvarint(t.plain[at:])
		at += size
		length, size := binary.Uvarint(t.plain[at:])
		at += size
		t.places = append(t.places, textPlace{first + int64(n), at, at + int(length)})
		at += int(length)
	}
}

// Memory is about how many bytes t takes.
func (t *Texts) Memory() int {
	const chunk, place = 40, 24
	n := chunk*cap(t.chunks) + place*cap(t.places) + cap(t.last) + cap(t.packing) + cap(t.unpacking)
	for i := range t.chunks {
		n += cap(t.chunks[i].packed)
	}
	return n
}
