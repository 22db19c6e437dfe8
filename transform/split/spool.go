package split

import (
	"encoding/binary"

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

// extent is a place in the file, and what comes out of it.
type extent struct {
	off   int64
	size  int32 // bytes in the file
	plain int32 // bytes of records
}

// record is a stretch of document text, or an event, and its place in the trace.
type record struct {
	n     uint64
	text  []byte // nil for an event
	event trace.Event
}

// spoolMemory is how much the buffers of all pieces may take together, in bytes.
const spoolMemory = 48 << 20

func newSpool(file *spill.File, pieces int) *spool {
	return &spool{
		file: file, buffers: make([][]byte, pieces), extents: make([][]extent, pieces),
		room: min(max(spoolMemory/max(pieces, 1), 4<<10), 1<<20),
	}
}

// text takes document text.
func (s *spool) text(t []byte) {
	s.shared = append(s.shared, record{n: s.n, text: append([]byte{}, t...)})
	s.n++
}

// everywhere takes an event that all pieces get to see.
func (s *spool) everywhere(e *trace.Event) {
	s.shared = append(s.shared, record{n: s.n, event: e.Clone()})
	s.n++
}

// add takes an event for some pieces.
func (s *spool) add(e *trace.Event, pieces []int) error {
	for _, i := range pieces {
		b := s.buffers[i]
		if b == nil {
			b = make([]byte, 0, min(s.room, 4<<10))
		}
		b = e.AppendPacked(binary.AppendUvarint(b, s.n))
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
	x := extent{s.file.Size(), int32(len(s.packed)), int32(len(s.buffers[i]))}
	if _, err := s.file.Write(s.packed); err != nil {
		return err
	}
	s.extents[i] = append(s.extents[i], x)
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
