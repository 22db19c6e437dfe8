package trace

import (
	"bytes"
	"math"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// status says how a scan of text ended.
type status = jsonlex.Status

const (
	scanned = jsonlex.OK         // found whole
	partial = jsonlex.Incomplete // the text ended first
	broken  = jsonlex.Broken     // it can't be JSON that goes on
)

// scanEvent reads the object at buf[at], whatever its layout and order of members, and fills
// e, whose text must start at buf[from]. It returns where the object ends, or where it
// can't be read any further. Brackets in it lie in each other no deeper than depth.
//
// It is as strict as Perfetto where a deviation costs more than the event
// itself (the braces and members of the object, numbers, escapes), and as lenient where
// Perfetto is: inside args only braces and strings are looked at.
func scanEvent(buf []byte, from, at, depth int, e *Event) (end int, st status) {
	*e = Event{lead: uint32(at - from)}
	p := jsonlex.SkipSpace(buf, at+1)
	if p < len(buf) && buf[p] == '}' {
		e.text = buf[from : p+1 : p+1]
		return p + 1, scanned
	}
	for {
		keyAt := p
		if p == len(buf) {
			return p, partial
		}
		p, st = skipString(buf, p)
		if st != scanned {
			return p, st
		}
		key := buf[keyAt+1 : p-1]
		if p = jsonlex.SkipSpace(buf, p); p == len(buf) {
			return p, partial
		}
		if buf[p] != ':' {
			return p, broken
		}
		if p = jsonlex.SkipSpace(buf, p+1); p == len(buf) {
			return p, partial
		}
		valueAt := p
		switch buf[p] {
		case '{', '[':
			p, st = skipInside(buf, p, depth-1)
		case '"':
			p, st = skipString(buf, p)
		default:
			var isJSON bool
			if p, isJSON, st = skipBare(buf, p); !isJSON {
				e.flaws |= flawNumber
			}
		}
		if st != scanned {
			return p, st
		}
		e.setMember(key, buf, at, valueAt, p)
		if p = jsonlex.SkipSpace(buf, p); p == len(buf) {
			return p, partial
		}
		if buf[p] == '}' {
			e.text = buf[from : p+1 : p+1]
			if !e.argsSound() {
				e.flaws |= flawArgs
			}
			return p + 1, scanned
		}
		if buf[p] != ',' {
			return p, broken
		}
		p = jsonlex.SkipSpace(buf, p+1)
	}
}

// take notes the member whose value is buf[lo:hi] in the object at buf[at].
func (e *Event) setMember(key, buf []byte, at, lo, hi int) {
	value := buf[lo:hi]
	quoted := value[0] == '"'
	if quoted && badEscape(value) {
		e.flaws |= flawSurrogate
	}
	if bytes.IndexByte(key, '\\') >= 0 {
		if badEscape(key) {
			e.flaws |= flawSurrogate
		}
		key = Unescape(key)
	}
	if isNumberStart(value[0]) && perfetto.Refuses(value) {
		e.flaws |= flawNumber
	}
	s := span{uint32(lo - at), uint32(hi - at)}
	inner := span{}
	if quoted {
		inner = span{s.lo + 1, s.hi - 1}
	}
	switch string(key) {
	case "ph":
		e.Phase = 0
		if quoted && len(value) > 2 {
			e.Phase = value[1]
		}
	case "name":
		e.name = inner
	case "cat":
		e.cat = inner
	case "pid":
		e.pid = s
	case "tid":
		e.tid = s
	case "ts":
		e.ts = s
		e.Has &^= HasTS
		var ok bool
		if e.TS, ok = parseTimeValue(value); ok {
			e.Has |= HasTS
		}
	case "dur":
		e.dur = s
		e.Has &^= HasDur
		var ok bool
		if e.Dur, ok = parseTimeValue(value); ok {
			e.Has |= HasDur
		} else {
			e.flaws |= flawDur
		}
	case "id":
		e.id = span{}
		e.Has &^= HasID
		if quoted || isNumberStart(value[0]) {
			e.id = s
			e.Has |= HasID
		}
	case "args":
		e.args = span{}
		e.Has &^= HasArgs
		if value[0] == '{' {
			e.args = s
			e.Has |= HasArgs
		}
	default:
		e.setRareMember(key, value)
	}
}

func (e *Event) setRareMember(key, value []byte) {
	switch string(key) {
	case "id2":
		e.Has |= HasID2
	case "bind_id", "flow_in", "flow_out":
		e.Has |= HasBind
	case "bp":
		e.Has |= HasBP
	case "tts", "tdur":
		e.Has |= HasMore
		if _, ok := parseTimeValue(value); !ok {
			e.flaws |= flawDur
		}
	default:
		e.Has |= HasMore
	}
}

// parseTimeValue reads a number, or a number in quotes, as Perfetto does.
func parseTimeValue(v []byte) (Time, bool) {
	if len(v) > 2 && v[0] == '"' {
		v = v[1 : len(v)-1]
	}
	return ParseMicros(v)
}

func isNumberStart(c byte) bool { return c == '-' || c-'0' <= 9 }

// skipString returns where the string that starts at b[p] ends. A quote ends
// it unless an odd number of backslashes stands before.
func skipString(b []byte, p int) (int, status) {
	if b[p] != '"' {
		return p, broken
	}
	start := p + 1
	for p = start; ; p++ {
		i := bytes.IndexByte(b[p:], '"')
		if i < 0 {
			return len(b), partial
		}
		p += i
		k := p
		for k > start && b[k-1] == '\\' {
			k--
		}
		if (p-k)&1 == 0 {
			return p + 1, scanned
		}
	}
}

// skipValue returns where the JSON value that starts at b[p] ends.
func skipValue(b []byte, p int) (int, status) {
	if p >= len(b) {
		return p, partial
	}
	switch b[p] {
	case '"':
		return skipString(b, p)
	case '{':
		return skipNested(b, p, '{', '}')
	case '[':
		return skipNested(b, p, '[', ']')
	case 't':
		return jsonlex.Word(b, p, "true")
	case 'f':
		return jsonlex.Word(b, p, "false")
	case 'n':
		return jsonlex.Word(b, p, "null")
	}
	end, _, st := jsonlex.Number(b, p)
	return end, st
}

// skipNested finds the end of an object or array as Perfetto does: it counts
// the value's own kind of bracket and passes over strings.
func skipNested(b []byte, p int, open, shut byte) (int, status) {
	depth := 0
	for p < len(b) {
		switch b[p] {
		case '"':
			var st status
			if p, st = skipString(b, p); st != scanned {
				return p, st
			}
			continue
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return p + 1, scanned
			}
		}
		p++
	}
	return p, partial
}

// maxNesting is how deep brackets may lie in each other: as deep as they like.
const maxNesting = math.MaxInt

// skipInside is skipNested for a value of an event. It is broken where the value runs
// on into other events: where an object begins at which no value may, since a brace
// was not closed before, or a string goes across from one event to the next, since a
// quote is missing or one too many.
func skipInside(b []byte, p, depth int) (int, status) {
	var room [64]byte
	open, root := room[:0], b[p]
	for p < len(b) {
		switch c := b[p]; c {
		case '"':
			end, st := skipString(b, p)
			if st != scanned {
				return end, st
			}
			if end < len(b) && !mayFollowString(b[end]) && spansBoundary(b[p+1:end-1]) {
				return p, broken
			}
			p = end
			continue
		case '{', '[':
			if len(open) == depth || c == '{' && len(open) > 0 && !mayBegin(b[:p], open[len(open)-1]) {
				return p, broken
			}
			open = append(open, c)
		case '}', ']':
			of := c - 2 // the bracket that it closes
			for of == root && open[len(open)-1] != root {
				open = open[:len(open)-1]
			}
			if open[len(open)-1] == of {
				open = open[:len(open)-1]
			}
			if len(open) == 0 {
				return p + 1, scanned
			}
		}
		p++
	}
	return p, partial
}

// mayBegin reports whether an object may begin behind b, in a bracket.
func mayBegin(b []byte, bracket byte) bool {
	b = trimSpace(b)
	switch b[len(b)-1] {
	case ':', '(':
		return true
	case '[', ',':
		return bracket == '['
	}
	return false
}

func mayFollowString(c byte) bool {
	return c <= ' ' || c == ',' || c == ':' || c == '}' || c == ']' || c == ')'
}

// spansBoundary reports whether the inside of a string ends as an event does before the
// next one begins: }, {
func spansBoundary(s []byte) bool {
	s, is := bytes.CutSuffix(trimSpace(s), []byte{'{'})
	return is && bytes.HasSuffix(bytes.TrimRight(s, ", \n\r\t"), []byte{'}'})
}

// skipBare returns where the number or word at b[p] ends, and whether it is JSON:
// NaN, -Infinity and 007 are not.
func skipBare(b []byte, p int) (end int, isJSON bool, st status) {
	end, st = skipValue(b, p)
	if st == scanned && end < len(b) && !jsonlex.InToken(b[end]) {
		return end, true, st
	}
	if st == partial {
		return len(b), true, st
	}
	if end = jsonlex.Token(b, p); end == len(b) {
		return end, false, partial
	}
	if end == p {
		return p, false, broken
	}
	return end, false, scanned
}

// badEscape reports an escape that makes Perfetto refuse the whole trace when it
// stands in a member of an event: half of a surrogate pair, which it never
// joins, or \u without four hexadecimal digits.
func badEscape(s []byte) bool {
	return jsonlex.Escapes(s)&perfetto.RefusedEscapes != 0
}

func trimSpace(b []byte) []byte { return bytes.TrimRight(b, " \n\r\t") }
