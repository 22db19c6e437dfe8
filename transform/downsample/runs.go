package downsample

import (
	"fmt"
	"io"

	"tracekit/internal/spill"
)

// cursor reads a run, record by record, into last of its codec.
type cursor struct {
	file  *spill.File
	left  extent // not yet in buf
	buf   []byte
	at    int
	codec codec
}

// next reads a record, or returns io.EOF.
func (c *cursor) next() error {
	if len(c.buf)-c.at < mostBytes && c.left.off < c.left.end {
		if err := c.fill(); err != nil {
			return fmt.Errorf("temporary file: %w", err)
		}
	}
	if c.at == len(c.buf) {
		return io.EOF
	}
	if c.at += c.codec.read(c.buf[c.at:]); c.at > len(c.buf) {
		return fmt.Errorf("temporary file: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// fill reads on, behind what is left in buf.
func (c *cursor) fill() error {
	n := copy(c.buf[:cap(c.buf)], c.buf[c.at:])
	more := min(int64(cap(c.buf)-n), c.left.end-c.left.off)
	c.buf, c.at = c.buf[:n+int(more)], 0
	_, err := c.file.ReadAt(c.buf[n:], c.left.off)
	c.left.off += more
	return err
}

// runHeap is cursors, that with the first record at the top.
type runHeap []*cursor

// sink puts the i-th cursor where it belongs among those below it.
func (h runHeap) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (c *cursor) before(d *cursor) bool { return compare(&c.codec.last, &d.codec.last) < 0 }
