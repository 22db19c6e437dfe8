package trace

import (
	"math"

	"tracekit/internal/gzip/verbatim"
)

// Store keeps parts of a trace in memory, up to a limit, so that they can be
// gone through again without reading. Events are packed: their fields as they
// are would take twice as much, and the collector's time.
type Store struct {
	limit, size int // bytes
	runs        []*run
	at          int              // the run that events come from
	foreseen    bool             // the runs are known
	mayThin     bool             // flow events may be given up
	thin        bool             // and have been
	compressed  []compressedText // of the text of its events
	known       VerbatimRuns     // of the same, not decided
	spare       [][]byte         // memory of what was given up
}

// run is document text, or events without a gap. Of what the Store is given of them,
// all is held, or nothing.
type run struct {
	blocks    []Block // of events, nil if they are not known
	from, end int64   // of events, in the text, bytes
	seen      int64   // bytes that were gone through
	size      int     // bytes that are held
	lost      bool
	held      []storedPart
}

// storedPart is document text, or events that follow each other.
type storedPart struct {
	text   []byte
	events []byte // packed
	n      int    // of them
}

// storeChunk is how many bytes of events share a piece of memory.
const storeChunk = 256 << 10

// NewStore returns a Store that holds up to limit bytes.
func NewStore(limit int) *Store {
	return &Store{limit: limit, runs: []*run{{end: math.MaxInt64}}}
}

// Foresee announces the blocks whose events will be kept, before Keep. The store reads document text
// from them, and does not hold what is as quick to read again.
func (s *Store) Foresee(blocks []Block) {
	s.foreseen, s.runs = true, []*run{{}}
	for _, b := range blocks {
		r := s.runs[len(s.runs)-1]
		if b.Text != nil {
			s.runs = append(s.runs, &run{held: []storedPart{{text: b.Text}}})
			continue
		}
		if b.Off != r.end || r.blocks == nil {
			r = &run{from: b.Off}
			s.runs = append(s.runs, r)
		}
		r.blocks, r.end = append(r.blocks, b), b.End
	}
}

// GiveUpFlows lets s give up flow events where it would be full otherwise: there
// are many of them, and most go with what they are bound to.
func (s *Store) GiveUpFlows() { s.mayThin = true }

// Thin reports whether flow events are missing.
func (s *Store) Thin() bool { return s.thin }

// Full reports whether something did not fit that was not foreseen, so that nothing is
// held.
func (s *Store) Full() bool { return !s.foreseen && s.runs[0].lost }

// Follow announces that the next events are of p, which was just read: the store keeps its compressed
// ranges too.
func (s *Store) Follow(p *Part) {
	if p.Text != nil {
		return
	}
	for p.Off >= s.runs[s.at].end && s.at < len(s.runs)-1 {
		s.at++
	}
	r := s.runs[s.at]
	r.seen = p.Off - r.from
	if s.foreseen && !r.lost && !s.mayHold(r) {
		s.lose(r)
	}
	if p.from != nil {
		s.keepCompressed(r, p.from.recent())
	}
}

// seenEnough is how many bytes have to be gone through to tell how many more there are.
const seenEnough = 512 << 10

// mayHold reports whether it seems that the rest of a run will fit, too: the more is
// seen, the surer that is. A run that is kept for the most part gets a sixteenth of
// the room at most. What is larger is as quick to read again as to hold.
func (s *Store) mayHold(r *run) bool {
	if r.seen <= seenEnough {
		return true
	}
	room := s.limit - (s.size - r.size)
	if 2*int64(r.size) > r.seen {
		room = min(room, s.limit/16)
	}
	doubt := 1 + float64(seenEnough)/float64(r.seen)
	share := float64(r.seen) / float64(r.end-r.from)
	return float64(r.size) <= doubt*float64(room)*share
}

// lose gives up what is held of r, which is the last run that something came from.
func (s *Store) lose(r *run) {
	for _, h := range r.held {
		if cap(h.events) == storeChunk {
			s.spare = append(s.spare, h.events[:0])
		}
	}
	s.size -= r.size
	r.size, r.held, r.lost = 0, nil, true
	for n := len(s.compressed); n > 0 && s.compressed[n-1].to > r.from; n-- {
		s.compressed = s.compressed[:n-1]
	}
}

func (s *Store) keepCompressed(r *run, compressed []compressedText) {
	for _, t := range compressed {
		if n := len(s.compressed); t.to <= r.from || n > 0 && t.to <= s.compressed[n-1].to {
			continue
		}
		size := 0
		for _, one := range t.ranges {
			size += len(one.Bits)
		}
		if !s.grow(size) {
			return
		}
		t.ranges = verbatim.Clone(t.ranges)
		s.compressed = append(s.compressed, t)
	}
}

func (s *Store) compressedOf(from, to int64) []*verbatim.Range {
	return compressedOf(s.compressed, from, to)
}

func (s *Store) need(int64) {} // all is kept

func (s *Store) recent() []compressedText { return s.compressed }

// Text adds document text that was not foreseen.
func (s *Store) Text(t []byte) {
	if r := s.runs[s.at]; !s.foreseen && s.grow(len(t)) {
		r.held = append(r.held, storedPart{text: append(make([]byte, 0, len(t)), t...)})
	}
}

// Keep says that e, which was just added, is going to stay as it is.
func (s *Store) Keep(e *Event) {
	if s.foreseen {
		s.known.add(e, -1)
	}
}

// MayKeep says that e, which was just added, is the n-th flow event that may be kept as it
// is, counted from 0.
func (s *Store) MayKeep(e *Event, n int) {
	if s.foreseen {
		s.known.add(e, n)
	}
}

// VerbatimRuns returns what s keeps, with the flow events for which keep is true. It can be called once.
func (s *Store) VerbatimRuns(keep func(flow int) bool) VerbatimRuns { return s.known.decide(keep) }

// Event adds a copy of e.
func (s *Store) Event(e *Event) {
	r := s.runs[s.at]
	if r.lost || s.thin && e.IsFlow() {
		return
	}
	size := e.packedSize()
	if s.mayThin && !s.thin && s.size+size > s.limit {
		s.dropFlows()
		s.Event(e)
		return
	}
	if s.grow(size) {
		s.add(r, e, size)
	}
}

// add holds an event of r that takes so many bytes.
func (s *Store) add(r *run, e *Event, size int) {
	h := r.last()
	if h == nil || cap(h.events)-len(h.events) < size {
		r.held = append(r.held, storedPart{events: s.room(size)})
		h = r.last()
	}
	h.events = e.AppendPacked(h.events)
	h.n++
}

// room is empty memory for size bytes of events, and others.
func (s *Store) room(size int) []byte {
	last := len(s.spare) - 1
	if last < 0 || size > storeChunk {
		return make([]byte, 0, max(storeChunk, size))
	}
	spare := s.spare[last]
	s.spare = s.spare[:last]
	return spare
}

// last is where events go, nil if there is no such place.
func (r *run) last() *storedPart {
	if n := len(r.held); n > 0 {
		return &r.held[n-1]
	}
	return nil
}

// dropFlows holds everything again but flow events.
func (s *Store) dropFlows() {
	s.thin = true
	for _, r := range s.runs[:s.at+1] {
		old := r.held
		r.held = nil
		for i := range old {
			if h := &old[i]; h.n == 0 {
				r.held = append(r.held, *h)
				continue
			}
			var e Event
			for packed := old[i].events; len(packed) > 0; {
				packed, _ = e.Unpack(packed)
				size := e.packedSize()
				if e.IsFlow() {
					s.size -= size
					r.size -= size
					continue
				}
				s.add(r, &e, size)
			}
		}
	}
}

// grow makes room for n bytes of the run at hand, and reports whether there is any.
func (s *Store) grow(n int) bool {
	r := s.runs[s.at]
	if r.lost {
		return false
	}
	s.size += n
	r.size += n
	if s.size > s.limit {
		s.lose(r)
	}
	return !r.lost
}
