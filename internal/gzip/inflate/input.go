package inflate

import (
	"io"

	"tracekit/internal/gzip/verbatim"
)

const (
	inputSize = 256 << 10
	// readAtOnce is how much is read of src at once, of which little is wanted
	// after some restarts.
	readAtOnce = 64 << 10
	// behind is how many bytes that went into the bit buffer can still be
	// given back after more input was read.
	behind = 8
	// emptyReads in a row are taken for a source that is stuck.
	emptyReads = 100
)

// input is the compressed side: a buffer of bytes and, before them, the bits
// of the last of these that were taken but not used yet.
type input struct {
	src      io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0] in the file, bytes
	err      error // what src ended with; buf[pos:end] is still good

	bits  uint64 // lowest first
	nbits uint   // at most 63

	tape  *verbatim.Tape   // views what is taken of buf, unless it is nil
	tapes []*verbatim.Tape // of the latest output
	roll  *verbatim.Roll   // that buf is, if tapes view it
	rolls chan *verbatim.Roll
}

func (in *input) init(src io.Reader, base int64) {
	in.src, in.base = src, base
	in.buf = make([]byte, inputSize)
}

// restart goes on with another src. What tapes view of buf is left to them.
func (in *input) restart(src io.Reader, base int64) {
	if in.buf == nil {
		in.init(src, base)
		return
	}
	if old := in.roll; old == nil || len(in.buf)-in.end < inputSize/2 {
		if old != nil {
			in.unroll()
			old.Release()
		}
		in.end = 0
	}
	*in = input{src: src, buf: in.buf, pos: in.end, end: in.end, base: base - int64(in.end), roll: in.roll, rolls: in.rolls}
}

// offset is where the next unused bit is, in whole bytes.
func (in *input) offset() int64 {
	return in.base + int64(in.pos) - int64((in.nbits+7)/8)
}

// bit is where the next unused bit is.
func (in *input) bit() int64 { return 8*(in.base+int64(in.pos)) - int64(in.nbits) }

// capture puts on the tape what was taken of buf.
func (in *input) capture() {
	if in.tape != nil {
		in.tape.Bits = in.buf[in.tape.Base-in.base : in.pos : in.pos]
	}
}

// newTape begins a tape with the byte in which a bit of the file is.
func (in *input) newTape(bit int64) {
	if in.roll == nil {
		in.roll = verbatim.NewRoll(in.buf, in.rolls)
	}
	in.tape = in.roll.Tape(bit / 8)
	in.tapes = append(in.tapes, in.tape)
}

// more reads at least one byte, or returns false at the end of src.
func (in *input) more() bool {
	if in.err != nil {
		return false
	}
	if start := in.pos - behind; start > 0 && (in.roll == nil || len(in.buf)-in.end < inputSize/4) {
		in.shift(start)
	}
	for range emptyReads {
		var n int
		n, in.err = in.src.Read(in.buf[in.end:min(len(in.buf), in.end+readAtOnce)])
		in.end += n
		if n > 0 {
			return true
		}
		if in.err != nil {
			return false
		}
	}
	in.err = io.ErrNoProgress
	return false
}

// shift drops what stands before buf[start]. A buffer that a tape views is left to it.
func (in *input) shift(start int) {
	from := in.buf[start:in.end]
	in.capture()
	old := in.roll
	if old != nil {
		in.unroll()
	}
	in.end = copy(in.buf, from)
	if old != nil {
		old.Release()
	}
	in.base += int64(start)
	in.pos -= start
	if in.tape != nil {
		in.newTape(in.bit())
	}
}

// unroll goes on with a buffer that no tape views.
func (in *input) unroll() {
	in.roll = nil
	select {
	case r := <-in.rolls:
		in.buf = r.Bytes
	default:
		in.buf = make([]byte, inputSize)
	}
}

// have makes sure of n bytes in buf, which must be far less than its size.
func (in *input) have(n int) bool {
	for in.end-in.pos < n {
		if !in.more() {
			return false
		}
	}
	return true
}

// need makes sure of n <= 48 bits in the bit buffer.
func (in *input) need(n uint) bool {
	for in.nbits < n {
		if in.pos == in.end && !in.more() {
			return false
		}
		in.bits |= uint64(in.buf[in.pos]) << in.nbits
		in.nbits += 8
		in.pos++
	}
	return true
}

// take returns the next n bits, which need has made sure of.
func (in *input) take(n uint) uint32 {
	v := uint32(in.bits & (1<<n - 1))
	in.bits >>= n
	in.nbits -= n
	return v
}

// giveBack returns whole bytes from the bit buffer to buf.
func (in *input) giveBack() {
	in.pos -= int(in.nbits / 8)
	in.nbits %= 8
	in.bits &= 1<<in.nbits - 1
}

// align drops the bits that are left of the current byte.
func (in *input) align() {
	in.giveBack()
	in.bits, in.nbits = 0, 0
}
