package trace

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// layout is how the text of an event is laid out, learned from one that the
// general scanner has read: the text between its values, and what kinds of
// values they are. Profilers write millions of events by the same few layouts.
//
// A layout takes an event only if that reads byte for byte as the one that was
// learned from, values aside, and each value is of the plain form that it knows.
// Anything else is left to the general scanner: both read every event alike.
type layout struct {
	pieces []piece
	close  fixed // behind the last value, up to the brace that ends the object
	phase  byte
	has    Has
	thread thread
	next   [4]*layout // that were seen to follow, the latest first
}

// piece is some fixed text of an event and the value that follows it.
type piece struct {
	before fixed
	cat    span // of the category, if it is part of the fixed text
	form   form
	member member

	// How many digits before and behind the point the latest time had: the next
	// one is likely to have as many, and then the processor need not wait to
	// know where it ends.
	whole, decimals uint8
}

// thread remembers the text from the piece of the pid to the value behind the
// tid, if the two stand together: most events have it from the event before.
type thread struct {
	at       int // the first of the two pieces, -1 if they stand apart
	known    bool
	text     fixed
	pid, tid span // in text
}

// form is how a value is written.
type form uint8

const (
	formText   form = iota // between quotes, without a backslash
	formNumber             // digits, perhaps with a point
	formTime               // as formNumber, read as microseconds
	formArgs               // an object without others in it
)

// member tells where the value belongs in an Event.
type member uint8

const (
	memberOther member = iota
	memberName
	memberPid
	memberTid
	memberTS
	memberDur
	memberID
	memberArgs
)

var memberOf = map[string]member{
	"name": memberName, "pid": memberPid, "tid": memberTid, "ts": memberTS, "dur": memberDur,
	"id": memberID, "args": memberArgs,
}

// learnLayout derives the layout of an event, nil if it has none that can be
// told from one event: keys that come twice, values with escapes, nested ones
// outside of args.
func learnLayout(e *Event) *layout {
	if e.flaws != 0 || e.Phase == 0 {
		return nil
	}
	l := &layout{phase: e.Phase, has: e.Has, thread: thread{at: -1}}
	obj := e.Raw()
	if !e.ts.empty() && e.Has&HasTS == 0 || !e.dur.empty() && e.Has&HasDur == 0 {
		return nil // what the layout takes has a time that can be read
	}
	seen := map[string]bool{}
	done, cat := 0, span{}
	for m := range Members(obj) {
		key := string(m.Key)
		if seen[key] || bytes.IndexByte(m.Key, '\\') >= 0 {
			return nil
		}
		seen[key] = true
		lo, hi := m.At, m.At+len(m.Value)
		switch v := m.Value; {
		case key == "cat" && v[0] == '"':
			cat = span{uint32(lo + 1 - done), uint32(hi - 1 - done)}
			continue
		case key == "ph" || key == "cat" || v[0] == 't' || v[0] == 'f' || v[0] == 'n':
			continue // as fixed as the text around it
		}
		p, quote := piece{cat: cat, member: memberOf[key]}, 0
		var ok bool
		if p.form, ok = formOf(key, m.Value); !ok {
			return nil
		}
		if p.form == formText {
			quote = 1
		}
		p.before = newFixed(obj[done : lo+quote])
		l.pieces = append(l.pieces, p)
		done, cat = hi-quote, span{}
	}
	if cat != (span{}) || len(l.pieces) == 0 {
		return nil // a category behind all values: no profiler's layout
	}
	l.close = newFixed(obj[done:])
	for i := 0; i+2 < len(l.pieces); i++ {
		if l.pieces[i].member == memberPid && l.pieces[i+1].member == memberTid && l.pieces[i+2].cat == (span{}) {
			l.thread.at = i
		}
	}
	return l
}

func formOf(key string, v []byte) (form, bool) {
	switch {
	case key == "args":
		return formArgs, v[0] == '{'
	case v[0] == '"' && (key == "ts" || key == "dur" || key == "tts" || key == "tdur"):
		return 0, false
	case v[0] == '"':
		return formText, true
	case key == "ts" || key == "dur":
		return formTime, isNumberStart(v[0])
	}
	return formNumber, isNumberStart(v[0])
}

// take reads the event at buf[at] if it has this layout, and returns where it
// ends, 0 if it has another. backslash is the place of the first backslash in
// buf at or after at.
func (l *layout) take(buf []byte, from, at, backslash int, e *Event) int {
	if !l.pieces[0].before.standsAt(buf, at) {
		return 0
	}
	*e = Event{lead: uint32(at - from), Phase: l.phase, Has: l.has}
	p, another := at, l.thread.at >= 0
	for i := 0; i < len(l.pieces); i++ {
		if i == l.thread.at && l.thread.known && l.thread.text.standsAt(buf, p) {
			e.pid, e.tid = l.thread.pid.shift(p-at), l.thread.tid.shift(p-at)
			p += len(l.thread.text.text)
			i += 2
			another = false
		} else {
			if i > 0 && !l.pieces[i].before.standsAt(buf, p) {
				return 0
			}
			if c := l.pieces[i].cat; c.hi > 0 {
				e.cat = c.shift(p - at)
			}
			p += len(l.pieces[i].before.text)
		}
		if p = l.pieces[i].value(buf, p, at, backslash, e); p == 0 {
			return 0
		}
	}
	if !l.close.standsAt(buf, p) {
		return 0
	}
	p += len(l.close.text)
	e.text = buf[from:p:p]
	if !e.argsSound() {
		return 0
	}
	if another {
		l.thread.remember(e, l)
	}
	return p
}

// value reads the value at buf[p] of the event at buf[at], and returns where it
// ends, 0 if it is not of the form that s knows.
func (s *piece) value(buf []byte, p, at, backslash int, e *Event) int {
	lo := p
	switch s.form {
	case formText:
		n := bytes.IndexByte(buf[p:], '"')
		if p += n; n < 0 || p > backslash {
			return 0
		}
		if s.member == memberName {
			e.name = span{uint32(lo - at), uint32(p - at)}
			return p
		}
		e.setSpan(s.member, span{uint32(lo - 1 - at), uint32(p + 1 - at)})
		return p
	case formNumber:
		p = plainNumber(buf, p)
	case formTime:
		var t Time
		t, p = s.time(buf, p)
		if s.member == memberTS {
			e.TS, e.ts = t, span{uint32(lo - at), uint32(p - at)}
		} else {
			e.Dur, e.dur = t, span{uint32(lo - at), uint32(p - at)}
		}
		return p
	case formArgs:
		if p = plainObject(buf, p, backslash); p > 0 {
			e.args = span{uint32(lo - at), uint32(p - at)}
		}
		return p
	}
	e.setSpan(s.member, span{uint32(lo - at), uint32(p - at)})
	return p
}

// remember takes the text around e's pid and tid.
func (t *thread) remember(e *Event, l *layout) {
	p, q := &l.pieces[t.at], &l.pieces[t.at+1]
	lo := int(e.pid.lo) - len(p.before.text)
	if p.form == formText {
		lo++
	}
	hi := int(e.tid.hi) + len(l.pieces[t.at+2].before.text)
	if q.form == formText {
		hi--
	}
	t.known = true
	t.text.set(e.Raw()[lo:hi])
	t.pid, t.tid = e.pid.shift(-lo), e.tid.shift(-lo)
}

func (s span) empty() bool { return s.lo == s.hi }

func (s span) shift(by int) span {
	return span{uint32(int(s.lo) + by), uint32(int(s.hi) + by)}
}

func (e *Event) setSpan(m member, s span) {
	switch m {
	case memberName:
		e.name = s
	case memberPid:
		e.pid = s
	case memberTid:
		e.tid = s
	case memberID:
		e.id = s
	}
}

// same reports whether two layouts take the same events.
func (l *layout) same(o *layout) bool {
	if len(l.pieces) != len(o.pieces) || l.has != o.has || !bytes.Equal(l.close.text, o.close.text) {
		return false
	}
	for i := range l.pieces {
		if !bytes.Equal(l.pieces[i].before.text, o.pieces[i].before.text) || l.pieces[i].form != o.pieces[i].form {
			return false
		}
	}
	return true
}

// fixed is text that is held against other text often.
type fixed struct {
	text              []byte
	first, mask, last uint64 // its first eight bytes or fewer, its last eight
}

func newFixed(text []byte) (f fixed) {
	f.set(text)
	return f
}

// set takes a copy of text, and keeps its memory from the time before.
func (f *fixed) set(text []byte) {
	f.text = append(f.text[:0], text...)
	n := len(text)
	if f.mask = 1<<64 - 1; n < 8 {
		f.mask = 1<<(8*n) - 1
	} else {
		f.last = binary.LittleEndian.Uint64(text[n-8:])
	}
	var head [8]byte
	copy(head[:], text)
	f.first = binary.LittleEndian.Uint64(head[:])
}

// standsAt reports whether buf has the text at p. It may say no to what ends
// less than eight bytes before buf does.
func (f *fixed) standsAt(buf []byte, p int) bool {
	n := len(f.text)
	if len(buf)-p < n+8 || binary.LittleEndian.Uint64(buf[p:])&f.mask != f.first {
		return false
	}
	if n <= 8 {
		return true
	}
	for i := 8; i < n-8; i += 8 {
		if binary.LittleEndian.Uint64(buf[p+i:]) != binary.LittleEndian.Uint64(f.text[i:]) {
			return false
		}
	}
	return binary.LittleEndian.Uint64(buf[p+n-8:]) == f.last
}

// Eight bytes are looked at as one number; times a byte, this holds it eight times.
const ones = 0x0101010101010101

// plainObject returns where the object that starts at buf[p] ends if it has no
// others in it and no escapes; 0 if only a closer look can tell.
func plainObject(buf []byte, p, backslash int) int {
	if p >= len(buf) || buf[p] != '{' {
		return 0
	}
	n := bytes.IndexByte(buf[p:], '}')
	if n < 0 || p+n > backslash {
		return 0
	}
	inner := buf[p+1 : p+n]
	// As many quotes as open and close strings: the brace is in none.
	if bytes.Count(inner, []byte{'"'})&1 != 0 || bytes.IndexByte(inner, '{') >= 0 {
		return 0
	}
	return p + n + 1
}

// maxDigits is how many digits a plain number may have before its point.
const maxDigits = 100

// plainNumber returns where the number at buf[p] ends if it is a natural one,
// with decimals perhaps; else 0.
func plainNumber(buf []byte, p int) int {
	from := p
	for p < len(buf) && buf[p]-'0' <= 9 {
		p++
	}
	if p == from || buf[from] == '0' && p > from+1 || p > from+maxDigits {
		return 0
	}
	if p < len(buf) && buf[p] == '.' {
		p++
		from = p
		for p < len(buf) && buf[p]-'0' <= 9 {
			p++
		}
		if p == from {
			return 0
		}
	}
	return p
}

// roomForTime is how many bytes a time may have at most to be plain, and those
// that are looked at behind it.
const roomForTime = 8 + 8 + 1 + 8 + 8

// time is plainTime for a value that is likely to be as long as the one before.
func (s *piece) time(buf []byte, p int) (Time, int) {
	if len(buf)-p < roomForTime {
		return 0, 0
	}
	k, d := int(s.whole), int(s.decimals)
	if s.member != memberTS { // durations differ in length
		k = countDigits(buf[p:])
	}
	n, ok := digits(buf[p:], min(k, 8))
	if k > 8 {
		more, also := digits(buf[p+8:], k-8)
		n, ok = n*powers[k-8]+more, ok && also
	}
	end := p + k
	if !ok || n > maxWhole || buf[p] == '0' && k > 1 {
		return s.otherTime(buf, p)
	}
	if d == 0 && k > 0 && k != 8 && buf[end] != '.' && buf[end]-'0' > 9 {
		return Time(n * 1000), end
	}
	decimals, ok := digits(buf[end+1:], d)
	if d == 0 || k == 0 || !ok || buf[end] != '.' || buf[end+1+d]-'0' <= 9 {
		return s.otherTime(buf, p)
	}
	return Time(n*1000 + nanoseconds(decimals, d)), end + 1 + d
}

// otherTime reads a time that is not as long as the one before.
func (s *piece) otherTime(buf []byte, p int) (Time, int) {
	t, whole, decimals := plainTime(buf, p)
	if whole == 0 {
		return 0, 0
	}
	s.whole, s.decimals = uint8(whole), uint8(decimals)
	p += whole
	if decimals > 0 {
		p += 1 + decimals
	}
	return t, p
}

// maxWhole is the largest number of microseconds that a Time can hold, or a bit less.
const maxWhole = uint64(MaxTime)/1000 - 1

// plainTime reads microseconds of up to 16 digits with up to 7 decimals, as
// ParseMicros does, and returns how many of both there are; a whole of 0 says
// that it is anything else.
func plainTime(buf []byte, p int) (t Time, whole, decimals int) {
	whole = countDigits(buf[p:])
	n, _ := digits(buf[p:], whole)
	if whole == 8 {
		k := countDigits(buf[p+8:])
		more, _ := digits(buf[p+8:], k)
		n, whole = n*powers[k]+more, 8+k
	}
	end := p + whole
	if n > maxWhole || buf[end]-'0' <= 9 || whole == 0 || buf[p] == '0' && whole > 1 {
		return 0, 0, 0
	}
	if buf[end] != '.' {
		return Time(n * 1000), whole, 0
	}
	decimals = countDigits(buf[end+1:])
	if decimals == 0 || decimals == 8 {
		return 0, 0, 0
	}
	v, _ := digits(buf[end+1:], decimals)
	return Time(n*1000 + nanoseconds(v, decimals)), whole, decimals
}

// nanoseconds are those of d decimals of a microsecond, halves away from zero.
func nanoseconds(v uint64, d int) uint64 {
	if d <= 3 {
		return v * powers[3-d]
	}
	return (v + powers[d-3]/2) / powers[d-3]
}

var powers = [9]uint64{1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8}

// countDigits returns how many of the first eight bytes of b are digits before
// one is not.
func countDigits(b []byte) int {
	x := binary.LittleEndian.Uint64(b) ^ '0'*ones
	return bits.TrailingZeros64((x+6*ones|x)&(0xf0*ones)) >> 3
}

// digits returns the value of the first n bytes of b, at most eight of them, and
// whether they are all decimal digits. b has at least eight bytes.
func digits(b []byte, n int) (uint64, bool) {
	x := (binary.LittleEndian.Uint64(b) ^ '0'*ones) << ((8 - n) * 8) // zeros in front
	ok := (x+6*ones|x)&(0xf0*ones) == 0
	x = x*10 + x>>8
	const pairs = 0x000000ff000000ff
	return (x&pairs*(100+1000000<<32) + x>>16&pairs*(1+10000<<32)) >> 32, ok
}
