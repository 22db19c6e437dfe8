package spill

import (
	"bytes"
	"cmp"
	"io"

	"github.com/klauspost/compress/s2"
)

// Log keeps bytes that are written one after the other, to be read from the start when all
// are there: in memory up to a limit and beyond that in a temporary file.
type Log struct {
	create  func() (*File, error)
	limit   int
	packed  bool
	pending []byte     // what was gathered and is not in memory or the file yet
	memory  [][]byte   // what is not in the file, all but the last of them full
	spare   [][]byte   // what memory was that is in the file
	held    int        // bytes in memory
	packer  *s2.Writer // nil until something is packed
	file    *File
	ended   bool
	err     error // of a write
}

// NewPacked returns a Log that packs what it keeps, and holds up to limit packed bytes in
// memory. The file is made by create; if that is nil, all stays in memory.
func NewPacked(limit int, create func() (*File, error)) *Log {
	return &Log{limit: limit, create: create, packed: true}
}

// NewPlain is NewPacked for what is not worth packing.
func NewPlain(limit int, create func() (*File, error)) *Log {
	return &Log{limit: limit, create: create}
}

const (
	// pendingBytes is how much is gathered, since the packer is slow to take little things.
	pendingBytes = 32 << 10
	// fewBytes are not worth packing.
	fewBytes = 512 << 10
	// packedBlock is how many bytes are packed at a time.
	packedBlock = 256 << 10
	// heldBlock is how many bytes of memory are taken at a time: one piece that grew would be
	// copied each time, and its new pages are slow to get.
	heldBlock = 256 << 10
)

// Write takes b. What fails in one call may be returned by a later one, or by Read.
func (l *Log) Write(b []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	l.pending = append(l.pending, b...)
	if len(l.pending) < pendingBytes || l.packed && l.packer == nil && len(l.pending) < min(fewBytes, l.limit) {
		return len(b), nil
	}
	l.err = l.store()
	return len(b), l.err
}

// Err is the error of the first Write that failed. Who writes little at a time need not look
// at each error, but at this one from time to time.
func (l *Log) Err() error { return l.err }

// store stores what was gathered.
func (l *Log) store() (err error) {
	if l.packed && l.packer == nil {
		l.packer = s2.NewWriter((*stored)(l), s2.WriterConcurrency(1), s2.WriterBlockSize(packedBlock))
	}
	if l.packed {
		_, err = l.packer.Write(l.pending)
	} else {
		_, err = (*stored)(l).Write(l.pending)
	}
	l.pending = l.pending[:0]
	return err
}

// stored takes what is to be kept as it is.
type stored Log

func (l *stored) Write(b []byte) (n int, err error) {
	n = len(b)
	l.held += n
	for len(b) > 0 {
		last := len(l.memory) - 1
		if last < 0 || len(l.memory[last]) == cap(l.memory[last]) {
			l.memory, last = append(l.memory, l.block()), last+1
		}
		part := min(len(b), cap(l.memory[last])-len(l.memory[last]))
		l.memory[last] = append(l.memory[last], b[:part]...)
		b = b[part:]
	}
	if l.held <= l.limit || l.create == nil {
		return n, nil
	}
	if l.file == nil {
		if l.file, err = l.create(); err != nil {
			return 0, err
		}
	}
	for _, b := range l.memory {
		if _, err := l.file.Write(b); err != nil {
			return 0, err
		}
		l.spare = append(l.spare, b[:0])
	}
	l.memory, l.held = l.memory[:0], 0
	return n, nil
}

// block is memory that holds nothing.
func (l *stored) block() []byte {
	if n := len(l.spare); n > 0 {
		b := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return b
	}
	return make([]byte, 0, heldBlock)
}

// Read ends the writing and reads all from the start. It may be called again.
func (l *Log) Read() (io.Reader, error) {
	if l.packed && l.packer == nil || !l.packed && l.err == nil && len(l.memory) == 0 && l.file == nil {
		return bytes.NewReader(l.pending), nil // it is little: a block would take more
	}
	if l.err == nil && !l.ended {
		l.err, l.ended = l.end(), true
	}
	if l.err != nil {
		return nil, l.err
	}
	var parts []io.Reader
	if l.file != nil {
		parts = append(parts, io.NewSectionReader(l.file, 0, l.file.Size()))
	}
	for _, b := range l.memory {
		parts = append(parts, bytes.NewReader(b))
	}
	in := io.MultiReader(parts...)
	if l.packed {
		in = s2.NewReader(in)
	}
	return in, nil
}

func (l *Log) end() error {
	err := l.store()
	if l.packed {
		err = cmp.Or(err, l.packer.Close())
	}
	return err
}

// Memory is about how many bytes of memory l takes.
func (l *Log) Memory() int {
	const itself = 200
	return itself + cap(l.pending) + heldBlock*(len(l.memory)+len(l.spare))
}

// Close removes the file, if there is one.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
