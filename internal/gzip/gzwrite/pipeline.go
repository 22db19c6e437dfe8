package gzwrite

import (
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"

	"tracekit/internal/gzip/deflate"
	"tracekit/internal/gzip/verbatim"
)

// A chunk is a buffer of the ring: raw is filled by the caller, then packed is
// made by a worker and written out.
type chunk struct {
	raw    []byte // up to ChunkSize
	runs   []verbatim.Run
	copies []verbatim.Copy // of runs, made by the worker
	packed []byte
	crc    uint32        // of raw
	ready  chan struct{} // receives when packed and crc are there
}

// A pipeline carries chunks from the caller over the workers to the output and
// back. Each queue has room for the whole ring, so only an empty ring waits.
type pipeline struct {
	free    chan *chunk
	made    int // chunks allocated so far, at most cap(free)
	packers []*deflate.Compressor

	work  chan *chunk // to be compressed by any worker
	order chan *chunk // to be written in this order
	busy  int         // packers that a worker uses
	wait  sync.WaitGroup

	failed atomic.Bool // nothing more is worth doing
	whole  bool        // the end is to be written; set before order is closed
	out    output
}

// output belongs to the goroutine that writes, until it has ended.
type output struct {
	dst  io.Writer
	at   int64 // compressed bytes written
	size int64
	crc  uint32
	err  error // set before failed
}

func newPipeline(dst io.Writer, workers int) pipeline {
	return pipeline{
		free:    make(chan *chunk, 2*workers+1),
		packers: make([]*deflate.Compressor, workers),
		out:     output{dst: dst},
	}
}

// reset prepares a pipeline that has ended for another stream.
func (p *pipeline) reset(dst io.Writer) {
	p.work, p.order, p.busy, p.whole = nil, nil, 0, false
	p.failed.Store(false)
	p.out = output{dst: dst}
}

// take returns an empty chunk, and waits for one if the ring is in use.
func (p *pipeline) take() *chunk {
	select {
	case c := <-p.free:
		return c
	default:
	}
	if p.made == cap(p.free) {
		return <-p.free
	}
	p.made++
	return &chunk{raw: make([]byte, 0, ChunkSize), ready: make(chan struct{}, 1)}
}

func (p *pipeline) giveBack(c *chunk) {
	c.raw = c.raw[:0]
	clear(c.runs) // ranges must not outlive their text
	clear(c.copies)
	c.runs, c.copies = c.runs[:0], c.copies[:0]
	p.free <- c
}

// submit hands over a chunk that is not empty.
func (p *pipeline) submit(c *chunk) {
	if p.order == nil {
		p.start()
	}
	if p.busy < len(p.packers) {
		p.addWorker()
	}
	p.order <- c
	p.work <- c
}

func (p *pipeline) start() {
	p.work = make(chan *chunk, cap(p.free))
	p.order = make(chan *chunk, cap(p.free))
	p.wait.Go(p.writeAll)
}

func (p *pipeline) addWorker() {
	if p.packers[p.busy] == nil {
		p.packers[p.busy] = deflate.NewCompressor()
	}
	packer := p.packers[p.busy]
	p.busy++
	p.wait.Go(func() { p.compressAll(packer) })
}

func (p *pipeline) compressAll(packer *deflate.Compressor) {
	for c := range p.work {
		if !p.failed.Load() {
			for i := range c.runs {
				c.copies = c.runs[i].Copies(c.copies)
			}
			c.packed = packer.AppendChunk(c.packed[:0], c.raw, c.copies)
			c.crc = crc32.ChecksumIEEE(c.raw)
			for i := range c.runs {
				verbatim.Drop(c.runs[i].Ranges)
			}
		}
		c.ready <- struct{}{}
	}
}

// writeAll goes on after a failure without writing, so that the caller, who
// may be waiting for a free chunk, gets to know of it.
func (p *pipeline) writeAll() {
	p.write([]byte(header))
	for c := range p.order {
		<-c.ready
		p.write(c.packed)
		p.out.crc = CombineCRC(p.out.crc, c.crc, len(c.raw))
		p.out.size += int64(len(c.raw))
		p.giveBack(c)
	}
	if p.whole {
		p.write(appendTrailer(nil, p.out.crc, uint32(p.out.size)))
	}
}

func (p *pipeline) write(b []byte) {
	if p.failed.Load() {
		return
	}
	n, err := p.out.dst.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	p.out.at += int64(n)
	if err != nil {
		p.out.err = fmt.Errorf("write gzip stream at byte %d: %w", p.out.at, err)
		p.failed.Store(true)
	}
}

// end lets all goroutines finish and returns the output's error. If whole, the
// stream gets its end.
func (p *pipeline) end(whole bool) error {
	if p.order == nil {
		if !whole {
			return nil
		}
		p.start()
	}
	p.whole = whole
	close(p.work)
	close(p.order)
	p.wait.Wait()
	return p.out.err
}
