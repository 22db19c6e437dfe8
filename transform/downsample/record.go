package downsample

import (
	"cmp"
	"encoding/binary"

	"tracekit/internal/extsort"
	"tracekit/trace"
)

// record is what is known of an event, or of a begin and its end, from the first
// pass on. Sorted records are in the order of line, start, class, falling end and
// number.
type record struct {
	Line       uint64
	Start, End int64  // ns
	N          uint64 // of the event, in file order
	Pair       uint64 // number of the event that ends it; N if there is none
	Name, Cat  uint32 // numbers of texts
	Track      uint32
	Size       uint32 // bytes of text and the comma, of both events of a pair
	Class      class
	Thread     thread
	Favoured   bool // asked for in more detail
	Important  bool // an annotation or a recompilation
}

// thread tells how an event writes its thread. Perfetto takes a tid of 0, or none, for
// the process's main thread, and so does Tracks, but others don't: what is made of slices
// stands where they stood.
type thread uint8

const (
	tidAsShown thread = iota // as a track has it
	tidZero
	tidAbsent
	bothAbsent // the pid too
)

func threadOf(e *trace.Event) thread {
	absent := func(id []byte) bool { return len(id) == 0 || string(id) == "null" }
	switch tid := e.Tid(); {
	case absent(tid) && absent(e.Pid()):
		return bothAbsent
	case absent(tid):
		return tidAbsent
	case string(tid) == "0":
		return tidZero
	}
	return tidAsShown
}

// class orders records of one line and time, and tells what they are.
type class uint8

const (
	slice     class = iota // a slice that nests on its track
	nextEnd                // a flow's end that is bound to the next slice
	enclosed               // a flow's point in the slice around it
	async                  // a pair that is joined by its id
	sample                 // of counters
	moment                 // what has a time and nests in nothing
	endMark                // E, of pairs that are not matched yet
	beginMark              // B
	asyncMark              // b and e
)

// noLine is no record's line.
const noLine = ^uint64(0)

func compare(a, b *record) int {
	return cmp.Or(
		cmp.Compare(a.Line, b.Line), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Class, b.Class),
		cmp.Compare(b.End, a.End), cmp.Compare(a.N, b.N),
	)
}

// dur is the duration, in ns; endless for what is never closed.
func (r *record) dur() int64 {
	if r.End == endless {
		return endless
	}
	return r.End - r.Start
}

// isBegun reports a slice that has a begin, and not all in one event.
func (r *record) isBegun() bool { return r.Pair != r.N || r.End == endless }

// events is the number of events that the record stands for.
func (r *record) events() int64 {
	if r.Pair != r.N {
		return 2
	}
	return 1
}

func (r *record) cost() cost { return cost{r.events(), int64(r.Size)} }

// sortMemory is how many records a sorter holds before they go to a file.
const sortMemory = 250_000

// sorter sorts records. In a file each is packed as its difference to the one before.
type sorter = extsort.Sorter[record]

var kind = extsort.Kind[record]{
	Compare: compare, Key: func(r *record) (uint64, int64) { return r.Line, r.Start },
	Append: appendRecord, Read: readRecord, MaxBytes: mostBytes,
}

// What a record shares with the one before it, or with itself, as bits of its first
// byte beside the class.
const (
	sameLine = 0x10 << iota // and track
	alone                   // no pair
	threads                 // the lower of the two bits of the thread
	classes  = 0x0f
)

func appendRecord(dst []byte, r, l *record) []byte {
	head := byte(r.Class) | byte(r.Thread)*threads
	if r.Line == l.Line && r.Track == l.Track {
		head |= sameLine
	}
	if r.Pair == r.N {
		head |= alone
	}
	dst = append(dst, head)
	if head&sameLine == 0 {
		dst = binary.AppendUvarint(dst, r.Line)
		dst = binary.AppendUvarint(dst, uint64(r.Track))
	}
	dst = binary.AppendVarint(dst, r.Start-l.Start)
	dst = binary.AppendVarint(dst, r.End-r.Start)
	dst = binary.AppendVarint(dst, int64(r.N-l.N))
	if head&alone == 0 {
		dst = binary.AppendVarint(dst, int64(r.Pair-r.N))
	}
	dst = binary.AppendUvarint(dst, uint64(r.Name)<<2|r.weight())
	dst = binary.AppendUvarint(dst, uint64(r.Cat))
	return binary.AppendUvarint(dst, uint64(r.Size))
}

// What a record is worth to a budget, as bits below its name.
const (
	favoured = 1 << iota
	important
)

func (r *record) weight() (bits uint64) {
	if r.Favoured {
		bits |= favoured
	}
	if r.Important {
		bits |= important
	}
	return bits
}

// mostBytes is how many bytes a packed record takes at most.
const mostBytes = 1 + 5*binary.MaxVarintLen64 + 4*binary.MaxVarintLen32

// readRecord unpacks the next record, which stands at the start of b, over the one before
// it. It returns how many bytes that takes, more than there are if b ends too soon.
func readRecord(b []byte, l *record) int {
	u := unpacker{b: b, at: 1}
	head := b[0]
	l.Class, l.Thread = class(head&classes), thread(head/threads)
	if head&sameLine == 0 {
		l.Line, l.Track = u.unsigned(), uint32(u.unsigned())
	}
	l.Start += u.signed()
	l.End = l.Start + u.signed()
	l.N += uint64(u.signed())
	l.Pair = l.N
	if head&alone == 0 {
		l.Pair += uint64(u.signed())
	}
	name := u.unsigned()
	l.Favoured, l.Important = name&favoured != 0, name&important != 0
	l.Name, l.Cat, l.Size = uint32(name>>2), uint32(u.unsigned()), uint32(u.unsigned())
	return u.at
}

// unpacker takes numbers off a packed record. If b ends too soon, at lies behind it.
type unpacker struct {
	b  []byte
	at int
}

func (u *unpacker) unsigned() uint64 {
	if u.at < len(u.b) && u.b[u.at] < 0x80 {
		u.at++
		return uint64(u.b[u.at-1])
	}
	return u.long()
}

func (u *unpacker) long() uint64 {
	v, n := binary.Uvarint(u.b[min(u.at, len(u.b)):])
	if n <= 0 {
		n = len(u.b) + 1
	}
	u.at += n
	return v
}

func (u *unpacker) signed() int64 {
	v := u.unsigned()
	return int64(v>>1) ^ -int64(v&1)
}
