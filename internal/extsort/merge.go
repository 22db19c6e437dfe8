package extsort

import (
	"errors"
	"io"

	"tracekit/internal/minheap"
	"tracekit/internal/spill"
)

// merger reads the runs of a file, merged, ahead of those who take the records.
type merger[T any] struct {
	batches chan []T
	free    chan []T
	quit    chan struct{}
	err     error // that ended the batches
}

// Records are read ahead in batches of so many, of which so many wait.
const (
	batchRecords = 1 << 10
	aheadBatches = 2
)

// each calls f for all batches, and ends the reading.
func (m *merger[T]) each(f func(batch []T) error) error {
	var err error
	for batch := range m.batches {
		if err != nil {
			continue
		}
		if err = f(batch); err != nil {
			close(m.quit)
		}
		m.free <- batch[:0]
	}
	if err != nil {
		return err
	}
	return m.err
}

// run fills batches until all is read or nobody wants more.
func (m *merger[T]) run(s *Sorter[T]) {
	defer close(m.batches)
	var h minheap.Heap[*cursor[T]]
	if h, m.err = s.cursors(); m.err != nil {
		return
	}
	for h.Len() > 0 {
		var batch []T
		select {
		case batch = <-m.free:
		default:
			batch = make([]T, 0, batchRecords)
		}
		for h.Len() > 0 && len(batch) < cap(batch) && m.err == nil {
			c := *h.Top()
			batch = append(batch, c.record)
			switch err := c.next(); err {
			case nil:
				h.Fix()
			case io.EOF:
				h.Pop()
			default:
				m.err = err
			}
		}
		select {
		case m.batches <- batch:
		case <-m.quit:
			return
		}
		if m.err != nil {
			return
		}
	}
}

// cursors returns one for each run, which stands at its first record.
func (s *Sorter[T]) cursors() (h minheap.Heap[*cursor[T]], err error) {
	// Many runs share what memory there is for buffers.
	room := max(4<<10, min(64<<10, (16<<20)/len(s.runs)), s.kind.MaxBytes)
	for _, r := range s.runs {
		c := &cursor[T]{kind: s.kind, file: s.file, left: r, buf: make([]byte, 0, room)}
		if err := c.next(); err != nil {
			return h, err
		}
		h.Push(c)
	}
	return h, nil
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
