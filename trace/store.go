package trace

import (
	"io"
	"slices"

	"tracekit/internal/passage"
)

// Store keeps parts of a trace in memory, up to a limit, so that they can be
// gone through again without reading. Events are packed: their fields as they
// are would take twice as much, and the collector's time.
type Store struct {
	limit, size int // bytes
	full        bool
	mayThin     bool // flow events may be given up
	thin        bool // and have been
	held        []held
	tapes       []taped // of the text of its events
}

// held is document text, or events that follow each other.
type held struct {
	text   []byte
	events []byte // packed
	n      int    // of them
}

// storeChunk is how many bytes of events share a piece of memory.
const storeChunk = 256 << 10

// NewStore returns a Store that holds up to limit bytes.
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
// so that it can give up early if it won't hold the rest: the more is seen, the
// surer that is.
func (s *Store) Expect(seen, all int64) {
	if seen <= seenEnough {
		return
	}
	doubt := 1 + float64(seenEnough)/float64(seen)
	if share := float64(seen) / float64(all); float64(s.size) > doubt*float64(s.limit)*share {
		*s = Store{full: true, thin: s.thin}
	}
}

// Follow tells s that what it is given next is of p, which was just read: it keeps
// how that was packed, too.
func (s *Store) Follow(p *Part) {
	r, is := p.from.(*Reader)
	if !is || s.full {
		return
	}
	for _, t := range r.tapes {
		if n := len(s.tapes); n > 0 && t.to <= s.tapes[n-1].to {
			continue
		}
		size := 0
		for _, one := range t.tapes {
			size += len(one.Bits)
		}
		if !s.grow(size) {
			return
		}
		passage.Hold(t.tapes)
		s.tapes = append(s.tapes, t)
	}
}

func (s *Store) tapesOf(from, to int64) []*passage.Tape { return tapesOf(s.tapes, from, to) }

func (s *Store) need(int64) {} // all is kept

// Text adds document text.
func (s *Store) Text(t []byte) {
	if s.grow(len(t)) {
		s.held = append(s.held, held{text: append(make([]byte, 0, len(t)), t...)})
	}
}

// Event adds a copy of e.
func (s *Store) Event(e *Event) {
	if s.full || s.thin && e.IsFlow() {
		return
	}
	size := e.packedSize()
	if s.mayThin && s.size+size > s.limit {
		s.dropFlows()
		s.Event(e)
		return
	}
	if !s.grow(size) {
		return
	}
	h := s.last()
	if h == nil || cap(h.events)-len(h.events) < size {
		s.held = append(s.held, held{events: make([]byte, 0, max(storeChunk, size))})
		h = s.last()
	}
	h.events = e.AppendPacked(h.events)
	h.n++
}

// last is where events go, nil if there is no such place.
func (s *Store) last() *held {
	if n := len(s.held); n > 0 {
		return &s.held[n-1]
	}
	return nil
}

// dropFlows stores all but flow events anew.
func (s *Store) dropFlows() {
	old := storeStream{rest: s.held}
	*s = Store{limit: s.limit, thin: true, tapes: s.tapes}
	for b, err := old.Next(); err == nil; b, err = old.Next() {
		for _, p := range b.Parts {
			if p.Text != nil {
				s.Text(p.Text)
			}
			for k := range p.Events {
				s.Event(&p.Events[k])
			}
		}
	}
}

func (s *Store) grow(n int) bool {
	if s.size += n; s.size > s.limit {
		*s = Store{full: true, thin: s.thin}
	}
	return !s.full
}

// Read goes through what is kept. It may be called again.
func (s *Store) Read() Stream {
	if len(s.tapes) == 0 {
		return &storeStream{rest: s.held}
	}
	return &storeStream{rest: s.held, from: s}
}

type storeStream struct {
	from   recording
	rest   []held
	events []Event
	batch  Batch
}

func (s *storeStream) Next() (*Batch, error) {
	if len(s.rest) == 0 {
		return nil, io.EOF
	}
	h := s.rest[0]
	s.rest = s.rest[1:]
	part := Part{Text: h.text, from: s.from}
	if h.n > 0 {
		s.events = slices.Grow(s.events[:0], h.n)[:h.n]
		packed := h.events
		for i := range s.events {
			packed, _ = s.events[i].Unpack(packed)
		}
		part.Events = s.events
	}
	s.batch.Parts = append(s.batch.Parts[:0], part)
	return &s.batch, nil
}

func (*storeStream) Close() error { return nil }
