package term

import (
	"bytes"
	"io"
	"strings"
	"unicode"
)

// Short makes text of a trace safe to show on a terminal, and at most n
// characters wide.
func Short(s string, n int) string {
	s = Safe(s)
	if width(s) <= n {
		return s
	}
	return head(s, n-1) + "…"
}

// Safe puts ? in place of what a terminal would act on: control characters, and
// those that turn the direction of text.
func Safe(s string) string { return strings.Map(shown, s) }

func shown(r rune) rune {
	if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) {
		return '?'
	}
	return r
}

// SafeLines writes to W what it is given, line by line as it is, each Safe.
type SafeLines struct{ W io.Writer }

func (s SafeLines) Write(p []byte) (int, error) {
	_, err := s.W.Write(bytes.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return shown(r)
	}, p))
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// head is the start of s, at most n wide.
func head(s string, n int) string {
	for i, r := range s {
		if n -= wideness(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

func width(s string) (n int) {
	for _, r := range s {
		n += wideness(r)
	}
	return n
}

// wideness is how many places a terminal gives a character.
func wideness(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the characters of East Asia and pictures, which take two places.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}
