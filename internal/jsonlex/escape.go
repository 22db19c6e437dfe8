package jsonlex

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns the character that the escape at the start of s stands for, how many
// bytes it takes, and what is odd about it. A surrogate pair is one escape; half of one,
// \u without four digits and an escape that JSON does not know are utf8.RuneError, the
// latter two of the two bytes that they begin with. s begins with a backslash and goes on
// behind it.
func Escape(s []byte) (r rune, n int, m Marks) {
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2, Escaped
	case 'b':
		return '\b', 2, Escaped
	case 'f':
		return '\f', 2, Escaped
	case 'n':
		return '\n', 2, Escaped
	case 'r':
		return '\r', 2, Escaped
	case 't':
		return '\t', 2, Escaped
	case 'u':
		return unicodeEscape(s)
	}
	return utf8.RuneError, 2, Escaped | UnknownEscape
}

func unicodeEscape(s []byte) (r rune, n int, m Marks) {
	r, good := Hex4(s[2:])
	switch {
	case !good:
		return utf8.RuneError, 2, Escaped | BadUnicode
	case !utf16.IsSurrogate(r):
		return r, 6, Escaped
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, good := Hex4(s[8:]); good {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12, Escaped | Surrogate
			}
		}
	}
	return utf8.RuneError, 6, Escaped | Surrogate
}

// Hex4 returns the number of the four hexadecimal digits that s begins with, and reports
// false if there are none.
func Hex4(s []byte) (r rune, good bool) {
	if len(s) < 4 {
		return 0, false
	}
	for _, c := range s[:4] {
		switch {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// Unescape appends what the inside of a string stands for to dst, and returns what is odd
// about its escapes. Half of a surrogate pair becomes utf8.RuneError; \u without four
// digits and escapes that JSON does not know are left as they are.
func Unescape(dst, s []byte) ([]byte, Marks) {
	var all Marks
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(dst, s...), all
		}
		dst, s = append(dst, s[:i]...), s[i:]
		r, n, m := Escape(s)
		if all |= m; m&(UnknownEscape|BadUnicode) != 0 {
			dst = append(dst, s[:n]...)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		s = s[n:]
	}
}

// Escapes returns what is odd about the escapes in the inside of a string.
func Escapes(s []byte) (m Marks) {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return m
		}
		_, n, odd := Escape(s[i:])
		m |= odd
		s = s[i+n:]
	}
}
