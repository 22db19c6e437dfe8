// Package ahead reads in a goroutine of its own, ahead of those who take what is read.
package ahead

import "io"

// Reader reads ahead in blocks.
type Reader struct {
	blocks chan block
	free   chan []byte
	quit   chan struct{}
	taken  []byte // of the block that Next returned
	rest   []byte // of that, for Read
	err    error  // of that
}

type block struct {
	data []byte
	err  error
}

// waiting is how many blocks wait to be taken.
const waiting = 3

// New returns a Reader of r, in blocks of size bytes. It has to be closed.
func New(r io.Reader, size int) *Reader {
	a := &Reader{blocks: make(chan block, waiting), free: make(chan []byte, waiting+2), quit: make(chan struct{})}
	go a.run(r, size)
	return a
}

func (a *Reader) run(r io.Reader, size int) {
	defer close(a.blocks)
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		default:
			buf = make([]byte, size)
		}
		n, err := fill(r, buf)
		select {
		case a.blocks <- block{buf[:n], err}:
		case <-a.quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// fill is as io.ReadFull, but keeps the error that ended the reading.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

// Next returns the next block, valid until the next call, and what ended the reading behind
// it: io.EOF at the end, and nil if more follows.
func (a *Reader) Next() ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	if a.taken != nil {
		a.free <- a.taken
	}
	b := <-a.blocks
	a.taken, a.err = b.data[:cap(b.data)], b.err
	return b.data, b.err
}

// Read reads what Next would return.
func (a *Reader) Read(p []byte) (n int, err error) {
	for len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		a.rest, _ = a.Next()
	}
	n = copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the reading. Nothing is read from the reader below any more once it returns.
func (a *Reader) Close() {
	close(a.quit)
	for range a.blocks {
	}
}
