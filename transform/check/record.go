package check

import (
	"cmp"
	"encoding/binary"
	"math"

	"tracekit/internal/extsort"
)

// record is what is left of an event for the replay in order of time: enough to
// nest slices and to join flows, and where it stands, to tell of it.
type record struct {
	ts, dur int64
	off     int64
	line    int64
	cookie  uint64 // which async track
	flow    uint64 // id of a flow event, or bind_id
	track   uint32 // thread, or process of an async event or process instant
	name    uint32
	cat     uint32
	phase   byte
	flags   rflag
	late    int16 // ns by which ts really is later; of X
}

type rflag uint8

const (
	rFlow      rflag = 1 << iota // flow holds an id
	rIn                          // flow_in
	rOut                         // flow_out
	rEnclosing                   // bp is "e"
	rBadFlow                     // a flow event whose id can't be read
	rLocal                       // an async id of its process alone
	rProcess                     // an instant of a process
	rGlobal                      // an instant of the whole trace

	rKernel = rEnclosing // an X that is a kernel
)

// key orders records of one time: ends first, then slices, the longest first,
// then all others.
func (r *record) key() int64 {
	switch r.phase {
	case 'E':
		return math.MinInt64
	case 'X':
		return math.MaxInt64 - r.dur
	}
	return math.MaxInt64
}

func compareRecords(a, b *record) int {
	return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.key(), b.key()), cmp.Compare(a.off, b.off))
}

// runRecords is how many records are sorted in memory at once: 32 MB of them, with what it
// takes to sort them.
const runRecords = 360_000

// inOrder puts records in order of time.
var inOrder = extsort.Kind[record]{
	Compare: compareRecords, Key: func(r *record) (uint64, int64) { return 0, r.ts },
	Append: appendRecord, Read: readRecord, MaxBytes: 2 + 10*binary.MaxVarintLen64,
}

// appendRecord packs r; prev is the record packed before it in the same run.
func appendRecord(b []byte, r, prev *record) []byte {
	b = append(b, r.phase, byte(r.flags))
	b = binary.AppendUvarint(b, uint64(r.ts-prev.ts))
	b = binary.AppendVarint(b, r.off-prev.off)
	b = binary.AppendVarint(b, r.line-prev.line)
	b = binary.AppendUvarint(b, uint64(r.track))
	b = binary.AppendUvarint(b, uint64(r.name))
	if r.phase == 'X' {
		b = binary.AppendVarint(b, r.dur)
		b = binary.AppendVarint(b, int64(r.late))
		if r.flags&rFlow != 0 {
			b = binary.AppendUvarint(b, r.flow)
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(r.cat))
	b = binary.AppendUvarint(b, r.flow)
	return binary.AppendUvarint(b, r.cookie)
}

// readRecord undoes appendRecord.
func readRecord(b []byte, r *record) int {
	if len(b) < 2 {
		return len(b) + 1
	}
	prev, at := *r, 2
	u := func() uint64 {
		v, n := binary.Uvarint(b[min(at, len(b)):])
		if n <= 0 {
			n = len(b) + 1
		}
		at += n
		return v
	}
	s := func() int64 {
		v := u()
		return int64(v>>1) ^ -int64(v&1)
	}
	*r = record{phase: b[0], flags: rflag(b[1])}
	r.ts = prev.ts + int64(u())
	r.off = prev.off + s()
	r.line = prev.line + s()
	r.track = uint32(u())
	r.name = uint32(u())
	if r.phase == 'X' {
		r.dur = s()
		r.late = int16(s())
		if r.flags&rFlow != 0 {
			r.flow = u()
		}
		return at
	}
	r.cat = uint32(u())
	r.flow = u()
	r.cookie = u()
	return at
}
