package check

import (
	"unicode/utf8"

	"tracekit/internal/jsonlex"
)

type (
	status = jsonlex.Status
	marks  = jsonlex.Marks
)

const (
	ok         = jsonlex.OK
	incomplete = jsonlex.Incomplete
	broken     = jsonlex.Broken

	escaped       = jsonlex.Escaped
	control       = jsonlex.Control
	notUTF8       = jsonlex.NotUTF8
	unknownEscape = jsonlex.UnknownEscape
	badUnicode    = jsonlex.BadUnicode | jsonlex.Surrogate // which Perfetto refuses
	noEscapes     = jsonlex.BadUnicode | unknownEscape     // which JSON does not know
	bigNumber     = jsonlex.OddNumber
	duplicate     = jsonlex.Duplicate
)

// unescape appends to dst what Perfetto makes of a string's inside: escapes
// that JSON does not know vanish, and it reports false for a \u that it refuses.
func unescape(dst, s []byte) ([]byte, bool) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			dst = append(dst, s[i])
			continue
		}
		i++
		switch s[i] {
		case '"', '\\', '/':
			dst = append(dst, s[i])
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, good := jsonlex.Hex4(s[i+1:])
			if !good || r >= 0xd800 && r < 0xe000 {
				return dst, false
			}
			dst = utf8.AppendRune(dst, r)
			i += 4
		}
	}
	return dst, true
}

// scanBlock finds the end of the object or array at b[p] as Perfetto does: it
// counts brackets of that one kind and passes over strings.
func scanBlock(b []byte, p int) (int, status) {
	open, shut := b[p], b[p]+2 // '{' and '}', '[' and ']'
	depth := 0
	for p < len(b) {
		switch b[p] {
		case '"':
			var st status
			if p, _, st = jsonlex.String(b, p); st != ok {
				return p, st
			}
			continue
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return p + 1, ok
			}
		}
		p++
	}
	return p, incomplete
}
