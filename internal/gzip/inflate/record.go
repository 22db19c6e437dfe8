package inflate

import (
	"math/bits"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/gzip/verbatim"
)

// recorder records how the output is compressed.
type recorder struct {
	on           bool
	symbols      *verbatim.Block // the block that is being decoded, nil if it can't be copied
	began        int64           // output at which the last block began that may be copied
	nextBoundary int64           // output at which the next one is recorded
}

// leastBlock is how much output there is at least between the beginnings of two
// blocks that are recorded, in bytes: a stream of many small ones could take any
// amount of memory.
const leastBlock = 1 << 10

// Record makes the Reader record how the output is compressed. It must be called
// before the first Fill or Read.
func (r *Reader) Record() {
	r.recorder = newRecorder(true)
	r.pool = make(chan *verbatim.Buffer, maxBuffers)
}

func newRecorder(on bool) recorder { return recorder{on: on, began: -leastBlock} }

// maxBuffers is how many buffers wait to be used again.
const maxBuffers = 4

// Ranges returns what was recorded by the last Fill. It belongs to the caller, who may
// drop it for its memory to be used again.
func (r *Reader) Ranges() []*verbatim.Range { return r.ranges }

// output is how much output there is by now.
func (r *Reader) output() int64 { return r.total + int64(r.out-r.checked) }

// beginRange begins a range at the start of a Fill.
func (r *Reader) beginRange() {
	r.ranges = nil
	if r.symbols != nil {
		r.newRange(r.bit())
	}
}

// endRange ends the range at the end of a Fill.
func (r *Reader) endRange() {
	r.capture()
	r.current = nil
}

// addBoundary records that a symbol begins here.
func (r *Reader) addBoundary() {
	at := r.output()
	r.nextBoundary = (at/verbatim.Every + 1) * verbatim.Every
	r.current.Boundaries = append(r.current.Boundaries, verbatim.Boundary{Text: at, Bit: r.bit(), Block: r.symbols})
}

// beginSymbols is called when a block of symbols was found at a bit of the file,
// before the rest of its header is read.
func (r *Reader) beginSymbols(bit int64) {
	if !r.on {
		return
	}
	at := r.output()
	first := at%gzwrite.ChunkSize == 0 && at > r.began // of a chunk that may be decoded by itself
	if at-r.began < leastBlock && !first {
		r.endSymbols(bit)
		return
	}
	r.began = at
	if r.symbols == nil {
		r.newRange(bit)
	}
	r.symbols = &verbatim.Block{Start: bit, EndLen: fixedEnd}
}

// headerRead is called behind the header of a block of symbols.
func (r *Reader) headerRead() {
	b := r.symbols
	if b == nil {
		return
	}
	if b.EndLen == 0 { // it can't end
		r.endSymbols(b.Start)
		return
	}
	r.capture()
	b.Bits = uint(r.bit() - b.Start)
	b.Header = verbatim.Cut(r.ranges, b.Start, r.bit())
	b.Header[0] &^= 1
	r.addBoundary()
}

// endSymbols notes that what begins at a bit of the file is not copied.
func (r *Reader) endSymbols(bit int64) {
	if r.symbols == nil {
		return
	}
	r.capture()
	r.current.Boundaries = append(r.current.Boundaries, verbatim.Boundary{Text: r.output(), Bit: bit})
	r.symbols, r.current = nil, nil
}

// codeOf returns the code of a symbol, its first bit lowest, and how many bits it
// has, by the lengths of all codes (RFC 1951, 3.2.2).
func codeOf(lens []uint8, symbol int) (code uint32, n uint) {
	n = uint(lens[symbol])
	for s, l := range lens {
		if l := uint(l); l > 0 && (l < n || l == n && s < symbol) {
			code += 1 << (n - l)
		}
	}
	return bits.Reverse32(code) >> (32 - n), n
}
