package split

import (
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/internal/spill"
	"tracekit/trace"

	"github.com/klauspost/compress/s2"
)

// spool keeps what belongs to the pieces: in file order for each, packed, in
// one temporary file. Document text and metadata, which all pieces need, stay
// in memory.
type spool struct {
	file    *spill.File
	buffers [][]byte   // by piece: records that are not in the file yet
	extents [][]extent // by piece
	shared  []record
	n       uint64 // of the next record
	room    int    // bytes that a piece's buffer may take
	packed  []byte
}

// extent is a place in the file.
type extent struct{ off, end int64 }

// record is a stretch of text or an event, and its place in the trace.
type record struct {
	n    uint64
	text []byte // of an event with the white space before it
	lead int    // length of that white space; negative for document text
}

// spoolMemory is how much the buffers of all pieces may take together, in bytes.
const spoolMemory = 64 << 20

func newSpool(file *spill.File, pieces int) *spool {
	return &spool{
		file: file, buffers: make([][]byte, pieces), extents: make([][]extent, pieces),
		room: min(max(spoolMemory/max(pieces, 1), 4<<10), 1<<20),
	}
}

// text takes document text.
func (s *spool) text(t []byte) {
	s.shared = append(s.shared, record{s.n, append([]byte{}, t...), -1})
	s.n++
}

// everywhere takes an event that all pieces get to see.
func (s *spool) everywhere(e *trace.Event) {
	text := append(append([]byte{}, e.Lead()...), e.Raw()...)
	s.shared = append(s.shared, record{s.n, text, len(e.Lead())})
	s.n++
}

// add takes an event for some pieces.
func (s *spool) add(e *trace.Event, pieces []int) error {
	for _, i := range pieces {
		b := s.buffers[i]
		if b == nil {
			b = make([]byte, 0, min(s.room, 4<<10))
		}
		b = binary.AppendUvarint(b, s.n)
		b = binary.AppendUvarint(b, uint64(len(e.Lead())))
		b = binary.AppendUvarint(b, uint64(e.Size()))
		b = append(append(b, e.Lead()...), e.Raw()...)
		s.buffers[i] = b
		if len(b) >= s.room {
			if err := s.spill(i); err != nil {
				return err
			}
		}
	}
	s.n++
	return nil
}

func (s *spool) spill(i int) error {
	if len(s.buffers[i]) == 0 {
		return nil
	}
	s.packed = s2.Encode(s.packed[:cap(s.packed)], s.buffers[i])
	off := s.file.Size()
	if _, err := s.file.Write(s.packed); err != nil {
		return err
	}
	s.extents[i] = append(s.extents[i], extent{off, s.file.Size()})
	s.buffers[i] = s.buffers[i][:0]
	return nil
}

// flush ends the adding.
func (s *spool) flush() error {
	for i := range s.buffers {
		if err := s.spill(i); err != nil {
			return err
		}
		s.buffers[i] = nil
	}
	return nil
}

// read goes through what piece i needs, in file order, as a trace.
func (s *spool) read(i int) (trace.Stream, error) {
	src, err := trace.NewSource(&pieceText{spool: s, extents: s.extents[i], shared: s.shared}, -1, trace.SourceOptions{})
	if err != nil {
		return nil, err
	}
	return src.Read()
}

// pieceText is the text of a piece as far as it was spooled.
type pieceText struct {
	spool   *spool
	extents []extent
	shared  []record
	packed  []byte
	plain   []byte // of the extent at hand
	records []byte // what is left of it
	next    record
	some    bool // next is set
	comma   bool
	out     []byte
	rest    []byte
}

func (t *pieceText) Read(p []byte) (int, error) {
	for len(t.rest) == 0 {
		t.out = t.out[:0]
		for len(t.out) < 256<<10 {
			r, ok, err := t.merge()
			if err != nil {
				return 0, err
			}
			if !ok {
				break
			}
			t.put(r)
		}
		if len(t.out) == 0 {
			return 0, io.EOF
		}
		t.rest = t.out
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

func (t *pieceText) put(r record) {
	if r.lead < 0 {
		t.out = append(t.out, r.text...)
		t.comma = false
		return
	}
	if t.comma {
		t.out = append(t.out, ',')
	}
	t.out = append(t.out, r.text...)
	t.comma = true
}

// merge returns the next record, of the piece's own or of those that are shared.
func (t *pieceText) merge() (record, bool, error) {
	if !t.some {
		if err := t.own(); err != nil {
			return record{}, false, err
		}
	}
	switch {
	case t.some && (len(t.shared) == 0 || t.next.n < t.shared[0].n):
		t.some = false
		return t.next, true, nil
	case len(t.shared) > 0:
		r := t.shared[0]
		t.shared = t.shared[1:]
		return r, true, nil
	}
	return record{}, false, nil
}

// own reads the piece's own next record, if there is one left.
func (t *pieceText) own() error {
	if len(t.records) == 0 {
		if len(t.extents) == 0 {
			return nil
		}
		if err := t.load(t.extents[0]); err != nil {
			return err
		}
		t.extents = t.extents[1:]
	}
	var nums [3]uint64
	for i := range nums {
		v, n := binary.Uvarint(t.records)
		if n <= 0 {
			return errSpool
		}
		nums[i], t.records = v, t.records[n:]
	}
	if nums[2] > uint64(len(t.records)) || nums[1] > nums[2] {
		return errSpool
	}
	t.next = record{nums[0], t.records[:nums[2]], int(nums[1])}
	t.records = t.records[nums[2]:]
	t.some = true
	return nil
}

var errSpool = fmt.Errorf("temporary file: %w", io.ErrUnexpectedEOF)

func (t *pieceText) load(e extent) error {
	n := int(e.end - e.off)
	if cap(t.packed) < n {
		t.packed = make([]byte, n)
	}
	t.packed = t.packed[:n]
	if _, err := t.spool.file.ReadAt(t.packed, e.off); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	var err error
	if t.plain, err = s2.Decode(t.plain[:cap(t.plain)], t.packed); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	t.records = t.plain
	return nil
}
