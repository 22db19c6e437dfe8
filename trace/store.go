package trace

import (
	"io"
	"unsafe"
)

// Store keeps parts of a trace in memory, up to a limit, so that they can be
// gone through again without reading.
type Store struct {
	limit, size int // bytes
	full        bool
	mayThin     bool // flow events may be given up
	thin        bool // and have been
	batches     []*Batch
	arena       []byte
	open        bool // the last part of the last batch takes events
	events      int  // in that part
}

// storeChunk is how many bytes of events share a piece of memory.
const storeChunk = 256 << 10

// NewStore returns a Store that holds up to limit bytes, the fields of events
// included.
func NewStore(limit int) *Store { return &Store{limit: limit} }

// GiveUpFlows lets s give up flow events where it would be full otherwise: there
// are many of them, and most go with what they are bound to.
func (s *Store) GiveUpFlows() { s.mayThin = true }

// Thin reports whether flow events are missing.
func (s *Store) Thin() bool { return s.thin }

// Full reports whether something did not fit. Such a Store holds nothing.
func (s *Store) Full() bool { return s.full }

// seenEnough is how many bytes have to be gone through to tell how many more there are.
const seenEnough = 2 << 20

// Expect tells s that so many of all bytes that it may be given were gone through,
// so that it can give up early if it won't hold the rest.
func (s *Store) Expect(seen, all int64) {
	if share := float64(seen) / float64(all); seen > seenEnough && float64(s.size) > 2*float64(s.limit)*share {
		*s = Store{full: true, thin: s.thin}
	}
}

// Text adds document text.
func (s *Store) Text(t []byte) {
	if !s.grow(len(t)) {
		return
	}
	b := s.last()
	b.Parts = append(b.Parts, Part{Text: append(make([]byte, 0, len(t)), t...)})
	s.open = false
}

// Event adds a copy of e.
func (s *Store) Event(e *Event) {
	if s.full || s.thin && e.IsFlow() {
		return
	}
	if s.mayThin && s.size+e.storedSize() > s.limit {
		s.dropFlows()
		s.Event(e)
		return
	}
	if !s.grow(e.storedSize()) {
		return
	}
	if len(s.arena)+len(e.text) > cap(s.arena) {
		s.arena = make([]byte, 0, max(storeChunk, len(e.text)))
		s.batches = append(s.batches, &Batch{})
		s.open = false
	}
	b := s.last()
	if !s.open {
		// As many are likely to fit as into the piece before, and a few more.
		b.Parts = append(b.Parts, Part{Events: make([]Event, 0, s.events+s.events/16)})
		s.open, s.events = true, 0
	}
	s.events++
	at := len(s.arena)
	s.arena = append(s.arena, e.text...)
	p := &b.Parts[len(b.Parts)-1]
	p.Events = append(p.Events, *e)
	p.Events[len(p.Events)-1].text = s.arena[at:len(s.arena):len(s.arena)]
}

func (e *Event) storedSize() int { return len(e.text) + int(unsafe.Sizeof(*e)) }

// dropFlows stores all but flow events anew.
func (s *Store) dropFlows() {
	old := s.batches
	*s = Store{limit: s.limit, thin: true}
	for i, b := range old {
		for _, p := range b.Parts {
			if p.Text != nil {
				s.Text(p.Text)
			}
			for k := range p.Events {
				s.Event(&p.Events[k])
			}
		}
		old[i] = nil
	}
}

func (s *Store) grow(n int) bool {
	if s.size += n; s.size > s.limit {
		*s = Store{full: true, thin: s.thin}
	}
	return !s.full
}

func (s *Store) last() *Batch {
	if len(s.batches) == 0 {
		s.batches = append(s.batches, &Batch{})
	}
	return s.batches[len(s.batches)-1]
}

// Read goes through what is kept. It may be called again.
func (s *Store) Read() Stream { return &storeStream{s.batches} }

type storeStream struct{ rest []*Batch }

func (s *storeStream) Next() (*Batch, error) {
	if len(s.rest) == 0 {
		return nil, io.EOF
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b, nil
}

func (*storeStream) Close() error { return nil }
