package trace

import (
	"io"
	"sync"

	"tracekit/internal/gzip/inflate"
	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/jsonlex"
)

// Sizes of the blocks that flow from the decoder to the scanner, in bytes. In
// front of a block's data there is room for what the decoder must look back at,
// and, once the data is decoded, for an event that began in the block before.
const (
	blockData = 512 << 10
	blockRoom = 32 << 10
	ringSize  = 6
)

// Reader reads a trace in file order, a batch at a time. Decoding and scanning
// run ahead of the caller on their own goroutines. Close ends them.
type Reader struct {
	out        chan *block
	free       chan *block
	again      chan *block // blocks that have more than a batch holds
	quit       chan struct{}
	done       sync.WaitGroup
	last       *block
	record     bool             // how text was compressed is kept
	compressed []compressedText // of the latest text
	needed     int64            // offset of the first text of which somebody may still want to know that
	err        error
	ring       *ring
	mine       []*block // taken from ring; complete once decode is done
	joined     []byte   // taken from ring, for text of many blocks; complete once scan is done
	Damage     Damage   // complete once Next has returned io.EOF
	Bytes      int64    // of decompressed text read so far
	close      sync.Once
}

type block struct {
	buf        []byte
	lo, hi     int    // the data is buf[lo:hi]
	off        int64  // where the data stands in the text
	begins     bool   // the data does not follow on from the block before
	ends       bool   // no data follows on from this
	place      place  // where in the document the data begins, if it begins
	doubt      int64  // where the zone of doubt ends, if it begins
	err        error  // io.EOF after the last data, or what went wrong
	text       []byte // document text to pass on as it is, instead of data
	compressed []*verbatim.Range
	batch      Batch
	more       bool // another batch comes from the same data
	damage     Damage
}

// last reports whether no text follows on from the block's.
func (b *block) last() bool { return b.ends || b.err != nil }

// ring has what readings of a Source use one after the other: memory that was written
// before is quicker to write than such as the system has to provide.
type ring struct {
	mu      sync.Mutex
	blocks  []*block
	joined  []byte          // for text of many blocks, or nil
	decoder *inflate.Reader // that has done its work, or nil
}

func (r *ring) takeDecoder() (z *inflate.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	z, r.decoder = r.decoder, nil
	return z
}

func (r *ring) giveDecoder(z *inflate.Reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.decoder = z
}

func (r *ring) takeBlock(o *reading) *block {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.blocks) - 1
	if last < 0 {
		return &block{buf: make([]byte, blockRoom+blockData), batch: Batch{sums: o.sums, pick: o.pick}}
	}
	b := r.blocks[last]
	r.blocks = r.blocks[:last]
	*b = block{buf: b.buf, batch: Batch{sums: o.sums, pick: o.pick, events: b.batch.events}}
	return b
}

func (r *ring) takeJoined() (room []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room, r.joined = r.joined, nil
	return room
}

func (r *ring) giveBlocks(blocks []*block, joined []byte) {
	for _, b := range blocks {
		clear(b.batch.events) // they may view large memory, as parts do
		b.batch = Batch{events: b.batch.events}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocks = append(r.blocks, blocks...)
	if cap(joined) > cap(r.joined) {
		r.joined = joined
	}
}

// stretches produces the text of a trace, or chosen stretches of it.
type stretches interface {
	// fill puts data into b.buf[b.lo:], sets its bounds and offset, and the
	// error that ended it. A block with an error may still have data.
	fill(b *block)
	io.Closer
}

// reading says how a trace is read.
type reading struct {
	sums   bool              // batches have the bounds of their events, and of the events only
	pick   func(*Event) bool // those that this is true for; nil for none
	record bool              // it is asked how the text was packed
	placed bool              // events may be copied from where they stand
	verify bool              // what is no JSON is counted
	known  VerbatimRuns      // need not be looked at
}

// document walks a text that is read like this.
func (o *reading) document(m *interner) document {
	d := document{placed: -1, templates: templates{interner: m}}
	if o.placed {
		d.placed = 1
	}
	if o.verify {
		d.verify = new(jsonlex.Reader)
	}
	return d
}

// newReader starts the goroutines that read from s.
func newReader(s stretches, o reading, m *interner, blocks *ring) *Reader {
	r := &Reader{
		ring:   blocks,
		record: o.record,
		needed: nothing,
		again:  make(chan *block, 1),
		quit:   make(chan struct{}),
	}
	r.out, r.free = make(chan *block, ringSize), make(chan *block, ringSize)
	decoded := make(chan *block, ringSize)
	r.done.Add(2)
	go r.decode(s, decoded, &o)
	j := &joiner{doc: o.document(m), rest: blocks.takeJoined()}
	j.doc.runs = o.known
	go r.scan(decoded, j)
	return r
}

// Next returns the next batch, or io.EOF after the last one. A batch is valid
// until the next call.
func (r *Reader) Next() (*Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.last != nil {
		if r.last.more {
			r.again <- r.last
		} else {
			r.free <- r.last
		}
		r.last = nil
	}
	b, ok := <-r.out
	if !ok {
		return nil, io.ErrClosedPipe
	}
	r.last = b
	if r.record {
		r.keepCompressed(b)
	}
	r.Bytes = b.off + int64(b.hi-b.lo)
	if b.err != nil && !b.more {
		r.err = b.err
		r.Damage = b.damage
		if b.err != io.EOF {
			return nil, b.err
		}
		if len(b.batch.Parts) == 0 {
			return nil, io.EOF
		}
	}
	return &b.batch, nil
}

// Close stops the reading, and with that ends what batches are valid for.
func (r *Reader) Close() error {
	r.close.Do(func() {
		close(r.quit)
		r.done.Wait()
		if r.needed == nothing { // else a Writer has not passed on what it was given last
			r.dropCompressed(len(r.compressed))
		}
		r.ring.giveBlocks(r.mine, r.joined)
		r.err = io.ErrClosedPipe
	})
	return nil
}

func (r *Reader) decode(s stretches, decoded chan<- *block, o *reading) {
	defer r.done.Done()
	defer close(decoded)
	defer s.Close()
	for {
		var b *block
		select {
		case b = <-r.free:
		default:
			if len(r.mine) < ringSize { // a short trace needs few
				b = r.ring.takeBlock(o)
				r.mine = append(r.mine, b)
				break
			}
			select {
			case b = <-r.free:
			case <-r.quit:
				return
			}
		}
		b.lo, b.hi, b.err, b.begins, b.ends, b.text, b.compressed = blockRoom, blockRoom, nil, false, false, nil, nil
		s.fill(b)
		ended := b.err != nil
		if !r.pass(b, decoded) || ended {
			return
		}
	}
}

func (r *Reader) scan(decoded <-chan *block, s *joiner) {
	defer r.done.Done()
	defer close(r.out)
	defer func() { r.joined = s.largest() }()
	for b := range decoded {
		s.scanBlock(b)
		for b.more {
			if !r.pass(b, r.out) {
				return
			}
			select {
			case b = <-r.again:
			case <-r.quit:
				return
			}
			s.scanRest(b)
		}
		ended := b.err != nil
		if !r.pass(b, r.out) || ended {
			return
		}
	}
}

// pass hands a block on, and reports false if the reading was stopped. The block is
// another's then.
func (r *Reader) pass(b *block, to chan<- *block) bool {
	select {
	case to <- b:
		return true
	case <-r.quit:
		return false
	}
}
