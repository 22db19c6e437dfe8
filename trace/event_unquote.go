package trace

import (
	"bytes"

	"tracekit/internal/jsonlex"
)

// Unquote returns what a JSON string says; other JSON text, and a string that is not
// JSON to the letter, as it stands.
func Unquote(v []byte) string {
	if len(v) < 2 || v[0] != '"' {
		return string(v)
	}
	return string(Unescape(v[1 : len(v)-1]))
}

// Unescape returns what a string says whose text between the quotes is inside, such as
// an event's name: inside itself if it has no escapes, or if it is not JSON to the letter.
func Unescape(inside []byte) []byte {
	if bytes.IndexByte(inside, '\\') < 0 {
		return inside
	}
	text, m := jsonlex.Unescape(nil, inside)
	if m&(jsonlex.UnknownEscape|jsonlex.BadUnicode) != 0 || bytes.ContainsFunc(inside, func(r rune) bool { return r < ' ' }) {
		return inside
	}
	return []byte(string([]rune(string(text)))) // each byte that is not UTF-8 becomes the replacement character
}
