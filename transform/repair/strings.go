package repair

import (
	"bytes"
	"unicode/utf8"

	"tracekit/internal/jsonlex"
	"tracekit/transform/check"
)

// place says what surrounds a string, and so what may follow it.
type place uint8

const (
	inKey    place = iota
	inEvent        // among the members of an event, whose keys are known
	inObject       // among those of another object
	inArray
	places
)

// maxString is how far the end of a string is looked for, in bytes.
const maxString = 1 << 20

// string reads the string at b[p] and returns its text as JSON. A quote ends it
// only if what follows goes with that; others belong to it. One that would run
// into another event has lost its quote before the next member.
func (r *reader) string(b []byte, p int, where place) (val []byte, end int, st status) {
	if r.trust {
		return r.trusted(b, p)
	}
	until := min(len(b), p+maxString)
	isMore := !r.final && len(b)-p < maxString
	if where == inEvent {
		switch i, over, sure := r.closing(b, p, inEvent); {
		case !sure || isMore && min(i, over) >= until:
			return nil, p, short
		case i < min(over, until):
			return r.rewrite(b[p+1:i], r.seek.inner(p, i)), i + 1, whole
		}
		where = inObject // an event of unknown keys, or one that is broken
	}
	i, over, sure := r.closing(b, p, where)
	switch {
	case !sure:
		return nil, p, short
	case over < min(i, until):
		return r.cut(b, p, r.early(b, p, over, where))
	case i < until:
		return r.rewrite(b[p+1:i], r.seek.inner(p, i)), i + 1, whole
	case isMore:
		return nil, p, short
	}
	// "C:\" has a quote that was not meant to be escaped.
	if i := r.seek.escaped(p, where, r.final); i < until {
		return r.rewrite(b[p+1:i], true), i + 1, whole
	}
	return r.cut(b, p, r.early(b, p, until, where))
}

// trusted reads a string that the first quote ends which is not escaped.
func (r *reader) trusted(b []byte, p int) (val []byte, end int, st status) {
	for i := p + 1; ; i++ {
		k := bytes.IndexByte(b[i:], '"')
		if k < 0 && !r.final {
			return nil, p, short
		}
		if k < 0 {
			return nil, p, lost
		}
		if i += k; !slashed(b, i) {
			return r.rewrite(b[p+1:i], false), i + 1, whole
		}
	}
}

// closing returns where the next quote behind b[p] is that may end a string, and
// where the next event begins. Unless it is sure, more text has to tell.
func (r *reader) closing(b []byte, p int, where place) (at, over int, sure bool) {
	r.seek.on(b)
	at, sure = r.seek.closing(p, where, r.final)
	return at, r.seek.event(p), sure
}

// early returns where a string in b[p:over] ends that has lost its last quote: before
// a member of events, else before the brackets that end its event, else -1.
func (r *reader) early(b []byte, p, over int, where place) int {
	if where == inKey {
		return -1
	}
	if i := r.seek.member(p); where == inObject && i < over {
		return beforeMember(b, i)
	}
	if over == r.seek.event(p) && over < len(b) {
		return max(eventEnd(b, over), p+1)
	}
	return -1
}

// cut ends the string at b[p] before b[early], if that is known.
func (r *reader) cut(b []byte, p, early int) (val []byte, end int, st status) {
	if early < 0 || !r.repairs(Quotes) {
		return nil, p, lost
	}
	return r.rewrite(b[p+1:early], false), early, whole
}

// beforeMember returns where the comma is before a member of events whose key
// begins with the quote at b[i], or -1.
func beforeMember(b []byte, i int) int {
	k := lastNotSpace(b, i)
	if k >= 0 && b[k] == ',' && startsMember(b, i) {
		return k
	}
	return -1
}

// lastNotSpace returns where the last byte before b[i] is that is no white space, or -1.
func lastNotSpace(b []byte, i int) int {
	for i--; i >= 0 && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t'); i-- {
	}
	return i
}

// beginsNext reports whether an event begins at b[i] behind the brackets of another.
func beginsNext(b []byte, i int) bool {
	k := lastNotSpace(b, i)
	if k >= 0 && b[k] == ',' {
		k = lastNotSpace(b, k)
	}
	return k >= 0 && b[k] == '}' && startsEvent(b, i)
}

// eventEnd returns where the brackets are that end an event before another at b[i].
func eventEnd(b []byte, i int) int {
	k := lastNotSpace(b, i)
	if b[k] == ',' {
		k = lastNotSpace(b, k)
	}
	for k > 0 && b[k] == '}' {
		i, k = k, lastNotSpace(b, k)
	}
	return i
}

// slashed reports whether an odd number of backslashes stands before b[i].
func slashed(b []byte, i int) bool {
	n := 0
	for n < i && b[i-1-n] == '\\' {
		n++
	}
	return n&1 == 1
}

// follows reports whether b[p:] may stand behind a string, as far as b tells.
func follows(b []byte, p int, where place, final bool) (fits, sure bool) {
	p = jsonlex.SkipSpace(b, p)
	if p == len(b) {
		return final, final
	}
	switch c := b[p]; {
	case where == inKey:
		return c == ':', true
	case where == inArray:
		return c == ',' || c == ']', true
	case c == '}':
		p = jsonlex.SkipSpace(b, p+1)
		if p == len(b) {
			return final, final
		}
		return b[p] == ',' || b[p] == ']' || b[p] == '}' || b[p] == '{' || b[p] == '[', true
	case c == '"' && where == inEvent:
		return startsMember(b, p), len(b)-p > maxKey || final
	case c == '"':
		return isKey(b, p, final)
	case c == ',':
		p = jsonlex.SkipSpace(b, p+1)
		switch {
		case p == len(b):
			return final, final
		case b[p] == '}' || b[p] == ',':
			return true, true
		case b[p] == '"' && where == inEvent:
			return startsMember(b, p), len(b)-p > maxKey || final
		case b[p] == '"':
			return isKey(b, p, final)
		}
	}
	return false, true
}

// maxKey is how long a key may be when quotes are in doubt, in bytes.
const maxKey = 256

// isKey reports whether a key and its colon stand at b[p].
func isKey(b []byte, p int, final bool) (is, sure bool) {
	for q := p + 1; q < len(b) && q < p+maxKey; q++ {
		switch b[q] {
		case '\\':
			q++
		case '\n':
			return false, true
		case '"':
			if q = jsonlex.SkipSpace(b, q+1); q == len(b) {
				return final, final
			}
			return b[q] == ':', true
		}
	}
	return false, final || len(b)-p >= maxKey
}

// rewrite returns the text of a string whose inside is s.
func (r *reader) rewrite(s []byte, quotes bool) []byte {
	if !quotes && plain(s) {
		return quoted(s)
	}
	out := make([]byte, 0, len(s)+8)
	out = append(out, '"')
	quotes = quotes && r.repairs(Quotes)
	unknown := !r.off[Escapes] && asIs(s)
	var control, halves, broken bool
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\' && unknown && (i+1 == len(s) || s[i+1] != '"'):
			out = append(out, '\\', '\\')
		case c == '\\':
			var n int
			out, n = r.escape(out, s[i:], quotes && i == len(s)-1, &halves)
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

// asIs reports whether a string was written as it is, its backslashes not escaped:
// where one of them begins no escape that JSON knows, none is meant to.
func asIs(s []byte) bool {
	for i := 0; ; i += 2 {
		k := bytes.IndexByte(s[min(i, len(s)):], '\\')
		if k < 0 {
			return check.HoldsPath(s)
		}
		if i += k; i+1 == len(s) {
			continue
		}
		if _, _, m := jsonlex.Escape(s[i:]); m&(jsonlex.UnknownEscape|jsonlex.BadUnicode) != 0 {
			return true
		}
	}
}

// escape rewrites the escape at the start of s and returns its length.
func (r *reader) escape(out, s []byte, last bool, halves *bool) ([]byte, int) {
	if last || len(s) == 1 {
		return append(out, '\\', '\\'), 1
	}
	char, n, m := jsonlex.Escape(s)
	if m&jsonlex.Surrogate == 0 || r.off[Surrogates] {
		return append(out, s[:2]...), 2
	}
	*halves = true
	return utf8.AppendRune(out, char), n
}
