package repair

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"

	"tracekit/internal/ahead"
	"tracekit/internal/bitset"
	"tracekit/internal/budget"
	"tracekit/internal/jsonlex"
	"tracekit/trace"
	"tracekit/transform/check"
)

// healer reads the text of a trace, whatever state it is in, and hands on what
// there is of it: the text before the events, the events, and the text behind
// them. It goes the same way each time.
type rewriter struct {
	reader
	in    *ahead.Reader
	read  int64 // bytes of text so far
	buf   []byte
	p     int
	eof   bool
	judge *check.Judge
	sink  sink

	bare  bool   // the document is the array of events itself
	found bool   // an array of events has begun
	none  bool   // in its place there is null
	begin []byte // what the text begins with

	phased  bool // something in the array has a ph, though it may be set aside
	empties int  // others
	any     bool // an event was handed on
	seq     int64
	first   bool // no member of the document was met yet
	keys    map[string]bool
	shut    []byte // the bracket that closes the events, and the space before it
	tail    []byte // what stands behind that
	brace   int    // where in tail the closing brace is, or -1
	extra   bool   // in a further document, whose events are still to come
	block   int    // bytes to read at once

	judged   int64      // for tests: bytes of events that the judge looked at
	unclosed bitset.Set // brackets in buf that are never closed, as far as that was asked
	asked    int        // how often it was, and how deep brackets nest

	clean  *clean   // nil if nothing is copied
	copies *emitter // of the second reading, which copies what is clean

	baseWas []byte // baseTimeNanoseconds of the document, nil if it has none
	base    []byte // what it is to be, nil if it is kept
}

func newRewriter(off map[Kind]bool, judge *check.Judge, s sink, block int) *rewriter {
	if block == 0 {
		block = readSize
	}
	return &rewriter{reader: reader{off: off, count: tally{}}, judge: judge, sink: s, block: block}
}

// sink takes what a healer makes.
type sink interface {
	head(text []byte) error
	// event takes the text of an event that judge has just looked at, and what
	// stood before it.
	event(sep, obj []byte, seq int64) error
	reject(obj []byte) error
}

// Sizes in bytes: of what is read at once, and of what has to be seen to tell how
// a document starts.
const (
	readSize  = 1 << 20
	startSize = 1 << 10
)

// maxPiece is the longest event or member that is read, in bytes.
const maxPiece = trace.MaxEvent

// errDone ends the reading early.
var errDone = errors.New("done")

// more reads on. What stands before h.p is dropped.
func (h *rewriter) more() (bool, error) {
	if h.eof {
		return false, nil
	}
	h.seek.forget()
	h.deep, h.deeper, h.asked = nil, nil, 0
	left := len(h.buf) - h.p
	if left > maxPiece {
		return false, trace.ErrTooLarge
	}
	var err error
	h.buf, err = h.in.More(h.buf[h.p:])
	h.p = 0
	h.read += int64(len(h.buf) - left)
	switch {
	case err == nil:
	case err == io.EOF:
		h.eof = true
	case errors.Is(err, trace.ErrDecode):
		h.eof = true
		h.count[Compression]++
	default:
		return false, err
	}
	h.final = h.eof
	return len(h.buf) > left, nil
}

// need makes sure that text follows h.buf[at], or that there is none.
func (h *rewriter) need(at *int) (bool, error) {
	for *at >= len(h.buf) {
		before := h.p
		more, err := h.more()
		*at -= before - h.p
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// run reads the whole text.
func (h *rewriter) run(ctx context.Context) error {
	h.keys, h.brace, h.first = map[string]bool{}, -1, true
	for !h.eof && len(h.buf) < startSize {
		if _, err := h.more(); err != nil {
			return err
		}
	}
	inEvents, err := h.start()
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n&0xfff == 0 {
			if err := budget.Check(ctx); err != nil {
				return err
			}
		}
		if inEvents {
			inEvents, err = h.events()
		} else {
			inEvents, err = h.outside()
		}
		if h.full != nil {
			return h.full
		}
		if err == errDone {
			return h.finish()
		}
		if err != nil {
			return err
		}
	}
}

// start passes over what stands before the document.
func (h *rewriter) start() (inEvents bool, err error) {
	b := h.buf
	h.begin = bytes.Clone(b[:min(len(b), startSize)])
	if len(b) == 0 {
		return false, trace.ErrEmpty
	}
	if err := trace.Foreign(b); err != nil {
		return false, err
	}
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		h.count[ByteOrderMark]++
		h.p = 3
	}
	at := bytes.IndexAny(b[h.p:], "{[")
	if at < 0 {
		return false, trace.ErrNotTrace
	}
	at += h.p
	lead := b[h.p:at]
	if blank := jsonlex.SkipSpace(lead, 0) == len(lead); !blank || len(lead) > maxBlank {
		if !blank {
			if err := h.lose(lead); err != nil {
				return false, err
			}
		} else {
			h.count[Commas]++
		}
		lead = nil
	}
	h.p = at + 1
	if b[at] == '[' {
		h.bare, h.found = true, true
		return true, h.sink.head(append(bytes.Clone(lead), '['))
	}
	if end, v := h.judge.JudgeEvent(b, at); (v == check.Clean || v == check.Flawed) && startsEvent(b, at) && end < len(b) && !bytes.Contains(b[at:end], []byte(`"traceEvents"`)) {
		if h.judge.LastEvent().Phase != 0 {
			// Events one after the other, without an array around them.
			h.bare, h.found, h.p = true, true, at
			h.count[Documents]++
			return true, h.sink.head([]byte{'['})
		}
	}
	return false, h.sink.head(append(bytes.Clone(lead), '{'))
}

// eventKeys are the members an event may start with.
var eventKeys = []string{"ph", "name", "cat", "ts", "pid", "tid", "dur", "id", "args", "s", "bp", "tts", "id2", "tdur"}

// startsEvent reports whether an object begins at b[p] as events do.
func startsEvent(b []byte, p int) bool {
	return startsMember(b, jsonlex.SkipSpace(b, p+1))
}

// startsMember reports whether a key of events and its colon stand at b[p].
func startsMember(b []byte, p int) bool {
	if p >= len(b) || b[p] != '"' {
		return false
	}
	for _, k := range eventKeys {
		if rest := b[p+1:]; len(rest) > len(k) && string(rest[:len(k)]) == k && rest[len(k)] == '"' {
			q := jsonlex.SkipSpace(rest, len(k)+1)
			return q == len(rest) || rest[q] == ':'
		}
	}
	return false
}

// put writes text of the document: before the events at once, after them when
// all is read.
func (h *rewriter) put(t []byte) error {
	if h.found {
		h.tail = append(h.tail, t...)
		return nil
	}
	return h.sink.head(t)
}

// blanks moves at behind white space and commas, and counts the commas. There is no more where the
// text ends with them.
func (h *rewriter) blanks(at *int) (commas int, more bool, err error) {
	for ; ; *at++ {
		if more, err := h.need(at); err != nil || !more {
			return commas, false, err
		}
		switch h.buf[*at] {
		case ',':
			commas++
		case ' ', '\n', '\r', '\t':
		default:
			return commas, true, nil
		}
	}
}

// events takes what comes next in an array of events.
func (h *rewriter) events() (inEvents bool, err error) {
	if h.copies != nil && h.clean != nil && h.copies.any {
		if copied, err := h.copyClean(); err != nil || copied {
			return true, err
		}
	}
	at := h.p
	commas, more, err := h.blanks(&at)
	if err != nil {
		return false, err
	}
	if !more {
		h.count[Unclosed]++
		return false, errDone
	}
	switch h.buf[at] {
	case '{':
		return true, h.event(at, commas)
	case ']':
		return h.bracket(at, commas)
	}
	return true, h.resync(at)
}

// event takes the event at h.buf[at].
func (h *rewriter) event(at, commas int) error {
	for {
		if h.eof && h.unclosed.Has(at) || h.deeper.Has(at) {
			return h.repair(at, commas)
		}
		end, v := h.judge.JudgeEvent(h.buf, at)
		h.judged += int64(max(end-at, 0))
		if v == check.Cut && h.eof && h.asked < mostAsked {
			h.asked++
			addUnclosed(&h.unclosed, h.buf, at)
		}
		if v == check.Cut && !h.eof && len(h.buf)-at < maxPiece/2 {
			if err := h.grow(&at); err != nil {
				return err
			}
			continue
		}
		if v != check.Clean || h.judge.IsLegacy() && !h.off[Legacy] || h.judge.BadFlow() && !h.off[FlowIDs] || h.offset != 0 || h.nanos {
			return h.repair(at, commas)
		}
		sep := h.buf[h.p:at]
		obj := h.buf[at:end:end]
		h.p = end
		asIs := commas == 1 && h.any
		err := h.hand(sep, obj, commas)
		if asIs && h.clean != nil && h.copies == nil {
			start := h.read - int64(len(h.buf))
			h.clean.add(start+int64(at-len(sep)), start+int64(end), h.seq, h.judge.IsLoose())
		}
		return err
	}
}

// grow reads on so that more follows h.buf[*at].
func (h *rewriter) grow(at *int) error {
	before := h.p
	_, err := h.more()
	*at -= before - h.p
	return err
}

// hand gives an event on that was looked at last.
func (h *rewriter) hand(sep, obj []byte, commas int) error {
	want := 1
	if !h.any {
		want = 0
	}
	if commas != want {
		h.count[Commas]++
		sep = bytes.ReplaceAll(sep, []byte{','}, nil)
		if want == 1 {
			sep = append([]byte{','}, sep...)
		}
	}
	if !h.any && h.bare {
		if len(sep) > maxBlank {
			h.count[Commas]++
			sep = []byte{'\n'}
		}
		if jsonlex.SkipSpace(obj, 1) == len(obj)-1 { // no trace starts with an empty object
			h.count[Members]++
			return nil
		}
	}
	h.any = true
	h.seq++
	return h.sink.event(sep, obj, h.seq)
}

// maxBlank is the longest white space before and behind the first bracket, in
// bytes: viewers look at the first 128 to tell a trace.
const maxBlank = 60

// repair takes an event that can't stay as it is.
func (h *rewriter) repair(at, commas int) error {
	for {
		before := maps.Clone(h.count)
		ms, tail, end, st := h.members(at, before)
		if st == short && !h.eof && len(h.buf)-at < maxPiece/2 {
			h.count = before
			if err := h.grow(&at); err != nil {
				return err
			}
			continue
		}
		if st == short {
			end = len(h.buf)
		}
		raw := h.buf[at:end:end]
		if find(ms, "ph") != nil {
			h.phased = true
		} else {
			h.empties++
		}
		ms, f := h.repairEvent(ms)
		if st != whole {
			h.count[Broken]++
			tail = nil
		}
		obj := append(render(ms, tail), ' ')
		good := h.showable(obj, ms, st)
		if f != kept && good && h.off[kindOf(f)] {
			f = kept
		}
		if f != kept || !good {
			h.count = before
			return h.reject(at, end, obj[:len(obj)-1], f, st)
		}
		if !bytes.Equal(raw, obj[:len(obj)-1]) && h.count.total() == before.total() {
			h.count[Commas]++ // all that was amiss is what stands between members
		}
		sep := bytes.Clone(h.buf[h.p:at])
		h.p = end
		if err := h.hand(sep, obj[:len(obj)-1:len(obj)-1], commas); err != nil || st == whole {
			return err
		}
		return h.resync(end)
	}
}

// members reads an event's members, at first as if its quotes could be trusted.
func (h *rewriter) members(at int, before tally) (ms []member, tail []byte, end int, st status) {
	h.trust = true
	ms, tail, end, st = h.object(h.buf, at, 0)
	h.trust = false
	h.measure(at)
	if st != whole {
		h.count = maps.Clone(before)
		ms, tail, end, st = h.object(h.buf, at, 0)
	}
	return ms, tail, end, st
}

// showable reports whether a repaired event can be handed on.
func (h *rewriter) showable(obj []byte, ms []member, st status) bool {
	stop, v := h.judge.JudgeEvent(obj, 0)
	switch {
	case st != whole && !complete(ms):
		return false
	case len(ms) == 0:
		return true // an empty object is nothing to anyone
	}
	return stop == len(obj)-1 && (v == check.Clean || v == check.Flawed && len(h.off) > 0)
}

// setAside rejects the event at h.buf[at:end], of which obj could be made, and
// goes on behind it.
func (h *rewriter) reject(at, end int, obj []byte, f outcome, st status) error {
	h.p = end
	if st == whole {
		h.count[kindOf(f)]++
		return h.sink.reject(obj)
	}
	h.count[Broken]++
	if err := h.sink.reject(h.buf[at:end]); err != nil {
		return err
	}
	return h.resync(end)
}

func kindOf(f outcome) Kind {
	if f == rejected {
		return Times
	}
	return Unshowable
}

// complete reports whether an event that breaks off has what it needs.
func complete(ms []member) bool {
	has := map[string]bool{}
	for i := range ms {
		has[ms[i].name] = !ms[i].drop
	}
	return has["ph"] && has["ts"] && has["name"] && has["pid"] && has["tid"]
}
