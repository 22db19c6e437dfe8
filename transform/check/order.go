package check

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"slices"

	"tracekit/internal/spill"
)

// runRecords is how many records are sorted in memory at once: 32 MB of them.
// What does not fit goes to a temporary file, run by run.
const runRecords = 1 << 19

// order puts records in order of time, however many there are.
type order struct {
	temp   func() (*spill.File, error)
	buf    []record
	file   *spill.File
	runs   []run
	packed []byte
	limit  int // records in memory, for tests
}

// run is a sorted stretch of the file.
type run struct{ at, size int64 }

func (o *order) add(r record) error {
	if n := len(o.buf); n == cap(o.buf) && n >= o.limit/16 {
		o.buf = slices.Grow(o.buf, o.limit-n) // many will come: no more copies
	}
	o.buf = append(o.buf, r)
	if len(o.buf) < o.limit {
		return nil
	}
	return o.spill()
}

func (o *order) spill() error {
	if o.file == nil {
		var err error
		if o.file, err = o.temp(); err != nil {
			return err
		}
	}
	slices.SortFunc(o.buf, compareRecords)
	at := o.file.Size()
	var prev record
	for i := range o.buf {
		o.packed = o.buf[i].appendTo(o.packed, &prev)
		prev = o.buf[i]
		if len(o.packed) >= 1<<20 || i == len(o.buf)-1 {
			if _, err := o.file.Write(o.packed); err != nil {
				return err
			}
			o.packed = o.packed[:0]
		}
	}
	o.runs = append(o.runs, run{at, o.file.Size() - at})
	o.buf = o.buf[:0]
	return nil
}

// each visits all records in order.
func (o *order) each(visit func(r *record) error) error {
	slices.SortFunc(o.buf, compareRecords)
	if len(o.runs) == 0 {
		for i := range o.buf {
			if err := visit(&o.buf[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return o.merge(visit)
}

// merge reads all runs at once, and what is still in memory.
func (o *order) merge(visit func(r *record) error) error {
	h := make(merger, 0, len(o.runs)+1)
	for _, r := range o.runs {
		in := bufio.NewReaderSize(io.NewSectionReader(o.file, r.at, r.size), 32<<10)
		h = append(h, &stream{in: in})
	}
	h = append(h, &stream{rest: o.buf})
	live := h[:0]
	for _, s := range h {
		if more, err := s.next(); err != nil {
			return err
		} else if more {
			live = append(live, s)
		}
	}
	h = live
	heap.Init(&h)
	for len(h) > 0 {
		s := h[0]
		if err := visit(&s.head); err != nil {
			return err
		}
		more, err := s.next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return nil
}

func (o *order) close() {
	if o.file != nil {
		o.file.Close()
	}
}

// stream is a run as it is read back.
type stream struct {
	head record
	in   *bufio.Reader
	rest []record
}

func (s *stream) next() (bool, error) {
	if s.in == nil {
		if len(s.rest) == 0 {
			return false, nil
		}
		s.head, s.rest = s.rest[0], s.rest[1:]
		return true, nil
	}
	prev := s.head
	switch err := s.head.readFrom(s.in, &prev); err {
	case nil:
		return true, nil
	case io.EOF:
		return false, nil
	default:
		return false, fmt.Errorf("temporary file: %w", err)
	}
}

type merger []*stream

func (m merger) Len() int           { return len(m) }
func (m merger) Less(i, j int) bool { return compareRecords(m[i].head, m[j].head) < 0 }
func (m merger) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merger) Push(x any)        { *m = append(*m, x.(*stream)) }
func (m *merger) Pop() any {
	last := len(*m) - 1
	s := (*m)[last]
	*m = (*m)[:last]
	return s
}
