package inflate

import (
	"fmt"
	"io"
)

// Checkpoint is a place in a gzip file where decoding can be taken up.
type Checkpoint struct {
	In  int64 // offset of the compressed byte that holds the first bit
	Bit uint8 // how many bits of that byte come before it, 0..7
	Out int64 // offset of the first uncompressed byte

	// Window is the output before Out that may be referred to, at most
	// [Window] bytes. It is empty exactly if a member starts here.
	Window []byte
}

// points is where the output stands, in uncompressed bytes, and who wants to
// be told.
type points struct {
	total int64 // as of the last check
	start int64 // of what matches may refer to: the current member's, as a rule
	next  int64 // the least total at which a checkpoint is due
	every int64
	offer func(Checkpoint)

	sparse bool
	late   *late // a checkpoint that waits for what will be referred to
}

// late is a checkpoint whose window has what was referred to by now, of all.
type late struct {
	Checkpoint
	all   []byte
	until int64 // output up to which it may be referred to
}

// reach is how far back matches may refer to now, in bytes.
func (r *Reader) reach() int64 {
	return r.total + int64(r.out-r.checked) - r.start
}

// Checkpoints makes the Reader call fn, from within Fill and Read, at the
// first member start or deflate block boundary at or after each every bytes of
// output, beginning with where it stands now. The checkpoint's window is a
// fresh copy that belongs to fn. It must be called before the first Fill or
// Read; every must be positive.
func (r *Reader) Checkpoints(every int64, fn func(Checkpoint)) {
	if every <= 0 {
		panic("inflate: checkpoints need a positive distance")
	}
	r.every, r.offer = every, fn
	r.next = r.total
}

// SparseCheckpoints is Checkpoints, but of each window it leaves only what the
// output refers to, and zeros in between, which pack well. fn is called when that is
// known. every must be at least twice [Window].
func (r *Reader) SparseCheckpoints(every int64, fn func(Checkpoint)) {
	if every < 2*Window {
		panic("inflate: sparse checkpoints need more distance")
	}
	r.Checkpoints(every, fn)
	r.sparse = true
}

// refer notes what a match is going to read of the window that waits.
func (r *Reader) refer(length, dist int) {
	w := r.late
	before := w.Out - (r.output() - int64(dist)) // it begins so many bytes before the checkpoint
	if at := int64(len(w.all)) - before; before > 0 && at >= 0 {
		copy(w.Window[at:], w.all[at:min(int64(len(w.all)), at+int64(length))])
	}
}

// offerLate hands out the checkpoint that waits.
func (r *Reader) offerLate() {
	if w := r.late; w != nil {
		r.late = nil
		r.offer(w.Checkpoint)
	}
}

// due says whether a checkpoint is wanted here, and when the next one is.
func (p *points) due() bool {
	if p.offer == nil || p.total < p.next {
		return false
	}
	p.next = p.total + p.every
	return true
}

// offerMember stands before a member's header.
func (r *Reader) offerMember() {
	if r.due() {
		r.offer(Checkpoint{In: r.offset(), Out: r.total})
	}
}

// offerBlock stands before a deflate block's header.
func (r *Reader) offerBlock() {
	if !r.due() {
		return
	}
	r.giveBack()
	window := make([]byte, min(Window, r.reach()))
	r.lastOutput(window)
	cp := Checkpoint{
		In:     r.offset(),
		Bit:    uint8(-r.nbits & 7),
		Out:    r.total,
		Window: window,
	}
	if r.sparse && len(window) > 0 {
		cp.Window = make([]byte, len(window))
		r.late = &late{cp, window, r.total + Window}
		return
	}
	r.offer(cp)
}

// NewReaderAt returns a Reader of the gzip file src, size bytes long, that
// begins at cp. The checksum of a member whose beginning it does not see goes
// unchecked; those of later members do not.
func NewReaderAt(src io.ReaderAt, size int64, cp Checkpoint) (*Reader, error) {
	r := new(Reader)
	if err := r.Restart(src, size, cp); err != nil {
		return nil, err
	}
	return r, nil
}

// ReadAtOnce lets r read n bytes of its file at a time, so that it reads hardly more than it
// needs. It holds for what r is restarted as, too.
func (r *Reader) ReadAtOnce(n int) { r.once = n }

// Restart makes r what NewReaderAt returns, with the memory that it has; it records
// if it did before. After an error r is of no use.
func (r *Reader) Restart(src io.ReaderAt, size int64, cp Checkpoint) error {
	if cp.In < 0 || cp.In > size || cp.Bit > 7 || int64(len(cp.Window)) > min(cp.Out, Window) {
		return fmt.Errorf("gzip: no checkpoint of a file of %d bytes: byte %d, bit %d, window of %d bytes before %d",
			size, cp.In, cp.Bit, len(cp.Window), cp.Out)
	}
	in, on, spare := r.input, r.on, r.spare
	*r = Reader{}
	r.input, r.recorder, r.spare = in, newRecorder(on), spare
	r.restart(io.NewSectionReader(src, cp.In, size-cp.In), cp.In)
	r.total, r.start = cp.Out, cp.Out-int64(len(cp.Window))
	if len(cp.Window) == 0 {
		return nil
	}
	r.kept = copy(r.window[:], cp.Window)
	r.state, r.partial = atBlockHeader, true
	if !r.need(uint(cp.Bit)) {
		return r.short()
	}
	r.take(uint(cp.Bit))
	return nil
}
