package report

import (
	"cmp"
	"context"
	"encoding/binary"

	"tracekit/internal/extsort"
	"tracekit/internal/minheap"
	"tracekit/trace"
)

// stretch is a slice on its way into order.
type stretch struct {
	start, end trace.Time
	seq        int64 // place in the file
	what       int32 // its function, or its job
	launch     int32 // correlation of a call and of what it launched, 0 if there is none
}

// compare is the order in which slices begin: of two that start at once the
// longer one lies around the other, and of two that are equal the first one in the file.
func (a *stretch) compare(b *stretch) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.seq, b.seq))
}

// Before reports whether a begins before b.
func (a stretch) Before(b stretch) bool {
	if a.start != b.start {
		return a.start < b.start
	}
	return a.compare(&b) < 0
}

// maxHeld is how many slices wait in memory, 32 bytes each, before they are sorted in a
// file.
const maxHeld = 1 << 19

// stretchSize is how many bytes a slice takes in the file.
const stretchSize = 32

var byStart = extsort.Kind[stretch]{
	Compare: (*stretch).compare, Key: func(s *stretch) (uint64, int64) { return 0, int64(s.start) }, MaxBytes: stretchSize,
	Append: func(b []byte, s, _ *stretch) []byte {
		for _, v := range []int64{int64(s.start), int64(s.end), s.seq} {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(s.what))
		return binary.LittleEndian.AppendUint32(b, uint32(s.launch))
	},
	Read: func(b []byte, s *stretch) int {
		if len(b) >= stretchSize {
			number := func(at int) int64 { return int64(binary.LittleEndian.Uint64(b[at:])) }
			*s = stretch{trace.Time(number(0)), trace.Time(number(8)), number(16), int32(binary.LittleEndian.Uint32(b[24:])), int32(binary.LittleEndian.Uint32(b[28:]))}
		}
		return stretchSize
	},
}

// inOrder hands slices on in the order in which they begin. It holds back
// those that an event as late as late may still come before: in memory, and if
// they are too many, all from there on in a file, until end.
type inOrder struct {
	late, high trace.Time
	waiting    minheap.Heap[stretch]
	sorter     *extsort.Sorter[stretch]
	seq        int64
	next       func(stretch)
	held       int // how many are held in memory
}

func (o *inOrder) add(start, end trace.Time, what, launch int32) error {
	o.seq++
	s := stretch{start, end, o.seq, what, launch}
	if o.sorter.Spilled() {
		return o.sorter.Add(&s)
	}
	o.waiting.Push(s)
	o.high = max(o.high, start)
	for o.waiting.Len() > 0 && o.waiting.Top().start < o.high.Add(-o.late) {
		o.next(o.waiting.Pop())
	}
	if o.waiting.Len() <= o.held {
		return nil
	}
	return o.sortRest()
}

// sortRest has what waits sorted, with what comes later.
func (o *inOrder) sortRest() error {
	for _, s := range o.waiting.Drain() {
		if err := o.sorter.Add(&s); err != nil {
			return err
		}
	}
	o.waiting = minheap.Heap[stretch]{}
	return nil
}

// end hands on all that is left.
func (o *inOrder) end(ctx context.Context) error {
	for o.waiting.Len() > 0 {
		o.next(o.waiting.Pop())
	}
	return o.sorter.Each(ctx, func(s *stretch) error {
		o.next(*s)
		return nil
	})
}
