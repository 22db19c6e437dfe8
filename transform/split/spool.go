package split

import (
	"encoding/binary"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// spool keeps what belongs to the pieces: in file order for each, packed, in
// one temporary file. Document text and metadata, which all pieces need, stay
// in memory.
type spool struct {
	file    spill.Blocks
	buffers [][]byte        // by piece: records that are not in the file yet
	blocks  [][]spill.Block // by piece
	shared  []record
	once    pipeline.Distinct
	names   *nameIndex // of shared, at the end
	n       uint64     // of the next record
	events  uint64     // of the record behind the last event
	room    int        // bytes that a piece's buffer may take
}

// record is a stretch of document text, or an event, and its place in the trace.
type record struct {
	n     uint64
	text  []byte // nil for an event
	event trace.Event
}

// spoolMemory is how much the buffers of all pieces may take together, in bytes.
const spoolMemory = 48 << 20

// largeBuffer is a buffer of more bytes than are kept for other events than a large one.
const largeBuffer = 8 << 20

func newSpool(file *spill.File, pieces int) *spool {
	return &spool{
		file: spill.Blocks{File: file}, buffers: make([][]byte, pieces), blocks: make([][]spill.Block, pieces),
		room: min(max(spoolMemory/max(pieces, 1), 4<<10), 1<<20),
	}
}

// text takes document text.
func (s *spool) text(t []byte) {
	s.shared = append(s.shared, record{n: s.n, text: append([]byte{}, t...)})
	s.n++
}

// everywhere takes metadata, which all pieces get to see once.
func (s *spool) everywhere(e *trace.Event) {
	if s.once.First(e) {
		s.share(e.Clone())
	}
}

func (s *spool) share(e trace.Event) {
	s.shared = append(s.shared, record{n: s.n, event: e})
	s.n++
	s.events = s.n
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
	s.events = s.n
	return nil
}

// shareDue puts the names that hold again behind the last event.
func (s *spool) shareDue() {
	behind := len(s.shared)
	for behind > 0 && s.shared[behind-1].n >= s.events {
		behind--
	}
	var due []record
	for _, e := range s.once.Due() {
		due = append(due, record{n: s.events, event: e})
	}
	s.shared = slices.Insert(s.shared, behind, due...)
}

func (s *spool) spill(i int) error {
	if len(s.buffers[i]) == 0 {
		return nil
	}
	records := s.buffers[i]
	at, err := s.file.Put(records)
	if err != nil {
		return err
	}
	s.blocks[i] = append(s.blocks[i], at)
	s.buffers[i] = records[:0]
	if cap(records) > largeBuffer {
		s.buffers[i] = nil // the next events are not so large
	}
	return nil
}

// flush ends the adding; tracks are those of the trace.
func (s *spool) flush(tracks *trace.Tracks) error {
	s.shareDue()
	s.names = indexNames(s.shared, tracks)
	for i := range s.buffers {
		if err := s.spill(i); err != nil {
			return err
		}
		s.buffers[i] = nil
	}
	s.file.Full()
	return nil
}

// held tells what s takes in memory.
func (s *spool) addMemory(sum *budget.Sum) {
	const event = 150
	n := s.once.Memory()
	for i := range s.shared {
		n += event + len(s.shared[i].text) + s.shared[i].event.Size()
	}
	sum.Add("metadata", n)
	sum.Add("pieces", (24+24)*len(s.buffers))
}
