package inflate

import (
	"bytes"
	"io"
	"sync"

	"tracekit/internal/gzip/gzwrite"
)

const (
	// mostPacked is more than any chunk takes, in bytes.
	mostPacked = 2 * gzwrite.ChunkSize
	// overlap is how much there may be of a mark without the rest of it.
	overlap = 3
	atOnce  = 128 << 10
)

// finder cuts a stream behind the marks of chunks.
type finder struct {
	src   io.Reader
	order chan *chunk // what was found, in order
	free  chan *chunk
	quit  chan struct{}
	once  sync.Once

	// rest was read, but is in no chunk, and err is what src ended with. They
	// may be looked at when order is closed.
	rest []byte
	err  error
}

func (f *finder) stop() { f.once.Do(func() { close(f.quit) }) }

// run sends chunks to order and to work, both of which have room for all there
// are, as long as there are marks.
func (f *finder) run(work chan<- *chunk) {
	var marks []int
	for f.err == nil && len(f.rest) < mostPacked {
		seen := max(0, len(f.rest)-overlap)
		f.read()
		marks = gzwrite.AppendMarks(marks[:0], f.rest[seen:])
		start := 0
		for _, m := range marks {
			k := f.take()
			if k == nil {
				f.rest = f.rest[start:]
				return
			}
			k.packed = append(k.packed[:0], f.rest[start:seen+m]...)
			start = seen + m
			f.order <- k
			work <- k
		}
		f.rest = append(f.rest[:0], f.rest[start:]...)
	}
}

// take waits for a chunk that is free, and returns nil if it must stop.
func (f *finder) take() *chunk {
	select {
	case <-f.quit:
		return nil
	default:
	}
	select {
	case k := <-f.free:
		return k
	case <-f.quit:
		return nil
	}
}

// read appends to rest.
func (f *finder) read() {
	n := len(f.rest)
	f.rest = append(f.rest, make([]byte, atOnce)...)
	var got int
	got, f.err = readSome(f.src, f.rest[n:])
	f.rest = f.rest[:n+got]
}

// readSome is src.Read for a source that may be stuck.
func readSome(src io.Reader, p []byte) (int, error) {
	for range emptyReads {
		if n, err := src.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// after is what src still gives once it has given b and err.
func after(b []byte, err error, src io.Reader) io.Reader {
	switch err {
	case nil:
		return io.MultiReader(bytes.NewReader(b), src)
	case io.EOF:
		return bytes.NewReader(b)
	}
	return io.MultiReader(bytes.NewReader(b), failed{err})
}

// failed is a source that has failed.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
