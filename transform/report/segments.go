package report

import (
	"encoding/binary"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// segment is a stretch of time in which a stack shows one state. Its mark is the start of the
// slice that shows it, or what joins that slice to a launch.
type segment struct {
	span
	state int32
	mark  int64
}

// segments are a log of what a stack shows when, in order of time: packed, and beyond a
// megabyte in a temporary file.
type segments struct {
	log   *spill.Log
	times bool // marks are times
	buf   []byte
	last  segment // held back, since it may go on
	any   bool
	end   trace.Time // of the one before
}

// logged is how many bytes of a log are held in memory.
const logged = 1 << 20

func newSegments(times bool, temp func() (*spill.File, error)) *segments {
	return &segments{log: spill.NewPlain(logged, temp), times: times}
}

func (l *segments) add(start, end trace.Time, state int32, mark int64) {
	if l.any && l.last.end == start && l.last.state == state && l.last.mark == mark {
		l.last.end = end
		return
	}
	l.put()
	l.last, l.any = segment{span{start, end}, state, mark}, true
}

// put notes the last segment.
func (l *segments) put() {
	if !l.any {
		return
	}
	s := &l.last
	mark := s.mark
	if l.times {
		mark = int64(s.start) - mark
	}
	l.buf = binary.AppendVarint(l.buf, int64(s.start-l.end))
	l.buf = binary.AppendUvarint(l.buf, uint64(s.end-s.start))
	l.buf = binary.AppendUvarint(l.buf, uint64(s.state))
	l.buf = binary.AppendVarint(l.buf, mark)
	l.end, l.any = s.end, false
	if len(l.buf) >= gathered {
		l.flush()
	}
}

// gathered is how many bytes go into the log at a time.
const gathered = 4 << 10

func (l *segments) flush() {
	l.log.Write(l.buf) // what fails is returned when the log is read
	l.buf = l.buf[:0]
}

// reader reads a log from its start. After the last segment there is one that never begins.
type reader struct {
	now    segment
	change trace.Time // when it shows something else; before all times until it was asked
	times  bool
	varints
}

const longestSegment = 4 * binary.MaxVarintLen64

// read ends a log and reads its first segment. A log that is nil is empty.
func (l *segments) read() *reader {
	r := &reader{change: trace.MinTime}
	if l != nil {
		l.put()
		l.flush()
		r.times = l.times
		r.in, r.err = l.log.Read()
	}
	r.next()
	return r
}

// next reads the next segment.
func (r *reader) next() {
	if !r.more(longestSegment) {
		r.now = segment{span: span{trace.MaxTime, trace.MaxTime}, state: -1}
		return
	}
	r.now.start = r.now.end + trace.Time(r.signed())
	r.now.end = r.now.start + trace.Time(r.unsigned())
	r.now.state, r.now.mark = int32(r.unsigned()), r.signed()
	if r.times {
		r.now.mark = int64(r.now.start) - r.now.mark
	}
}

// at moves to the segment that covers t or comes next, and returns the time of its next change.
func (r *reader) at(t trace.Time) trace.Time {
	for r.now.end <= t && r.now.start != trace.MaxTime {
		r.next()
	}
	if r.now.start > t {
		return r.now.start
	}
	return r.now.end
}

// state is what is shown at t, to which the reader was moved; -1 if that is nothing.
func (r *reader) state(t trace.Time) int32 {
	if r.now.start > t {
		return -1
	}
	return r.now.state
}
