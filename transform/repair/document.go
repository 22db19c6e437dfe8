package repair

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"unicode/utf8"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/trace"
)

// bracket takes a ] in an array of events, or passes over it if the array goes
// on behind it.
func (h *rewriter) bracket(at, commas int) (inEvents bool, err error) {
	sep := bytes.Clone(h.buf[h.p:at])
	if commas > 0 {
		h.count[Commas]++
		sep = bytes.ReplaceAll(sep, []byte{','}, nil)
	}
	h.p = at + 1
	if h.shut == nil {
		h.shut = append(sep, ']')
	}
	return false, nil
}

// outside takes what comes next outside of an array of events: a member, a
// bracket, or another document.
func (h *rewriter) outside() (inEvents bool, err error) {
	at := h.p
	commas, more, err := h.blanks(&at)
	if err != nil {
		return false, err
	}
	if !more {
		return false, h.end()
	}
	switch c := h.buf[at]; {
	case c == '"' && !h.bare && h.brace < 0:
		return h.member(at, commas)
	case c == '}' && !h.bare && h.brace < 0:
		sep := bytes.Clone(h.buf[h.p:at])
		if commas > 0 {
			h.count[Commas]++
			sep = bytes.ReplaceAll(sep, []byte{','}, nil)
		}
		if !h.found {
			if err := h.opened(); err != nil {
				return false, err
			}
		}
		h.tail = append(h.tail, sep...)
		h.brace = len(h.tail)
		h.tail = append(h.tail, '}')
		h.p = at + 1
		return false, nil
	case (c == '{' || c == '[') && (h.found || h.brace >= 0):
		return h.another(at)
	}
	// Nothing that belongs here.
	next := at + 1
	for next < len(h.buf) && bytes.IndexByte([]byte("{[\"}"), h.buf[next]) < 0 {
		next++
	}
	// Blanks at its end are looked at with what follows, as they are if it is cut there.
	next = at + len(bytes.TrimRight(h.buf[at:next], blanks))
	err = h.lose(h.buf[at:next])
	h.p = next
	return false, err
}

// blanks are white space and commas.
const blanks = " \t\r\n,"

// opened writes an array of events where the document has none that can be read. One
// that never had any is not a trace.
func (h *rewriter) opened() error {
	if !h.none {
		return trace.NoEvents(h.begin)
	}
	h.count[Members]++
	sep := ""
	if !h.first {
		sep = ", "
	}
	h.found, h.first = true, false
	return h.sink.head([]byte(sep + `"traceEvents": [`))
}

// another takes a further document, or events behind the end of the array.
func (h *rewriter) another(at int) (inEvents bool, err error) {
	if h.buf[at] == '{' {
		for len(h.buf)-at < maxKey && !h.eof {
			if err := h.grow(&at); err != nil {
				return false, err
			}
		}
		if startsEvent(h.buf, at) {
			h.count[Documents]++
			h.p = at
			return true, nil
		}
		// Its members join those of the first document.
		h.count[Documents]++
		if h.brace >= 0 {
			h.tail = h.tail[:h.brace]
			h.brace = -1
		}
		h.p, h.extra = at+1, true
		if h.bare {
			return h.array()
		}
		return false, nil
	}
	h.count[Documents]++
	h.p = at + 1
	return true, nil
}

// array looks for the next array of events in a document whose members have no
// place to go.
func (h *rewriter) array() (inEvents bool, err error) {
	if i := bytes.IndexByte(h.buf[h.p:], '['); i >= 0 {
		h.p += i + 1
		return true, nil
	}
	err = h.lose(h.buf[h.p:])
	h.p = len(h.buf)
	return false, err
}

// docMember is a member of the document as it was read.
type docMember struct {
	key, val []byte
	end      int // of the key as it stands
	from, to int // where the value stands
	array    bool
}

// pair reads the member at h.buf[at], or as far as its array of events begins.
func (h *rewriter) pair(at int) (m docMember, st status) {
	key, end, st := h.string(h.buf, at, inKey)
	if st != whole {
		return m, st
	}
	v := jsonlex.SkipSpace(h.buf, end)
	if v < len(h.buf) && h.buf[v] != ':' {
		return m, lost
	}
	if v < len(h.buf) {
		v = jsonlex.SkipSpace(h.buf, v+1)
	}
	if v == len(h.buf) {
		return m, short
	}
	m = docMember{key: key, end: end, from: v, to: v}
	if trace.Unquote(key) == "traceEvents" && h.buf[v] == '[' {
		m.array = true
		return m, whole
	}
	if !h.found && strings.HasSuffix(trace.Unquote(key), `"traceEvents`) {
		return m, lost // the end of a text with quotes in it, and the key behind that
	}
	m.val, m.to, st = h.value(h.buf, v, 0, '}')
	if st == whole && m.to == v {
		st = lost
	}
	return m, st
}

// member takes a member of the document, at first as if its quotes could be
// trusted.
func (h *rewriter) member(at, commas int) (inEvents bool, err error) {
	before := maps.Clone(h.count)
	for {
		h.trust = true
		m, st := h.pair(at)
		h.trust = false
		h.measure(at)
		more := !h.eof && len(h.buf)-at < maxPiece/2
		if st != whole && (st != short || !more) {
			m, st = h.pair(at)
		}
		h.count = maps.Clone(before)
		switch {
		case st == short && more:
			if err := h.grow(&at); err != nil {
				return false, err
			}
		case st != whole:
			return false, h.skipMember(at)
		case m.array:
			return true, h.openArray(at, m.from, commas)
		default:
			return false, h.putMember(at, m, commas)
		}
	}
}

// openArray begins the array of events, or goes on in it with a second one.
func (h *rewriter) openArray(at, v, commas int) error {
	if h.found {
		if !h.extra {
			h.count[Documents]++
		}
		h.p, h.extra = v+1, false
		return nil
	}
	err := h.putText(h.buf[h.p:at], h.buf[at:v+1], commas)
	h.p = v + 1
	h.found, h.keys["traceEvents"] = true, true
	return err
}

// putText writes the comma and the text of a member.
func (h *rewriter) putText(sep, t []byte, commas int) error {
	want := 1
	if h.first {
		want = 0
		if len(sep) > maxBlank {
			h.count[Commas]++
			sep = nil
		}
	}
	h.first = false
	if commas != want {
		h.count[Commas]++
		sep = bytes.ReplaceAll(sep, []byte{','}, nil)
		if want == 1 {
			sep = append([]byte{','}, sep...)
		}
	}
	if err := h.put(bytes.Clone(sep)); err != nil {
		return err
	}
	return h.put(t)
}

// skipMember leaves out a member that can't be read.
func (h *rewriter) skipMember(at int) error {
	h.count[Members]++
	next := at + 1
	for next < len(h.buf) && h.buf[next] != ',' && h.buf[next] != '{' {
		next++
	}
	h.p = next
	return nil
}

// putMember writes a member, unless there is one of its name already.
func (h *rewriter) putMember(at int, m docMember, commas int) error {
	name, val := trace.Unquote(m.key), m.val
	raw := h.buf[at:m.to]
	if was := h.buf[m.from:m.to]; json.Valid(was) && utf8.Valid(was) {
		val = bytes.Clone(was) // a viewer reads none of its numbers, so that none is too large
	}
	text := append(append(bytes.Clone(m.key), h.buf[m.end:m.from]...), val...)
	if !bytes.Equal(text, raw) || bytes.IndexByte(raw, 0x7f) >= 0 || !utf8.Valid(raw) || !json.Valid(val) {
		h.count[Members]++
		text = append(append(cleanValue(quoteText([]byte(name))), ": "...), cleanValue(val)...)
	}
	if name == baseKey {
		if h.baseWas == nil {
			h.baseWas = bytes.Clone(val)
		}
		if h.base != nil {
			text = append(append(bytes.Clone(m.key), h.buf[m.end:m.from]...), h.base...)
		}
	}
	sep := bytes.Clone(h.buf[h.p:at])
	h.p = m.to
	if h.keys[name] && h.repairs(Duplicates) {
		return nil
	}
	h.keys[name] = true
	switch {
	case name == "traceEvents" && string(val) != "null" && val[0] != '[':
		return trace.NoEvents(h.begin)
	case name == "displayTimeUnit" && val[0] != '"', name == "systemTraceEvents" && val[0] != '"', name == "traceEvents":
		h.count[Members]++
		h.keys[name] = false
		h.none = h.none || name == "traceEvents"
		return nil
	case h.first && (perfetto.IsOtherKind(name)):
		// As the first key it would make the file a profile of another kind.
		h.count[Members]++
		if err := h.putText(nil, []byte(`"repaired": true`), 0); err != nil {
			return err
		}
		sep, commas = []byte(", "), 1
	}
	return h.putText(sep, text, commas)
}

// cleanValue is val as JSON that any reader takes.
func cleanValue(val []byte) []byte {
	val = bytes.ReplaceAll(val, []byte{0x7f}, []byte(`\u007f`))
	if !json.Valid(val) {
		return quoteText(val)
	}
	return bytes.ToValidUTF8(val, []byte("\ufffd"))
}

func isJSON(b []byte) bool { return json.Valid(b) && utf8.Valid(b) }

// quoteText is any text as a JSON string.
func quoteText(b []byte) []byte {
	q := reader{count: tally{}}
	escaped := bytes.ReplaceAll(b, []byte{'\\'}, []byte(`\\`))
	return q.rewrite(bytes.ReplaceAll(escaped, []byte{'"'}, []byte(`\"`)), false)
}

// end is the end of the text outside of an array of events.
func (h *rewriter) end() error {
	switch rest := h.buf[h.p:]; {
	case h.bare || h.brace >= 0:
		if bytes.IndexByte(rest, ',') >= 0 {
			h.count[Commas]++
			rest = bytes.ReplaceAll(rest, []byte{','}, nil)
		}
		h.tail = append(h.tail, rest...)
	default:
		h.count[Unclosed]++
		if !h.found {
			if err := h.opened(); err != nil {
				return err
			}
		}
	}
	return errDone
}

// finish closes what the text left open.
func (h *rewriter) finish() error {
	if h.shut == nil {
		h.shut = []byte{']'}
	}
	if !h.bare && h.brace < 0 {
		h.tail = append(h.tail, '}', '\n')
	}
	h.tail = append(h.shut, h.tail...)
	switch {
	case h.seq > 0:
	case h.count[Trailing] > 0 && !h.keys["traceEvents"]:
		return trace.NoEvents(h.begin)
	case h.bare && !h.phased && h.empties > 0:
		return trace.ErrNoEvents
	case h.bare:
		h.count[Members]++ // an empty array is not a trace
	}
	return nil
}

// resync looks for the next event, or for the end of the array, from h.buf[at]
// on. What it passes over is counted.
func (h *rewriter) resync(at int) error {
	h.p = at
	for {
		next, sure := h.findEvent(h.p)
		if err := h.lose(h.buf[h.p:next]); err != nil {
			return err
		}
		h.p = next
		if sure || h.eof {
			return nil
		}
		if _, err := h.more(); err != nil {
			return err
		}
	}
}

// lose sets text aside, unless it is white space and commas.
func (h *rewriter) lose(t []byte) error {
	n := len(t)
	for _, c := range []byte(blanks) {
		n -= bytes.Count(t, []byte{c})
	}
	if n == 0 {
		return nil
	}
	h.count[Trailing] += int64(n)
	return h.sink.reject(t)
}

// findEvent returns where the next event, or the bracket behind the last one,
// may stand. Unless it is sure, the search has to go on there with more text.
func (h *rewriter) findEvent(p int) (at int, sure bool) {
	for ; p < len(h.buf); p++ {
		switch h.buf[p] {
		case '{':
			if len(h.buf)-p < maxKey && !h.eof {
				return p, false
			}
			// What begins like an event can be repaired, perhaps.
			is, sure := startsEvent(h.buf, p), true
			if !is {
				is, sure = trace.EventAt(h.buf, p, h.eof)
			}
			if is || !sure {
				return p, is
			}
		case ']':
			if len(h.buf)-p < maxKey && !h.eof {
				return p, false
			}
			if h.endsArray(p + 1) {
				return p, true
			}
		}
	}
	return p, false
}

// endsArray reports whether the document goes on at h.buf[p] as it does behind
// its events.
func (h *rewriter) endsArray(p int) bool {
	p = jsonlex.SkipSpace(h.buf, p)
	if p == len(h.buf) {
		return true
	}
	if h.bare {
		return false
	}
	if h.buf[p] == '}' {
		q := jsonlex.SkipSpace(h.buf, p+1)
		return q == len(h.buf)
	}
	if h.buf[p] != ',' {
		return false
	}
	p = jsonlex.SkipSpace(h.buf, p+1)
	if p == len(h.buf) || h.buf[p] != '"' {
		return false
	}
	is, _ := isKey(h.buf, p, h.final)
	if !is {
		return false
	}
	for _, k := range eventKeys {
		if bytes.HasPrefix(h.buf[p+1:], []byte(k+`"`)) {
			return false
		}
	}
	return true
}
