package filter

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"tracekit/trace"
)

// plain returns what the inside of a JSON string stands for: raw itself if
// there is no escape in it, else a text in env's room.
func plain(raw []byte, env *Env) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	env.buf = appendUnescaped(env.buf[:0], raw)
	return env.buf
}

// valueText returns what a JSON value stands for as text: the content of a
// string, and the JSON text of anything else.
func valueText(value []byte, env *Env) []byte {
	if len(value) >= 2 && value[0] == '"' {
		return plain(value[1:len(value)-1], env)
	}
	return value
}

// appendUnescaped appends what the inside of a JSON string stands for. An
// escape that JSON does not know stays as it is; half of a surrogate pair
// becomes the replacement character.
func appendUnescaped(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		n := 2
		switch c := s[1]; c {
		case '"', '\\', '/':
			dst = append(dst, c)
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
			dst, n = unescapeUnicode(dst, s)
		default:
			dst = append(dst, s[:2]...)
		}
		s = s[n:]
	}
}

// unescapeUnicode appends the character that the \u escape at the start of s
// stands for, and returns how long the escape is. A pair is one character.
func unescapeUnicode[T string | []byte](dst []byte, s T) (out []byte, length int) {
	r, ok := hex4(s[2:])
	if !ok {
		return append(dst, '\\', 'u'), 2
	}
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(dst, r), 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, ok := hex4(s[8:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), 12
			}
		}
	}
	return utf8.AppendRune(dst, utf8.RuneError), 6
}

func hex4[T string | []byte](s T) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		switch c := s[i]; {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20-'a' <= 'f'-'a':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// lookup returns the value of the member named key of a JSON object. Where a
// key is written twice, the last one counts.
func lookup(obj []byte, key string, env *Env) (value []byte, ok bool) {
	for m := range trace.Members(obj) {
		if keyIs(m.Key, key, env) {
			value, ok = m.Value, true
		}
	}
	return value, ok
}

func keyIs(raw []byte, key string, env *Env) bool {
	return len(raw) >= len(key) && string(plain(raw, env)) == key
}
