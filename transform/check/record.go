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
	prev, in := *r, reading{b, 2}
	*r = record{phase: b[0], flags: rflag(b[1])}
	r.ts = prev.ts + int64(in.unsigned())
	r.off = prev.off + in.signed()
	r.line = prev.line + in.signed()
	r.track = uint32(in.unsigned())
	r.name = uint32(in.unsigned())
	if r.phase == 'X' {
		r.dur = in.signed()
		r.late = int16(in.signed())
		if r.flags&rFlow != 0 {
			r.flow = in.unsigned()
		}
		return in.at
	}
	r.cat = uint32(in.unsigned())
	r.flow = in.unsigned()
	r.cookie = in.unsigned()
	return in.at
}

// reading reads numbers. Once b has ended too soon, at is behind its end.
type reading struct {
	b  []byte
	at int
}

func (in *reading) unsigned() uint64 {
	if in.at < len(in.b) && in.b[in.at] < 0x80 {
		in.at++
		return uint64(in.b[in.at-1])
	}
	return in.long()
}

func (in *reading) long() uint64 {
	v, n := binary.Uvarint(in.b[min(in.at, len(in.b)):])
	if n <= 0 {
		n = len(in.b) + 1
	}
	in.at += n
	return v
}

func (in *reading) signed() int64 {
	v := in.unsigned()
	return int64(v>>1) ^ -int64(v&1)
}
