package gzwrite

import (
	"errors"
	"io"
	"runtime"

	"tracekit/internal/gzip/verbatim"
)

// maxWorkers bounds what the default takes of memory on large machines.
const maxWorkers = 16

// ErrClosed is what Write returns after Close, Abort or a failure that was
// already reported.
var ErrClosed = errors.New("write to a gzip stream that has ended")

// Options say how a stream is written. They have no influence on its bytes.
type Options struct {
	// Workers is how many goroutines compress. Zero means one for each
	// processor that Go may use, but no more than 16. A Writer holds up to
	// 2*Workers+1 chunks of about 1.1 MiB, allocated as the stream grows.
	Workers int
}

// A Writer compresses what is written to it. Its methods must not be called
// at the same time by several goroutines. Every Writer that was written to
// must be ended by Close or Abort, or its goroutines stay.
type Writer struct {
	workers int
	filling *chunk // what Write fills; nil before it has been needed
	pipe    pipeline
	ended   bool
}

// NewWriter returns a Writer whose output goes to dst. It calls dst.Write from
// a goroutine of its own, one call at a time and none before there is a first
// chunk or the end; Close and Abort return after the last call has.
func NewWriter(dst io.Writer, opts Options) *Writer {
	workers := opts.Workers
	if workers <= 0 {
		workers = min(runtime.GOMAXPROCS(0), maxWorkers)
	}
	return &Writer{workers: workers, pipe: newPipeline(dst, workers)}
}

// Reset makes w write a new stream to dst and keeps its memory. What was
// written and not closed is given up as by Abort.
func (w *Writer) Reset(dst io.Writer) {
	w.Abort()
	w.pipe.reset(dst)
	w.ended = false
}

// Write takes a copy of p, which may be compressed and written much later.
// An error of the underlying writer is returned once, by the first Write or
// Close after it, and ends the stream and its goroutines. A short write
// without an error is [io.ErrShortWrite].
func (w *Writer) Write(p []byte) (int, error) {
	if w.ended {
		return 0, ErrClosed
	}
	taken := 0
	for {
		if w.pipe.failed.Load() {
			return taken, w.end(false)
		}
		if taken == len(p) {
			return taken, nil
		}
		taken += w.fill(p[taken:])
	}
}

// fill copies what fits into one chunk and hands the chunk on if it is full.
func (w *Writer) fill(p []byte) int {
	if w.filling == nil {
		w.filling = w.pipe.take()
	}
	c := w.filling
	held := len(c.raw)
	c.raw = c.raw[:min(held+len(p), ChunkSize)]
	n := len(c.raw) - held
	if &p[0] != &c.raw[held] { // the same if p was appended to AvailableBuffer
		copy(c.raw[held:], p)
	}
	if len(c.raw) == ChunkSize {
		w.pipe.submit(c)
		w.filling = nil
	}
	return n
}

// AvailableBuffer returns an empty slice with the room that is left in the
// current chunk. What is appended to it and passed to the very next Write is
// not copied again, unless it outgrows the room. It is valid until the next
// call of a method.
func (w *Writer) AvailableBuffer() []byte {
	if w.ended {
		return nil
	}
	if w.filling == nil {
		w.filling = w.pipe.take()
	}
	return w.filling.raw[len(w.filling.raw):]
}

// WasRead says of stretches of what is appended to the AvailableBuffer that they
// are as they were read: what is packed of them is copied. From and To count from
// the buffer's start, in rising order. It may be called once before the Write. The
// ranges are dropped when they are not needed any more.
func (w *Writer) WasRead(runs []verbatim.Run) {
	c := w.filling
	if w.ended || c == nil {
		return
	}
	for _, r := range runs {
		r.From += len(c.raw)
		r.To += len(c.raw)
		c.runs = append(c.runs, r)
	}
}

// Close compresses what is left, writes the end of the stream, and returns
// after all goroutines have ended. It does not close the underlying writer.
// After Close, Abort or a failed Write it does nothing and returns nil.
func (w *Writer) Close() error {
	if w.ended {
		return nil
	}
	if w.filling != nil && len(w.filling.raw) > 0 {
		w.pipe.submit(w.filling)
		w.filling = nil
	}
	return w.end(true)
}

// Abort ends the stream where it stands, without the end that a reader needs,
// and returns after all goroutines have ended; a write that is under way is
// waited for. After Close it does nothing, so it may be deferred.
func (w *Writer) Abort() {
	if !w.ended {
		w.pipe.failed.Store(true)
		w.end(false)
	}
}

func (w *Writer) end(whole bool) error {
	w.ended = true
	if w.filling != nil {
		w.pipe.giveBack(w.filling)
		w.filling = nil
	}
	return w.pipe.end(whole)
}
