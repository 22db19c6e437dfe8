package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is what is wrong with an expression, and where.
type Error struct {
	Source  string // the expression
	Offset  int    // where in it, in bytes
	Message string // what is wrong
	Hint    string // what to do about it; may be empty
}

// Error returns the message, one line.
func (e *Error) Error() string {
	line, at := e.line()
	return fmt.Sprintf("%s (at character %d of: %s)", e.Message, utf8.RuneCountInString(line[:at])+1, line)
}

// Show returns the line of the expression that is wrong, with a caret below
// the place, and the hint in a line of its own.
func (e *Error) Show() string {
	line, at := e.line()
	var b strings.Builder
	b.WriteString(line)
	b.WriteByte('\n')
	for _, r := range line[:at] {
		switch {
		case r == '\t': // it moves the caret as far as it moved the text
			b.WriteByte('\t')
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf): // drawn on what stands before
		case isWide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	if e.Hint != "" {
		b.WriteString("\nhint: " + e.Hint)
	}
	return b.String()
}

// isWide tells characters that take two columns of a terminal, near enough:
// those of East Asian scripts, full-width forms and emoji.
func isWide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) ||
		0x3000 <= r && r <= 0x303e || 0xff01 <= r && r <= 0xff60 || 0x1f300 <= r && r <= 0x1faff
}

// line returns the line that Offset lies in, and where in it.
func (e *Error) line() (line string, at int) {
	from := strings.LastIndexByte(e.Source[:e.Offset], '\n') + 1
	to := len(e.Source)
	if i := strings.IndexByte(e.Source[e.Offset:], '\n'); i >= 0 {
		to = e.Offset + i
	}
	return e.Source[from:to], e.Offset - from
}
