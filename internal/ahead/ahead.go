// Package ahead reads in a goroutine of its own, ahead of those who take what is read.
package ahead

import "io"

// Reader reads ahead in blocks.
type Reader struct {
	blocks chan block
	free   chan []byte
	quit   chan struct{}
	size   int    // of blocks
	room   int    // before what is read into a block, for what More keeps
	taken  []byte // the memory of the block that was returned last
	own    []byte // memory for what More keeps where there is more of it
	err    error  // that ended the reading, behind what was returned
}

// block is memory of which data is what was read.
type block struct {
	memory []byte
	data   []byte
	err    error
}

// waiting is how many blocks wait to be taken.
const waiting = 3

// New returns a Reader of r, in blocks of size bytes. It has to be closed.
func New(r io.Reader, size int) *Reader {
	a := &Reader{blocks: make(chan block, waiting), free: make(chan []byte, waiting+2), quit: make(chan struct{}), size: size, room: size / 16}
	go a.run(r)
	return a
}

func (a *Reader) run(r io.Reader) {
	defer close(a.blocks)
	for {
		var memory []byte
		select {
		case memory = <-a.free:
		default:
			memory = make([]byte, a.room+a.size)
		}
		n, err := fill(r, memory[a.room:])
		select {
		case a.blocks <- block{memory, memory[a.room : a.room+n], err}:
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
	return a.take(nil)
}

// take returns left and the next block behind it.
func (a *Reader) take(left []byte) ([]byte, error) {
	b := <-a.blocks
	from := a.room - len(left)
	copy(b.memory[from:], left)
	if a.taken != nil {
		a.free <- a.taken
	}
	a.taken, a.err = b.memory, b.err
	return b.memory[from : a.room+len(b.data)], b.err
}

// More returns left, which is the end of what was returned last, and behind it what follows: at
// least as much again, or all. It is valid until the next call. The error is as of Next.
func (a *Reader) More(left []byte) ([]byte, error) {
	if a.err != nil {
		return left, a.err
	}
	if len(left) <= a.room {
		return a.take(left)
	}
	want := 2 * len(left)
	if cap(a.own) < want+a.size {
		a.own = append(make([]byte, 0, want+want/2+a.size), left...)
	} else {
		a.own = append(a.own[:0], left...)
	}
	for len(a.own) < want {
		data, err := a.Next()
		if a.own = append(a.own, data...); err != nil {
			return a.own, err
		}
	}
	return a.own, nil
}

// Close ends the reading. Nothing is read from the reader below any more once it returns.
func (a *Reader) Close() {
	close(a.quit)
	for range a.blocks {
	}
}
