// Package extsort sorts records that may be too many for memory, by merging sorted runs in a
// temporary file. [New] returns a Sorter for one kind of record, which says how it is encoded and
// compared; [Sorter.Add] takes records, and [Sorter.Each] gives them back in order. It does not know
// what they mean.
package extsort

import (
	"context"
	"fmt"

	"tracekit/internal/budget"
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
// file, which it merges. A run is sorted and written by a goroutine of its own while the
// next one is gathered.
type Sorter[T any] struct {
	kind    *Kind[T]
	scratch *Scratch
	create  func() (*spill.File, error)
	most    int // records in memory
	held    []T
	other   []T  // the other half of them, once there is a file
	sorted  bool // held is
	file    *spill.File
	writing chan error // the end of the run at hand, nil if there is none

	// What follows belongs to the goroutine that writes a run, if there is one.
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
func (s *Sorter[T]) Spilled() bool { return s.file != nil }

// Add adds a copy of r. It fails if there is no room for the file.
func (s *Sorter[T]) Add(r *T) error {
	switch n := len(s.held); {
	case n >= s.most, s.file != nil && n == cap(s.held):
		if err := s.makeRoom(); err != nil {
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

// makeRoom has what is held written, and makes room for as much as was written before it.
func (s *Sorter[T]) makeRoom() (err error) {
	if s.file == nil {
		if s.file, err = s.create(); err != nil {
			return err
		}
		half := (len(s.held) + 1) / 2
		s.held, s.other = s.held[half:], s.held[:half:half]
		s.write(s.other)
	}
	if err := s.wait(); err != nil {
		return err
	}
	s.write(s.held)
	s.held, s.other = s.other[:0], s.held
	if cap(s.held) == 0 {
		s.held = make([]T, 0, (s.most+1)/2)
	}
	return nil
}

// write begins to write records as a run. They must stay as they are until wait returns.
func (s *Sorter[T]) write(records []T) {
	if len(records) == 0 {
		return
	}
	s.writing = make(chan error, 1)
	go func() { s.writing <- s.spill(records) }()
}

// wait waits for the run that is being written.
func (s *Sorter[T]) wait() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	return err
}

// enough is how many bytes are written at once.
const enough = 256 << 10

// spill writes records as a run.
func (s *Sorter[T]) spill(records []T) error {
	s.scratch.mu.Lock()
	defer s.scratch.mu.Unlock()
	off, before := s.file.Size(), new(T)
	for _, k := range order(s.scratch, s.kind, records) {
		s.buf = s.kind.Append(s.buf, &records[k.at], before)
		before = &records[k.at]
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
	s.written += int64(len(records))
	return nil
}

func (s *Sorter[T]) sort() {
	if !s.sorted {
		s.scratch.mu.Lock()
		defer s.scratch.mu.Unlock()
		permute(s.held, order(s.scratch, s.kind, s.held))
		s.sorted = true
	}
}

// Each calls f for all records in order, any number of times. A record is valid until f
// returns. It fails if f does, if ctx ends, if more is held than may be, or if the file can't be written or read.
func (s *Sorter[T]) Each(ctx context.Context, f func(r *T) error) error {
	if s.file != nil {
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

// merge is Each for what is in a file. A goroutine reads ahead.
func (s *Sorter[T]) merge(ctx context.Context, f func(r *T) error) error {
	if err := s.wait(); err != nil {
		return err
	}
	if len(s.held) > 0 {
		if err := s.spill(s.held); err != nil {
			return err
		}
	}
	s.held, s.other, s.buf = nil, nil, nil
	m := &merger[T]{batches: make(chan []T, aheadBatches), free: make(chan []T, aheadBatches+2), quit: make(chan struct{})}
	go m.run(s)
	n := int64(0)
	err := m.each(func(batch []T) error {
		n += int64(len(batch))
		if err := budget.Check(ctx); err != nil {
			return err
		}
		for i := range batch {
			if err := f(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n != s.written {
		return fmt.Errorf("temporary file: %d records were written, and %d read", s.written, n)
	}
	return ctx.Err()
}

// Close removes the file, and forgets all records. It may be called again.
func (s *Sorter[T]) Close() error {
	s.wait()
	file := s.file
	s.file, s.runs, s.held, s.other, s.buf, s.written = nil, nil, nil, nil, nil, 0
	if file == nil {
		return nil
	}
	return file.Close()
}
