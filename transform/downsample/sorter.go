package downsample

import (
	"bufio"
	"container/heap"
	"context"
	"fmt"
	"io"
	"slices"

	"tracekit/internal/spill"
)

// sortMemory is how many records a sorter holds before they go to a file.
const sortMemory = 400_000

// sorter puts records in order. Those that are too many for memory go through
// temporary files, in runs that are sorted and then merged.
type sorter struct {
	create func() (*spill.File, error)
	most   int
	held   []record
	file   *spill.File
	runs   []extent
	buf    []byte
}

// extent is where a sorted run stands in a file.
type extent struct{ off, end int64 }

func newSorter(create func() (*spill.File, error), most int) *sorter {
	return &sorter{create: create, most: most}
}

func (s *sorter) add(r record) error {
	switch n := len(s.held); {
	case n == s.most:
		if err := s.flush(); err != nil {
			return err
		}
	case n == cap(s.held) && n >= s.most/16: // many will come: no more copies
		s.held = slices.Grow(s.held, s.most-n)
	}
	s.held = append(s.held, r)
	return nil
}

func (s *sorter) flush() (err error) {
	slices.SortFunc(s.held, func(a, b record) int { return compare(&a, &b) })
	if s.file == nil {
		if s.file, err = s.create(); err != nil {
			return err
		}
	}
	off := s.file.Size()
	p := packer{to: s.file, buf: s.buf[:0]}
	for i := range s.held {
		if err := p.add(&s.held[i]); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	s.buf, s.held = p.buf, s.held[:0]
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

// sorted ends the adding. What is returned can be read any number of times; it
// takes the place of the sorter, whose files it closes.
func (s *sorter) sorted() (*sorted, error) {
	if s.file == nil {
		slices.SortFunc(s.held, func(a, b record) int { return compare(&a, &b) })
		out := &sorted{held: s.held}
		s.held = nil
		return out, nil
	}
	defer s.close()
	if err := s.flush(); err != nil {
		return nil, err
	}
	s.held = nil
	out, err := s.create()
	if err != nil {
		return nil, err
	}
	p := packer{to: out, buf: s.buf[:0]}
	if err = s.merge(p.add); err == nil {
		err = p.flush()
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return &sorted{file: out}, nil
}

// packer packs records into a file.
type packer struct {
	to    io.Writer
	codec codec
	buf   []byte
}

func (p *packer) add(r *record) error {
	if p.buf = p.codec.append(p.buf, r); len(p.buf) < 256<<10 {
		return nil
	}
	return p.flush()
}

func (p *packer) flush() error {
	_, err := p.to.Write(p.buf)
	p.buf = p.buf[:0]
	return err
}

// merge yields the records of all runs in order.
func (s *sorter) merge(yield func(*record) error) error {
	const room = 32 << 10
	var h runHeap
	for _, r := range s.runs {
		c := &cursor{in: bufio.NewReaderSize(io.NewSectionReader(s.file, r.off, r.end-r.off), room)}
		if err := c.next(); err != nil {
			return err
		}
		h = append(h, c)
	}
	heap.Init(&h)
	for len(h) > 0 {
		c := h[0]
		if err := yield(c.at); err != nil {
			return err
		}
		switch err := c.next(); err {
		case nil:
			heap.Fix(&h, 0)
		case io.EOF:
			heap.Pop(&h)
		default:
			return err
		}
	}
	return nil
}

// cursor reads a run.
type cursor struct {
	in    *bufio.Reader
	codec codec
	at    *record
}

func (c *cursor) next() (err error) {
	if c.at, err = c.codec.read(c.in); err != nil && err != io.EOF {
		err = fmt.Errorf("temporary file: %w", err)
	}
	return err
}

type runHeap []*cursor

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return compare(h[i].at, h[j].at) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(c any)        { *h = append(*h, c.(*cursor)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// sorted is records in order, in memory or in a file.
type sorted struct {
	held []record
	file *spill.File
}

// each calls f for all records. A record is valid until f returns.
func (s *sorted) each(ctx context.Context, f func(*record) error) error {
	const glance = 1 << 16 // records between two looks at ctx
	for i := range s.held {
		if err := f(&s.held[i]); err != nil {
			return err
		}
	}
	if s.file == nil {
		return ctx.Err()
	}
	c := cursor{in: bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.file.Size()), 256<<10)}
	for n := 0; ; n++ {
		if err := c.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(c.at); err != nil {
			return err
		}
		if n%glance == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *sorted) close() {
	if s != nil && s.file != nil {
		s.file.Close()
	}
}

// numbers is a set of numbers of events, a bit each up to the largest.
type numbers []uint64

func (s *numbers) add(n uint64) {
	for uint64(len(*s)) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

func (s numbers) has(n uint64) bool { return n/64 < uint64(len(s)) && s[n/64]>>(n%64)&1 != 0 }
