// Package inflate decodes gzip (RFC 1952, RFC 1951) fast, straight into the
// caller's blocks, and can hand out checkpoints from which decoding may be
// taken up again in the middle of a file.
//
// Nothing is ever decoded twice and nothing is copied on the way: [Reader.Fill]
// writes matches and literals into the block that the caller will parse. All
// that the Reader keeps between two calls is the last [Window] bytes.
package inflate

import "io"

// Window is the farthest that deflate reaches back, in bytes.
const Window = 32 << 10

const (
	// checkedAtOnce is how much output is decoded before its checksum is
	// taken: small enough to be in cache still, large enough not to matter.
	checkedAtOnce = 64 << 10
	readBlock     = 256 << 10
)

// state says what the next compressed bits are.
type state uint8

const (
	atFirstMember state = iota // where a member must start
	atNextMember
	atBlockHeader
	inStored
	inHuffman
	atTrailer
)

// Reader decodes a gzip stream of any number of members. It must not be used
// by two goroutines at once. Its errors are final: every later call returns
// the same one.
type Reader struct {
	input
	codes

	state  state
	final  bool // the current deflate block is its member's last
	stored int  // bytes left of a stored block
	match  match
	err    error

	// block belongs to the caller and is only held during Fill.
	block []byte
	first int // where output begins in block
	low   int // where output of this member begins in block
	out   int // where output ends in block, and goes on

	// window[:kept] is the last output of earlier calls. Of this, window[:older]
	// found no room in block.
	window [Window]byte
	kept   int
	older  int

	checksum
	points
	recorder

	unread []byte // decoded by Read but not yet given away, part of spare
	spare  []byte
}

// match is the rest of a copy that did not fit into the last block.
type match struct{ length, dist int }

// NewReader returns a Reader of the gzip stream src. It reads src in large
// pieces, to its end.
func NewReader(src io.Reader) *Reader {
	r := new(Reader)
	r.input.init(src, 0)
	return r
}

// Fill decodes into block[hist:] and returns the number of new bytes there.
// n is less than len(block)-hist only together with an error, which is io.EOF
// after the last good member; everything that could be decoded before an error
// is delivered with it.
//
// The last hist bytes of earlier output, or as many as there were, are put
// before block[hist], so that the new bytes stand right behind them; hist is
// at most [Window] and decoding is fastest at just that. The Reader keeps its
// own copy of what it needs: the caller may do with block what it likes, and
// may find scribbles behind the n new bytes.
//
// Errors: [*CorruptError]; [ErrTrailing]; [ErrFormat]; one that wraps
// io.ErrUnexpectedEOF if the input stops short; those of the source.
func (r *Reader) Fill(block []byte, hist int) (n int, err error) {
	if hist < 0 || hist > Window {
		panic("inflate: history outside of 0..Window")
	}
	r.attach(block, hist)
	r.beginRange()
	for r.err == nil && r.out < len(block) {
		r.err = r.step()
		if r.state != inHuffman || r.out-r.checked >= checkedAtOnce/2 {
			r.check()
		}
	}
	r.check()
	if r.err != nil {
		r.offerLate()
	}
	n = r.out - hist
	r.endRange()
	r.detach()
	if n == len(block)-hist {
		return n, nil
	}
	return n, r.err
}

// Read decodes into p by way of a block of its own.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.unread) == 0 {
		if r.spare == nil {
			r.spare = make([]byte, Window+readBlock)
		}
		n, err := r.Fill(r.spare, Window)
		if n == 0 {
			return 0, err
		}
		r.unread = r.spare[Window : Window+n]
	}
	n := copy(p, r.unread)
	r.unread = r.unread[n:]
	return n, nil
}

// step goes on by one header, trailer or stretch of output.
func (r *Reader) step() error {
	if r.late != nil && r.output() >= r.late.until {
		r.offerLate()
	}
	switch r.state {
	case atFirstMember, atNextMember:
		return r.memberHeader()
	case atBlockHeader:
		return r.blockHeader()
	case inStored:
		return r.copyStored()
	case inHuffman:
		return r.decodeHuffman()
	default:
		return r.memberTrailer()
	}
}

// attach takes block for the output and puts the history in front.
func (r *Reader) attach(block []byte, hist int) {
	n := min(hist, r.kept)
	r.older = r.kept - n
	copy(block[hist-n:hist], r.window[r.older:r.kept])
	r.low = hist - int(min(int64(n), r.reach()))
	r.block, r.first, r.out, r.checked = block, hist-n, hist, hist
}

// detach saves the window and lets go of the block.
func (r *Reader) detach() {
	r.kept = r.lastOutput(r.window[:])
	r.block, r.out, r.checked = nil, 0, 0
}

// lastOutput fills dst, which may be part of r.window itself, with the last
// output and returns how much of it there was.
func (r *Reader) lastOutput(dst []byte) int {
	recent := r.block[r.first:r.out]
	if len(recent) >= len(dst) {
		return copy(dst, recent[len(recent)-len(dst):])
	}
	n := min(r.older, len(dst)-len(recent))
	copy(dst[:n], r.window[r.older-n:r.older])
	return n + copy(dst[n:], recent)
}
