package inflate

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/gzip/verbatim"
)

// Chunked decodes a gzip stream block by block. If the first member announces
// chunks that do not depend on each other (see package gzwrite), several
// goroutines decode them side by side; any other stream, and the rest of this
// one from wherever it does not keep the promise, is decoded as by a Reader.
// The output and the errors are those of a Reader in any case.
type Chunked struct {
	src    io.Reader
	begun  bool
	serial *Reader // decodes all that is left, once it is set

	points
	record bool
	ranges []*verbatim.Range // of the block that Next has returned
	in     int64             // where the next chunk starts
	crc    uint32
	window [Window]byte // the last output, full once there was a chunk

	finder  finder
	workers int
	work    chan *chunk
	wait    sync.WaitGroup
	stopped atomic.Bool
}

// chunk is a piece of the stream that ends with a mark. What is right about it
// shows when it is decoded.
type chunk struct {
	packed []byte
	block  []byte // Window bytes of room, and the output
	crc    uint32
	ranges []*verbatim.Range
	whole  bool          // packed is just what makes a whole chunk of output
	ready  chan struct{} // receives when block, crc and whole are there
}

// chunkBlock is the size of a chunk's block: the fast loop wants more room than
// it leaves output.
const chunkBlock = Window + gzwrite.ChunkSize + outMargin

// NewChunked returns a Chunked of the gzip stream src, which decodes with so
// many goroutines at once. It has to be closed.
func NewChunked(src io.Reader, workers int) *Chunked {
	return &Chunked{src: src, workers: workers}
}

// Checkpoints does what it does for a Reader, but that chunks, where there are
// any, count as blocks.
func (c *Chunked) Checkpoints(every int64, fn func(Checkpoint)) {
	if every <= 0 {
		panic("inflate: checkpoints need a positive distance")
	}
	c.every, c.offer = every, fn
}

// Record does what it does for a Reader.
func (c *Chunked) Record() { c.record = true }

// Ranges returns what was recorded of the block that Next has returned last. It
// belongs to the caller.
func (c *Chunked) Ranges() []*verbatim.Range { return c.ranges }

// SparseCheckpoints does what it does for a Reader, but that chunks, where there are
// any, count as blocks.
func (c *Chunked) SparseCheckpoints(every int64, fn func(Checkpoint)) {
	c.Checkpoints(every, fn)
	c.sparse = true
}

// Next returns a block with the next n bytes of output at block[Window:]. It
// belongs to the caller, who gives spare for it, a block that is no longer
// needed, or nil. What it returns besides is as from [Reader.Fill]: a block
// without an error holds at least a byte.
func (c *Chunked) Next(spare []byte) (block []byte, n int, err error) {
	if !c.begun {
		c.begun = true
		c.begin()
	}
	if c.serial == nil {
		k, ok := <-c.finder.order
		if ok {
			<-k.ready
			if k.whole {
				return c.take(k, spare), gzwrite.ChunkSize, nil
			}
		}
		c.fall(k)
	}
	if len(spare) < chunkBlock {
		spare = make([]byte, chunkBlock)
	}
	n, err = c.serial.Fill(spare, Window)
	c.ranges = c.serial.Ranges()
	return spare, n, err
}

// Close ends the goroutines. It waits for a read that is under way.
func (c *Chunked) Close() {
	if c.work != nil {
		c.stop()
	}
}

// begin looks whether the stream announces chunks.
func (c *Chunked) begin() {
	var head [gzwrite.HeaderSize]byte
	n := 0
	var err error
	for n < len(head) && err == nil {
		var got int
		got, err = readSome(c.src, head[n:])
		n += got
	}
	if err != nil || !gzwrite.Announced(head[:]) {
		c.serial = NewReader(after(head[:n], err, c.src))
		c.serial.points = c.points
		if c.record {
			c.serial.Record()
		}
		return
	}
	c.in = int64(n)
	if c.due() {
		c.offer(Checkpoint{})
	}
	ring := 2*c.workers + 1
	c.work = make(chan *chunk, ring)
	c.finder = finder{src: c.src, order: make(chan *chunk, ring), free: make(chan *chunk, ring), quit: make(chan struct{})}
	for range ring {
		c.finder.free <- &chunk{ready: make(chan struct{}, 1)}
	}
	c.wait.Go(func() {
		defer close(c.work)
		defer close(c.finder.order)
		c.finder.run(c.work)
	})
	for range c.workers {
		c.wait.Go(c.decodeAll)
	}
}

func (c *Chunked) decodeAll() {
	r := new(Reader)
	r.on = c.record
	for k := range c.work {
		if !c.stopped.Load() {
			if k.block == nil {
				k.block = make([]byte, chunkBlock)
			}
			k.whole = r.chunk(k.block[Window:], k.packed)
			k.crc, k.ranges = r.crc, r.ranges
			r.ranges = nil
		}
		k.ready <- struct{}{}
	}
}

// chunk decodes packed by itself, and reports whether it is blocks to its very
// end that make a whole chunk of output.
func (r *Reader) chunk(out, packed []byte) bool {
	r.input = input{buf: packed, end: len(packed), err: io.EOF}
	r.state, r.match = atBlockHeader, match{}
	r.kept, r.checksum, r.points = 0, checksum{}, points{}
	r.recorder = recorder{on: r.on, began: -leastBlock}
	r.attach(out, 0)
	defer func() { r.block = nil }()
	for r.state != atBlockHeader || r.pos < r.end || r.nbits > 0 {
		if r.step() != nil || r.state == atTrailer || r.out > gzwrite.ChunkSize {
			return false
		}
		r.check()
	}
	return r.out == gzwrite.ChunkSize
}

// take accounts for a chunk, now that the one before it has ended where this
// one starts, and exchanges its block for spare.
func (c *Chunked) take(k *chunk, spare []byte) []byte {
	block := k.block
	if c.due() {
		window := make([]byte, Window)
		if !c.sparse { // a chunk refers to nothing before it
			copy(window, c.window[:])
		}
		c.offer(Checkpoint{In: c.in, Out: c.total, Window: window})
	}
	end := Window + gzwrite.ChunkSize
	copy(c.window[:], block[end-Window:end])
	c.ranges, k.ranges = k.ranges, nil
	for _, t := range c.ranges {
		t.Shift(c.in, c.total)
	}
	c.crc = gzwrite.CombineCRC(c.crc, k.crc, gzwrite.ChunkSize)
	c.in += int64(len(k.packed))
	if c.record {
		k.packed = nil // ranges view it
	}
	c.total += gzwrite.ChunkSize
	k.block = nil
	if len(spare) >= chunkBlock {
		k.block = spare
	}
	c.finder.free <- k
	return block
}

// fall leaves all from the start of k on, which is nil at the end of what was
// found, to a Reader.
func (c *Chunked) fall(k *chunk) {
	var rest []io.Reader
	if k != nil {
		rest = append(rest, bytes.NewReader(k.packed))
	}
	for _, k := range c.stop() {
		rest = append(rest, bytes.NewReader(k.packed))
	}
	r := NewReader(io.MultiReader(append(rest, after(c.finder.rest, c.finder.err, c.src))...))
	r.base, r.state, r.points = c.in, atBlockHeader, c.points
	r.crc, r.size = c.crc, uint32(c.total)
	if c.total > 0 {
		r.kept = copy(r.window[:], c.window[:])
	}
	if c.record {
		r.Record()
	}
	c.serial = r
}

// stop ends the goroutines and returns the chunks that were not taken.
func (c *Chunked) stop() (left []*chunk) {
	c.stopped.Store(true)
	c.finder.stop()
	for k := range c.finder.order {
		left = append(left, k)
	}
	c.wait.Wait()
	return left
}
