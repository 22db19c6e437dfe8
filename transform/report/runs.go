package report

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// maxHeld is how many slices wait in memory, 32 bytes each, before they are
// put aside in a file.
const maxHeld = 1 << 20

// stretchSize is how many bytes a slice takes in the file.
const stretchSize = 28

// runs are sorted stretches of slices in a temporary file.
type runs struct {
	file *spill.File
	ends []int64 // where each run ends
}

// put writes all of the heap as a run.
func (o *inOrder) put() error {
	if o.runs.file == nil {
		file, err := spill.Create(o.dir)
		if err != nil {
			return err
		}
		o.runs.file = file
	}
	slices.SortFunc(o.heap, func(a, b stretch) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
	w := bufio.NewWriterSize(o.runs.file, 1<<18)
	var b [stretchSize]byte
	for i := range o.heap {
		s := &o.heap[i]
		binary.LittleEndian.PutUint64(b[0:], uint64(s.start))
		binary.LittleEndian.PutUint64(b[8:], uint64(s.end))
		binary.LittleEndian.PutUint64(b[16:], uint64(s.seq))
		binary.LittleEndian.PutUint32(b[24:], uint32(s.what))
		if _, err := w.Write(b[:]); err != nil {
			return err
		}
	}
	o.heap = o.heap[:0]
	if err := w.Flush(); err != nil {
		return err
	}
	o.runs.ends = append(o.runs.ends, o.runs.file.Size())
	return nil
}

// run is one of them while it is read.
type run struct {
	in   *bufio.Reader
	head stretch
}

// next reads the run's next slice, and reports false at its end.
func (r *run) next() (bool, error) {
	var b [stretchSize]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		if err == io.EOF {
			return false, nil
		}
		return false, err
	}
	r.head = stretch{
		start: trace.Time(binary.LittleEndian.Uint64(b[0:])), end: trace.Time(binary.LittleEndian.Uint64(b[8:])),
		seq: int64(binary.LittleEndian.Uint64(b[16:])), what: int32(binary.LittleEndian.Uint32(b[24:])),
	}
	return true, nil
}

// merge hands on what is in the runs and in memory, in order.
func (o *inOrder) merge() error {
	if err := o.put(); err != nil {
		return err
	}
	var all []*run
	from := int64(0)
	for _, end := range o.runs.ends {
		r := &run{in: bufio.NewReaderSize(io.NewSectionReader(o.runs.file, from, end-from), 1<<16)}
		from = end
		more, err := r.next()
		if err != nil {
			return err
		}
		if more {
			all = append(all, r)
		}
	}
	for len(all) > 0 {
		first := 0
		for i := range all {
			if all[i].head.before(&all[first].head) {
				first = i
			}
		}
		o.next(all[first].head)
		more, err := all[first].next()
		if err != nil {
			return err
		}
		if !more {
			all = slices.Delete(all, first, first+1)
		}
	}
	return nil
}

// close removes the file.
func (o *inOrder) close() {
	if o.runs.file != nil {
		o.runs.file.Close()
		o.runs.file = nil
	}
}
