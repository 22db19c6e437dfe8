package tracegen

import (
	"io"
	"strconv"
)

// flushSize is how many bytes the encoder gathers before it writes.
const flushSize = 256 << 10

// encoder lays out events as text and counts them. An event is written piece
// by piece: open, the name, at (and dur), then perhaps args, and close.
type encoder struct {
	w       io.Writer
	layout  Layout
	buf     []byte
	err     error
	flushed int64

	gap     string // what comes before the next event
	between string // what separates two events
	begin   int    // where the event in hand begins in buf
	inArgs  bool
	cur     *shape // of the event in hand
	size    int    // of the last event

	tallies map[string]*Tally
	minTS   int64
	maxTS   int64
}

func newEncoder(w io.Writer, c Config) *encoder {
	e := &encoder{w: w, layout: c.Layout, tallies: map[string]*Tally{}, minTS: 1<<63 - 1, maxTS: -1 << 63}
	e.buf = make([]byte, 0, flushSize+64<<10)
	switch {
	case c.Array:
		e.between = ","
	case c.Layout == Dump:
		e.between = ", "
	case c.Layout == Kineto:
		e.gap, e.between = "\n  ", ",\n  "
	case c.Layout == Indent2:
		e.gap, e.between = "\n    ", ",\n    "
	}
	return e
}

// total is the number of bytes so far, written or not.
func (e *encoder) total() int64 { return e.flushed + int64(len(e.buf)) }

func (e *encoder) flush() {
	if e.err == nil && len(e.buf) > 0 {
		_, e.err = e.w.Write(e.buf)
	}
	e.flushed += int64(len(e.buf))
	e.buf = e.buf[:0]
}

// open begins an event, up to where its name (or a flow's id) comes. It is
// here that full buffers are written, so that the last event can be cut.
func (e *encoder) open(s *shape) {
	if len(e.buf) >= flushSize {
		e.flush()
	}
	e.buf = append(e.buf, e.gap...)
	e.gap = e.between
	e.begin, e.cur, e.inArgs = len(e.buf), s, false
	e.buf = append(e.buf, s.pre...)
}

// str adds text that needs no escapes.
func (e *encoder) str(s string) { e.buf = append(e.buf, s...) }

func (e *encoder) num(n int) { e.buf = strconv.AppendInt(e.buf, int64(n), 10) }

func (e *encoder) hex(n int64) {
	e.buf = append(e.buf, "0x"...)
	e.buf = strconv.AppendInt(e.buf, n, 16)
}

// at ends the name and writes the timestamp.
func (e *encoder) at(ts int64) { e.atFine(ts, 0) }

// atFine writes a timestamp that lies some hundredths of a nanosecond, less
// than fifty, after ts, where the layout prints as much.
func (e *encoder) atFine(ts int64, hundredths int) {
	e.buf = append(e.buf, e.cur.mid...)
	e.micros(ts, hundredths)
	e.buf = append(e.buf, e.cur.post...)
	if e.cur.shown {
		e.minTS, e.maxTS = min(e.minTS, ts), max(e.maxTS, ts)
	}
}

// span writes a slice's timestamp and duration.
func (e *encoder) span(ts, end int64) {
	e.at(ts)
	e.dur(ts, end)
}

func (e *encoder) dur(ts, end int64) {
	e.buf = append(e.buf, e.cur.dur...)
	e.micros(end-ts, 0)
	e.maxTS = max(e.maxTS, end)
}

// micros writes nanoseconds as microseconds: with three decimals as Kineto
// does, or as Python prints a float, without needless zeros.
func (e *encoder) micros(ns int64, hundredths int) {
	frac := ns % us
	e.buf = strconv.AppendInt(e.buf, ns/us, 10)
	e.buf = append(e.buf, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
	if e.layout == Kineto {
		return
	}
	if hundredths > 0 {
		e.buf = append(e.buf, byte('0'+hundredths/10), byte('0'+hundredths%10))
	}
	n := len(e.buf)
	for e.buf[n-1] == '0' && e.buf[n-2] != '.' {
		n--
	}
	e.buf = e.buf[:n]
}

// close ends the event and counts it.
func (e *encoder) close() {
	if e.inArgs {
		e.buf = append(e.buf, e.cur.endArgs...)
	}
	e.buf = append(e.buf, e.cur.end...)
	e.size = len(e.buf) - e.begin
	e.cur.tally.Events++
	e.cur.tally.Bytes += int64(e.size)
}

// cut drops the last event's second half, and everything after it.
func (e *encoder) cut() {
	e.buf = e.buf[:e.begin+e.size/2]
	e.cur.tally.Events--
	e.cur.tally.Bytes -= int64(e.size)
}
