package repair

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// place says what surrounds a string, and so what may follow it.
type place uint8

const (
	inKey place = iota
	inObject
	inArray
)

// maxString is how far the end of a string is looked for, in bytes.
const maxString = 1 << 20

// string reads the string at b[p] and returns its text as JSON. A quote ends it
// only if what follows goes with that; others belong to it. One that would run
// into another event has lost its quote before the next member.
func (r *reader) string(b []byte, p int, where place) (val []byte, end int, st status) {
	inner, escapedEnd, early := 0, -1, -1
	for i := p + 1; ; {
		until := len(b)
		if !r.trust {
			until = min(until, p+maxString)
		}
		k := bytes.IndexByte(b[min(i, until):until], '"')
		if k < 0 {
			break
		}
		i += k
		isEscaped := oddSlashes(b[p+1 : i])
		fits, sure := !isEscaped, true
		if !r.trust {
			fits, sure = r.follows(b, i+1, where)
		}
		if !sure {
			return nil, p, short
		}
		switch {
		case isEscaped && fits && escapedEnd < 0:
			escapedEnd = i
		case isEscaped:
		case fits:
			if over := crossesEvent(b, p, i); inner > 0 && over >= 0 {
				if early < 0 && where != inKey {
					early = over
				}
				return r.cut(b, p, early)
			}
			return r.rewrite(b[p+1:i], inner > 0), i + 1, whole
		default:
			inner++
			if early < 0 && where == inObject {
				early = beforeMember(b, p, i)
			}
		}
		i++
	}
	switch {
	case !r.final && (r.trust || len(b)-p < maxString):
		return nil, p, short
	case escapedEnd >= 0: // "C:\" has a quote that was not meant to be escaped
		return r.rewrite(b[p+1:escapedEnd], true), escapedEnd + 1, whole
	}
	return r.cut(b, p, early)
}

// cut ends the string at b[p] before b[early], if that is known.
func (r *reader) cut(b []byte, p, early int) (val []byte, end int, st status) {
	if early < 0 || !r.mended(Quotes) {
		return nil, p, lost
	}
	return r.rewrite(b[p+1:early], false), early, whole
}

// beforeMember returns where the comma is before a member of events whose key
// begins with the quote at b[i], or -1.
func beforeMember(b []byte, p, i int) int {
	for k := i - 1; k > p; k-- {
		switch b[k] {
		case ' ', '\n', '\r', '\t':
			continue
		case ',':
			if startsMember(b, i) {
				return k
			}
		}
		return -1
	}
	return -1
}

// crossesEvent returns where in b[p:end] the brackets are that end an object
// before an event begins, or -1.
func crossesEvent(b []byte, p, end int) int {
	const space = " \n\r\t"
	for at := p; ; at++ {
		k := bytes.IndexByte(b[at:end], '{')
		if k < 0 {
			return -1
		}
		at += k
		before := bytes.TrimRight(b[p:at], space)
		before = bytes.TrimRight(bytes.TrimSuffix(before, []byte{','}), space)
		if bytes.HasSuffix(before, []byte{'}'}) && startsEvent(b, at) {
			return p + len(bytes.TrimRight(before, space+"}"))
		}
	}
}

func oddSlashes(s []byte) bool {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '\\' {
		n++
	}
	return n&1 == 1
}

// follows reports whether b[p:] may stand behind a string, as far as b tells.
func (r *reader) follows(b []byte, p int, where place) (fits, sure bool) {
	p = skipSpace(b, p)
	if p == len(b) {
		return r.final, r.final
	}
	switch c := b[p]; {
	case where == inKey:
		return c == ':', true
	case where == inArray:
		return c == ',' || c == ']', true
	case c == '}':
		p = skipSpace(b, p+1)
		if p == len(b) {
			return r.final, r.final
		}
		return b[p] == ',' || b[p] == ']' || b[p] == '}' || b[p] == '{' || b[p] == '[', true
	case c == '"':
		return r.isKey(b, p)
	case c == ',':
		p = skipSpace(b, p+1)
		switch {
		case p == len(b):
			return r.final, r.final
		case b[p] == '}' || b[p] == ',':
			return true, true
		case b[p] == '"':
			return r.isKey(b, p)
		}
	}
	return false, true
}

// maxKey is how long a key may be when quotes are in doubt, in bytes.
const maxKey = 256

// isKey reports whether a key and its colon stand at b[p].
func (r *reader) isKey(b []byte, p int) (is, sure bool) {
	for q := p + 1; q < len(b) && q < p+maxKey; q++ {
		switch b[q] {
		case '\\':
			q++
		case '\n':
			return false, true
		case '"':
			if q = skipSpace(b, q+1); q == len(b) {
				return r.final, r.final
			}
			return b[q] == ':', true
		}
	}
	return false, r.final || len(b)-p >= maxKey
}

// rewrite returns the text of a string whose inside is s.
func (r *reader) rewrite(s []byte, quotes bool) []byte {
	if !quotes && plain(s) {
		return quoted(s)
	}
	out := make([]byte, 0, len(s)+8)
	out = append(out, '"')
	quotes = quotes && r.mended(Quotes)
	var control, unknown, halves, broken bool
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\':
			var n int
			out, n = r.escape(out, s[i:], quotes && i == len(s)-1, &unknown, &halves)
			i += n
			continue
		case c == '"' && quotes:
			out = append(out, '\\', '"')
		case c < ' ' && !r.off[Controls]:
			control = true
			out = appendControl(out, c)
		case c < utf8.RuneSelf:
			out = append(out, c)
		default:
			char, n := utf8.DecodeRune(s[i:])
			if char == utf8.RuneError && n == 1 && !r.off[UTF8] {
				broken = true
				out = append(out, "\ufffd"...)
			} else {
				out = append(out, s[i:i+n]...)
			}
			i += n
			continue
		}
		i++
	}
	for _, k := range []struct {
		was  bool
		kind Kind
	}{{control, Controls}, {unknown, Escapes}, {halves, Surrogates}, {broken, UTF8}} {
		if k.was {
			r.count[k.kind]++
		}
	}
	return append(out, '"')
}

// plain reports a string's inside that can stay as it is.
func plain(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendControl(out []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '\n':
		return append(out, '\\', 'n')
	case '\t':
		return append(out, '\\', 't')
	case '\r':
		return append(out, '\\', 'r')
	}
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// escape rewrites the escape at the start of s and returns its length.
func (r *reader) escape(out, s []byte, last bool, unknown, halves *bool) ([]byte, int) {
	switch {
	case last || len(s) == 1:
		return append(out, '\\', '\\'), 1
	case s[1] == 'u':
		char, good := hex4(s[2:])
		switch {
		case !good && !r.off[Escapes]:
			*unknown = true
			return append(out, '\\', '\\'), 1
		case !good || !utf16.IsSurrogate(char) || r.off[Surrogates]:
			return append(out, s[:2]...), 2
		}
		*halves = true
		char, n := surrogates(s, char)
		return utf8.AppendRune(out, char), n
	case bytes.IndexByte([]byte(`"\/bfnrt`), s[1]) < 0 && !r.off[Escapes]:
		*unknown = true
		return append(out, '\\', '\\'), 1
	}
	return append(out, s[:2]...), 2
}
