// Package extsort sorts records that may be too many for memory, by merging sorted runs in a
// temporary file. [New] returns a Sorter for one kind of record, which says how it is encoded and
// compared.
package extsort

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tracekit/internal/budget"
	"tracekit/internal/minheap"
	"tracekit/internal/spill"
)

// Kind says how records are compared, and how they are written to a file.
type Kind[T any] struct {
	// Compare orders any two records; none are equal.
	Compare func(a, b *T) int
	// Key is what Compare looks at first: a group, and a number in it.
	Key func(r *T) (group uint64, number int64)
	// Append appends a record to dst; before is the one in front of it, at the start of
	// a run a zero one.
	Append func(dst []byte, r, before *T) []byte
	// Read reads what Append has written at the start of b into r, which holds the record
	// before. It returns how many bytes that took, or more than there are if b ends too soon.
	Read func(b []byte, r *T) int
	// MaxBytes is how many bytes Append appends at most.
	MaxBytes int
}

// Sorter sorts records: in memory as long as they fit there, else in runs in a temporary
// file, which it merges.
type Sorter[T any] struct {
	kind    *Kind[T]
	scratch *Scratch
	create  func() (*spill.File, error)
	most    int // records in memory
	held    []T
	sorted  bool // held is
	file    *spill.File
	runs    []extent
	written int64 // records in the file
	buf     []byte
}

// extent is where a run stands in the file.
type extent struct{ off, end int64 }

// New returns a Sorter that holds up to most records in memory, and calls create for a
// file when there are more. Sorters that are not used at the same time may share scratch.
func New[T any](kind *Kind[T], most int, scratch *Scratch, create func() (*spill.File, error)) *Sorter[T] {
	return &Sorter[T]{kind: kind, most: most, scratch: scratch, create: create}
}

// Spilled reports whether records are in a file.
func (s *Sorter[T]) Spilled() bool { return s.runs != nil }

// Add adds a copy of r. It fails if there is no room for the file.
func (s *Sorter[T]) Add(r *T) error {
	switch n := len(s.held); {
	case n >= s.most:
		if err := s.spill(); err != nil {
			return err
		}
	case n == cap(s.held) && n >= s.most/16: // many will come: no more copies
		grown := make([]T, n, s.most)
		copy(grown, s.held)
		s.held = grown
	}
	s.held, s.sorted = append(s.held, *r), false
	return nil
}

// enough is how many bytes are written at once.
const enough = 256 << 10

// spill writes what is held as a run.
func (s *Sorter[T]) spill() (err error) {
	if s.file == nil {
		if s.file, err = s.create(); err != nil {
			return err
		}
	}
	off, before := s.file.Size(), new(T)
	for _, k := range order(s.scratch, s.kind, s.held) {
		s.buf = s.kind.Append(s.buf, &s.held[k.at], before)
		before = &s.held[k.at]
		if len(s.buf) >= enough {
			if _, err := s.file.Write(s.buf); err != nil {
				return err
			}
			s.buf = s.buf[:0]
		}
	}
	if _, err := s.file.Write(s.buf); err != nil {
		return err
	}
	s.buf = s.buf[:0]
	s.runs = append(s.runs, extent{off, s.file.Size()})
	s.written += int64(len(s.held))
	s.held = s.held[:0]
	return nil
}

func (s *Sorter[T]) sort() {
	if !s.sorted {
		permute(s.held, order(s.scratch, s.kind, s.held))
		s.sorted = true
	}
}

// Each calls f for all records in order, any number of times. A record is valid until f
// returns. It fails if f does, if ctx ends, if more is held than may be, or if the file can't be written or read.
func (s *Sorter[T]) Each(ctx context.Context, f func(r *T) error) error {
	if s.runs != nil {
		return s.merge(ctx, f)
	}
	s.sort()
	for i := range s.held {
		if i%glance == 0 {
			if err := budget.Check(ctx); err != nil {
				return err
			}
		}
		if err := f(&s.held[i]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// glance is how many records there are between two looks at a context and what is held.
const glance = 1 << 12

func (s *Sorter[T]) merge(ctx context.Context, f func(r *T) error) error {
	if len(s.held) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.held, s.buf = nil, nil
	var h minheap.Heap[*cursor[T]]
	// Many runs share what memory there is for buffers.
	room := max(4<<10, min(64<<10, (16<<20)/len(s.runs)), s.kind.MaxBytes)
	for _, r := range s.runs {
		c := &cursor[T]{kind: s.kind, file: s.file, left: r, buf: make([]byte, 0, room)}
		if err := c.next(); err != nil {
			return err
		}
		h.Push(c)
	}
	n := int64(0)
	for ; h.Len() > 0; n++ {
		if n%glance == 0 {
			if err := budget.Check(ctx); err != nil {
				return err
			}
		}
		c := *h.Top()
		if err := f(&c.record); err != nil {
			return err
		}
		switch err := c.next(); err {
		case nil:
			h.Fix()
		case io.EOF:
			h.Pop()
		default:
			return err
		}
	}
	if n != s.written {
		return fmt.Errorf("temporary file: %d records were written, and %d read", s.written, n)
	}
	return ctx.Err()
}

// Close removes the file, and forgets all records. It may be called again.
func (s *Sorter[T]) Close() error {
	file := s.file
	s.file, s.runs, s.held, s.buf, s.written = nil, nil, nil, nil, 0
	if file == nil {
		return nil
	}
	return file.Close()
}

// cursor reads a run, record by record.
type cursor[T any] struct {
	kind   *Kind[T]
	file   *spill.File
	left   extent // not yet in buf
	buf    []byte
	at     int
	record T
	group  uint64 // of record
	number int64
}

// Before compares the records at hand.
func (c *cursor[T]) Before(d *cursor[T]) bool {
	switch {
	case c.group != d.group:
		return c.group < d.group
	case c.number != d.number:
		return c.number < d.number
	}
	return c.kind.Compare(&c.record, &d.record) < 0
}

var errCut = errors.New("temporary file: it ends within a record")

// next reads a record, or returns io.EOF.
func (c *cursor[T]) next() error {
	if len(c.buf)-c.at < c.kind.MaxBytes && c.left.off < c.left.end {
		if err := c.fill(); err != nil {
			return err
		}
	}
	if c.at == len(c.buf) {
		return io.EOF
	}
	if c.at += c.kind.Read(c.buf[c.at:], &c.record); c.at > len(c.buf) {
		return errCut
	}
	c.group, c.number = c.kind.Key(&c.record)
	return nil
}

// fill reads on, behind what is left in buf.
func (c *cursor[T]) fill() error {
	n := copy(c.buf[:cap(c.buf)], c.buf[c.at:])
	more := min(int64(cap(c.buf)-n), c.left.end-c.left.off)
	c.buf, c.at = c.buf[:n+int(more)], 0
	_, err := c.file.ReadAt(c.buf[n:], c.left.off)
	c.left.off += more
	return err
}
