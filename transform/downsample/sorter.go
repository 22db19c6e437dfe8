package downsample

import (
	"context"
	"io"
	"slices"

	"tracekit/internal/spill"
)

// sortMemory is how many records a sorter holds before they go to a file.
const sortMemory = 250_000

// sorter puts records in order. Those that are too many for memory go to a temporary
// file, in runs that are sorted each.
type sorter struct {
	create func() (*spill.File, error)
	most   int
	held   []record
	keys   *keys
	file   *spill.File
	runs   []extent
	buf    []byte
}

// extent is where a sorted run stands in a file.
type extent struct{ off, end int64 }

// newSorter makes a sorter, which may share its keys with others.
func newSorter(create func() (*spill.File, error), most int, k *keys) *sorter {
	return &sorter{create: create, most: most, keys: k}
}

func (s *sorter) add(r *record) error {
	switch n := len(s.held); {
	case n == s.most:
		if err := s.flush(); err != nil {
			return err
		}
	case n == cap(s.held) && n >= s.most/16: // many will come: no more copies
		s.held = slices.Grow(s.held, s.most-n)
	}
	s.held = append(s.held, *r)
	return nil
}

// flush writes what is held as a run.
func (s *sorter) flush() (err error) {
	if s.file == nil {
		if s.file, err = s.create(); err != nil {
			return err
		}
	}
	const enough = 256 << 10
	off, buf, pack := s.file.Size(), s.buf[:0], codec{}
	for _, k := range s.keys.order(s.held) {
		if buf = pack.append(buf, &s.held[k.at]); len(buf) >= enough {
			if _, err := s.file.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if _, err := s.file.Write(buf); err != nil {
		return err
	}
	s.buf, s.held = buf, s.held[:0]
	s.runs = append(s.runs, extent{off, s.file.Size()})
	return nil
}

// close gives back what the sorter has made.
func (s *sorter) close() {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	s.held = nil
}

// sorted ends the adding. What is returned takes over the sorter's file.
func (s *sorter) sorted() (*sorted, error) {
	if s.file == nil {
		out := &sorted{held: s.held}
		for _, k := range s.keys.order(s.held) {
			out.order = append(out.order, k.at)
		}
		s.held = nil
		return out, nil
	}
	if err := s.flush(); err != nil {
		return nil, err
	}
	out := &sorted{file: s.file, runs: s.runs}
	s.file = nil
	s.close()
	return out, nil
}

// sorted is records in order, in memory or as runs of a file.
type sorted struct {
	held  []record
	order []uint32
	file  *spill.File
	runs  []extent
}

// each calls f for all records, any number of times. A record is valid until f
// returns.
func (s *sorted) each(ctx context.Context, f func(*record) error) error {
	for _, at := range s.order {
		if err := f(&s.held[at]); err != nil {
			return err
		}
	}
	if s.file == nil {
		return ctx.Err()
	}
	// Many runs share what memory there is for buffers.
	room := max(4<<10, min(64<<10, (16<<20)/len(s.runs)))
	h := make(runHeap, 0, len(s.runs))
	for _, r := range s.runs {
		c := &cursor{file: s.file, left: r, buf: make([]byte, 0, room)}
		if err := c.next(); err == io.EOF {
			continue
		} else if err != nil {
			return err
		}
		h = append(h, c)
	}
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
	const glance = 1 << 16 // records between two looks at ctx
	for n := 0; len(h) > 0; n++ {
		if err := f(&h[0].codec.last); err != nil {
			return err
		}
		if n%glance == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := h[0].next(); err == io.EOF {
			h[0] = h[len(h)-1]
			h = h[:len(h)-1]
		} else if err != nil {
			return err
		}
		h.sink(0)
	}
	return nil
}

func (s *sorted) close() {
	if s != nil && s.file != nil {
		s.file.Close()
	}
}
