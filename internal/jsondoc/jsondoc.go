// Package jsondoc writes the JSON documents that verbs print: reports and manifests.
// It is the only place that knows which library does it. It must not be used for
// traces, whose text is copied, not encoded.
package jsondoc

import (
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/bytedance/sonic/encoder"
)

// The bytes are those of encoding/json with SetEscapeHTML(false): maps in order of
// their keys, invalid UTF-8 replaced.
const options = encoder.SortMapKeys | encoder.CompactMarshaler | encoder.ValidateString

// Marshal returns v as indented JSON with a line break at its end. Characters that a
// terminal acts on are escaped. It fails where v holds what JSON can't, such as NaN.
func Marshal(v any) ([]byte, error) {
	text, err := encoder.EncodeIndented(v, "", "  ", options)
	if err != nil {
		return nil, err
	}
	return append(escapeActing(text), '\n'), nil
}

// escapeActing returns text with the characters escaped that a terminal or an editor
// acts on instead of showing them: DEL, C1 controls, line separators, and those that
// turn the direction of writing. Such stand in strings only, so that the JSON stays
// what it was.
func escapeActing(text []byte) []byte {
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if acts(r) {
			out := append([]byte{}, text[:at]...)
			for _, r := range string(text[at:]) {
				if acts(r) {
					out = fmt.Appendf(out, "\\u%04x", r)
				} else {
					out = utf8.AppendRune(out, r)
				}
			}
			return out
		}
		at += n
	}
	return text
}

func acts(r rune) bool {
	switch {
	case r < 0x7f:
		return false
	case r <= 0x9f, r == '\u2028', r == '\u2029':
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// Compact returns v as JSON on one line, without a break at its end, for what stands within
// another document. It escapes and fails as Marshal does.
func Compact(v any) ([]byte, error) {
	text, err := encoder.Encode(v, options)
	if err != nil {
		return nil, err
	}
	return escapeActing(text), nil
}

// Write writes v to w as Marshal returns it.
func Write(w io.Writer, v any) error {
	text, err := Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
