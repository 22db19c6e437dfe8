package check

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// status says how the reading of a piece of text ended.
type status uint8

const (
	ok         status = iota
	incomplete        // the text ended first
	broken            // it can't be read
)

// marks are what was odd about a piece of text that could be read.
type marks uint8

const (
	escaped       marks = 1 << iota // a backslash in a string
	control                         // a raw control character in a string
	high                            // a byte beyond ASCII in a string
	notUTF8                         // such bytes that are no UTF-8
	unknownEscape                   // \q and the like
	badUnicode                      // \u without four digits, or of a surrogate
	bigNumber                       // a number that Perfetto garbles or refuses
	duplicate                       // an object's member twice
)

func skipSpace(b []byte, p int) int {
	for p < len(b) && (b[p] == ' ' || b[p] == '\n' || b[p] == '\r' || b[p] == '\t') {
		p++
	}
	return p
}

const (
	ones  = 0x0101010101010101
	tops  = 0x8080808080808080
	quote = '"' * ones
	slash = '\\' * ones
	blank = ' ' * ones
)

// scanString passes over the string whose opening quote is b[p].
func scanString(b []byte, p int) (end int, m marks, st status) {
	for p++; ; {
		if p+8 > len(b) {
			return scanStringEnd(b, p, m)
		}
		x := binary.LittleEndian.Uint64(b[p:])
		q, s := x^quote, x^slash
		found := ((q-ones)&^q | (s-ones)&^s | (x-blank)&^x) & tops
		if x&tops != 0 {
			m |= high
		}
		if found == 0 {
			p += 8
			continue
		}
		p += bits.TrailingZeros64(found) / 8
		switch b[p] {
		case '"':
			return p + 1, m, ok
		case '\\':
			m |= escaped
			p += 2
		default:
			m |= control
			p++
		}
	}
}

func scanStringEnd(b []byte, p int, m marks) (int, marks, status) {
	for p < len(b) {
		switch c := b[p]; {
		case c == '"':
			return p + 1, m, ok
		case c == '\\':
			m |= escaped
			p++
		case c < ' ':
			m |= control
		case c >= utf8.RuneSelf:
			m |= high
		}
		p++
	}
	return len(b), m, incomplete
}

// judgeString adds to m what only a closer look at the string's inside tells.
func judgeString(inside []byte, m marks) marks {
	if m&high != 0 && !utf8.Valid(inside) {
		m |= notUTF8
	}
	if m&escaped == 0 {
		return m
	}
	for i := bytes.IndexByte(inside, '\\'); i >= 0 && i+1 < len(inside); {
		c := inside[i+1]
		next := i + 2
		switch {
		case c == 'u':
			r, good := hex4(inside[i+2:])
			if !good || r >= 0xd800 && r < 0xe000 {
				m |= badUnicode
			} else {
				next = i + 6
			}
		case bytes.IndexByte([]byte(`"\/bfnrt`), c) < 0:
			m |= unknownEscape
		}
		k := bytes.IndexByte(inside[next:], '\\')
		if k < 0 {
			break
		}
		i = next + k
	}
	return m
}

func hex4(s []byte) (r rune, good bool) {
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
			r, good := hex4(s[i+1:])
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
			if p, _, st = scanString(b, p); st != ok {
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

// seenKeys finds members that an object has twice.
type seenKeys struct {
	mask uint64
	keys [][]byte
}

func (s *seenKeys) reset() { s.mask, s.keys = 0, s.keys[:0] }

func (s *seenKeys) add(key []byte) (twice bool) {
	h := uint64(len(key))
	if len(key) > 0 {
		h = h*31 + uint64(key[0])<<16 + uint64(key[len(key)-1])<<8 + uint64(key[len(key)/2])
	}
	bit := uint64(1) << (h * 0x9e3779b97f4a7c15 >> 58)
	if s.mask&bit != 0 {
		for _, k := range s.keys {
			if bytes.Equal(k, key) {
				return true
			}
		}
	}
	s.mask |= bit
	s.keys = append(s.keys, key)
	return false
}
