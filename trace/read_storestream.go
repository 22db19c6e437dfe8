package trace

import (
	"io"
	"slices"
)

// Read goes through what was given to s, in the order of the trace. What is not held
// is read by its blocks, all of it, by again, which is not called if nothing is. Read
// may be called once more when the Stream was closed. A Full Store gives nothing.
func (s *Store) Read(again func([]Block) (*Reader, error)) (Stream, error) {
	st := &storeStream{runs: s.runs}
	if len(s.compressed) > 0 {
		st.from = s
	}
	var missing []Block
	for _, r := range s.runs {
		if r.lost {
			missing = append(missing, r.blocks...)
		}
	}
	if len(missing) > 0 {
		var err error
		if st.read, err = again(missing); err != nil {
			return nil, err
		}
	}
	return st, nil
}

type storeStream struct {
	from   recording
	runs   []*run
	done   int     // items of the first that were given
	read   *Reader // of runs that are not held
	ahead  *Batch  // what it gave of a later run
	events []Event
	batch  Batch
}

func (s *storeStream) Next() (*Batch, error) {
	for ; len(s.runs) > 0; s.runs, s.done = s.runs[1:], 0 {
		r := s.runs[0]
		if s.done < len(r.held) {
			s.done++
			return s.unpack(&r.held[s.done-1]), nil
		}
		if !r.lost || s.read == nil {
			continue
		}
		if b, err := s.again(r); err != io.EOF {
			return b, err
		}
	}
	return nil, io.EOF
}

// again reads a batch of r, and io.EOF behind the last one.
func (s *storeStream) again(r *run) (b *Batch, err error) {
	if b = s.ahead; b == nil {
		if b, err = s.read.Next(); err != nil {
			return nil, err
		}
	}
	s.ahead = nil
	if len(b.Parts) > 0 && b.Parts[0].Off >= r.end {
		s.ahead = b
		return nil, io.EOF
	}
	return b, nil
}

// unpack makes a batch of what is held.
func (s *storeStream) unpack(h *storedPart) *Batch {
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
	return &s.batch
}

func (s *storeStream) Close() error {
	if s.read == nil {
		return nil
	}
	return s.read.Close()
}
