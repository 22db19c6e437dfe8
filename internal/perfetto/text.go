package perfetto

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"tracekit/internal/jsonlex"
)

// MaxDepth is how many slices may be open on a track at once: Perfetto drops what would
// lie deeper.
const MaxDepth = 512

// RefusedEscapes are escapes in a member of an event for which Perfetto refuses the whole
// trace: halves of surrogate pairs, which it never joins, and \u without four digits.
const RefusedEscapes = jsonlex.Surrogate | jsonlex.BadUnicode

// Unescape appends to dst what Perfetto makes of a string's inside: escapes
// that JSON does not know vanish, and it reports false for one that it refuses.
func Unescape(dst, s []byte) ([]byte, bool) {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(dst, s...), true
		}
		r, n, m := jsonlex.Escape(s[i:])
		dst, s = append(dst, s[:i]...), s[i+n:]
		switch {
		case m&RefusedEscapes != 0:
			return dst, false
		case m&jsonlex.UnknownEscape == 0:
			dst = utf8.AppendRune(dst, r)
		}
	}
}

// HexID is the id of a flow that is a string, read as C's strtoull reads hexadecimal
// digits. It reports false for what is none.
func HexID(s []byte) (uint64, bool) {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	for len(s) > 0 && IsSpace(s[0]) {
		s = s[1:]
	}
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if len(s) == 0 {
		return 0, false
	}
	var v uint64
	over := false
	for _, c := range s {
		digit := uint64(0)
		switch {
		case isDigit(c):
			digit = uint64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			digit = uint64(c|0x20-'a') + 10
		default:
			return 0, false
		}
		over = over || v>>60 != 0
		v = v<<4 | digit
	}
	switch {
	case over:
		return math.MaxUint64, true
	case neg:
		return -v, true
	}
	return v, true
}

// IsFloatText reports whether C's strtod takes all of s, as of a
// counter's value.
func IsFloatText(s []byte) bool {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	for len(s) > 0 && IsSpace(s[0]) {
		s = s[1:]
	}
	if len(s) == 0 || bytes.IndexByte(s, '_') >= 0 {
		return false
	}
	digits := s
	if digits[0] == '-' || digits[0] == '+' {
		digits = digits[1:]
	}
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' && bytes.IndexByte(bytes.ToLower(digits), 'p') < 0 {
		s = append(bytes.Clone(s), "p0"...) // C does not ask for the exponent
	}
	if len(digits) > 5 && string(bytes.ToLower(digits[:4])) == "nan(" && digits[len(digits)-1] == ')' {
		return true
	}
	if len(digits) < len(s) && string(bytes.ToLower(digits)) == "nan" {
		return true
	}
	_, err := strconv.ParseFloat(string(s), 64)
	if e, is := err.(*strconv.NumError); is && e.Err == strconv.ErrRange {
		return true
	}
	return err == nil
}
