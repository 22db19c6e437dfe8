package inflate

import (
	"cmp"
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
	once     int   // bytes that are read of src at once, 0 for readAtOnce
	err      error // what src ended with; buf[pos:end] is still good

	bits  uint64 // lowest first
	nbits uint   // at most 63

	current *verbatim.Range   // views what is taken of buf, unless it is nil
	ranges  []*verbatim.Range // of the latest output
	shared  *verbatim.Buffer  // that buf is, if ranges view it
	pool    chan *verbatim.Buffer
}

func (in *input) init(src io.Reader, base int64) {
	in.src, in.base = src, base
	in.buf = make([]byte, inputSize)
}

// restart goes on with another src. What ranges view of buf is left to them.
func (in *input) restart(src io.Reader, base int64) {
	if in.buf == nil {
		in.init(src, base)
		return
	}
	if old := in.shared; old == nil || len(in.buf)-in.end < inputSize/2 {
		if old != nil {
			in.newBuffer()
			old.Release()
		}
		in.end = 0
	}
	*in = input{src: src, once: in.once, buf: in.buf, pos: in.end, end: in.end, base: base - int64(in.end), shared: in.shared, pool: in.pool}
}

// offset is where the next unused bit is, in whole bytes.
func (in *input) offset() int64 {
	return in.base + int64(in.pos) - int64((in.nbits+7)/8)
}

// bit is where the next unused bit is.
func (in *input) bit() int64 { return 8*(in.base+int64(in.pos)) - int64(in.nbits) }

// capture records in the range what was taken of buf.
func (in *input) capture() {
	if in.current != nil {
		in.current.Bits = in.buf[in.current.Base-in.base : in.pos : in.pos]
	}
}

// newRange begins a range with the byte in which a bit of the file is.
func (in *input) newRange(bit int64) {
	if in.shared == nil {
		in.shared = verbatim.NewBuffer(in.buf, in.pool)
	}
	in.current = in.shared.Range(bit / 8)
	in.ranges = append(in.ranges, in.current)
}

// more reads at least one byte, or returns false at the end of src.
func (in *input) more() bool {
	if in.err != nil {
		return false
	}
	if start := in.pos - behind; start > 0 && (in.shared == nil || len(in.buf)-in.end < inputSize/4) {
		in.shift(start)
	}
	for range emptyReads {
		var n int
		n, in.err = in.src.Read(in.buf[in.end:min(len(in.buf), in.end+cmp.Or(in.once, readAtOnce))])
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

// shift drops what stands before buf[start]. A buffer that a range views is left to it.
func (in *input) shift(start int) {
	from := in.buf[start:in.end]
	in.capture()
	old := in.shared
	if old != nil {
		in.newBuffer()
	}
	in.end = copy(in.buf, from)
	if old != nil {
		old.Release()
	}
	in.base += int64(start)
	in.pos -= start
	if in.current != nil {
		in.newRange(in.bit())
	}
}

// newBuffer goes on with a buffer that no range views.
func (in *input) newBuffer() {
	in.shared = nil
	select {
	case r := <-in.pool:
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
