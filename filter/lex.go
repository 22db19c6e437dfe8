package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"tracekit/internal/jsonlex"
	"tracekit/trace"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokArg // args.KEY and what follows, in arg
	tokString
	tokNumber
	tokTime     // a duration, in time
	tokAbsolute // @ and a raw time, in time
	tokSign     // an operator or bracket
)

type token struct {
	kind tokenKind
	text string
	time trace.Time
	arg  *argPath
	at   int // offset in the source
}

type lexer struct {
	src string
	pos int
}

func (l *lexer) fail(at int, hint, format string, args ...any) error {
	return &Error{Source: l.src, Offset: at, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// signs, the longer ones first.
var signs = []string{"&&", "||", "==", "!=", "<=", ">=", "=~", "!~", "<", ">", "!", "(", ")", "[", "]", ","}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	at := l.pos
	if at == len(l.src) {
		return token{kind: tokEnd, at: at}, nil
	}
	rest := l.src[at:]
	switch c := rest[0]; {
	case isQuote(c):
		s, err := l.quoted()
		return token{kind: tokString, text: s, at: at}, err
	case isDigit(c) || c == '-' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case c == '@':
		return l.absolute()
	}
	if n := wordLength(rest); n > 0 {
		return l.word(n)
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			l.pos += len(s)
			return token{kind: tokSign, text: s, at: at}, nil
		}
	}
	return token{}, l.unexpected(at)
}

func (l *lexer) unexpected(at int) error {
	r, _ := utf8.DecodeRuneInString(l.src[at:])
	hint := "text stands in quotes: \"…\", '…' or `…`"
	switch r {
	case '=':
		hint = "equality is written =="
	case '&':
		hint = "both conditions: write &&"
	case '|':
		hint = "either condition: write ||"
	case '~':
		hint = "a regular expression is matched with =~"
	case '“', '”', '‘', '’', '„', '«', '»':
		hint = `use straight quotes, "…" or '…'`
	}
	return l.fail(at, hint, "%q means nothing here", r)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// wordLength is the length of the bare word that s starts with.
func wordLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || r != '.' && !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

func (l *lexer) word(n int) (token, error) {
	at := l.pos
	word := l.src[at : at+n]
	l.pos += n
	key, isArg := strings.CutPrefix(word, "args")
	if !isArg || key != "" && key[0] != '.' {
		return token{kind: tokWord, text: word, at: at}, nil
	}
	quoted := key == "." && l.pos < len(l.src) && isQuote(l.src[l.pos])
	switch {
	case quoted:
		s, err := l.quoted()
		if err != nil {
			return token{}, err
		}
		key = "." + s
	case len(key) < 2:
		return token{}, l.fail(at, `write args.correlation, or args."External id" if there is more than letters, digits, _ and . in it`, "args of which name?")
	case key[len(key)-1] == '.' && l.pos < len(l.src) && isQuote(l.src[l.pos]):
		key = key[:len(key)-1]
		l.pos-- // the dot belongs to the name in quotes
	}
	arg, err := l.path(key[1:], quoted)
	return token{kind: tokArg, text: l.src[at:l.pos], arg: arg, at: at}, err
}

// quoted reads the string that starts at the lexer's place. Between backquotes
// everything stands for itself. Elsewhere only the escapes below are known;
// any other backslash stays, so that regular expressions need no doubling.
func (l *lexer) quoted() (string, error) {
	at := l.pos
	quote := l.src[at]
	var b strings.Builder
	for p := at + 1; p < len(l.src); {
		c := l.src[p]
		switch {
		case c == quote:
			l.pos = p + 1
			return b.String(), nil
		case c == '\\' && quote != '`' && p+1 < len(l.src):
			n := l.escape(&b, l.src[p:])
			p += n
		default:
			b.WriteByte(c)
			p++
		}
	}
	return "", l.fail(at, "in a shell, put the whole expression in '…' and texts in \"…\"", "this text has no closing %c", quote)
}

// escape adds what the escape at the start of s stands for, and returns its
// length in s.
func (l *lexer) escape(b *strings.Builder, s string) int {
	switch c := s[1]; c {
	case '\\', '"', '\'', '`':
		b.WriteByte(c)
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'u':
		r, n, m := jsonlex.Escape([]byte(s[:min(len(s), len(`\ud83d\ude00`))]))
		if m&jsonlex.BadUnicode == 0 {
			b.WriteRune(r)
			return n
		}
		b.WriteString(s[:2])
	default:
		b.WriteString(s[:2])
	}
	return 2
}

func (l *lexer) absolute() (token, error) {
	at := l.pos
	n := 1
	for n < len(l.src)-at && strings.IndexByte("0123456789.+-eE", l.src[at+n]) >= 0 {
		n++
	}
	t, ok := trace.ParseMicros([]byte(l.src[at+1 : at+n]))
	if !ok {
		return token{}, l.fail(at, "a raw time is @ and the microseconds of the trace, as in @6520430064204.583", "this is no time")
	}
	l.pos += n
	return token{kind: tokAbsolute, time: t, at: at}, nil
}

// number reads a plain number, or a duration: numbers with units.
func (l *lexer) number() (token, error) {
	at := l.pos
	n := numberLength(l.src[at:])
	l.pos += n
	if unitLength(l.src[l.pos:]) == 0 {
		if _, ok := parseNumber([]byte(l.src[at:l.pos])); !ok {
			return token{}, l.fail(at, "leave out leading zeros, or put text in quotes", "%s is no number", l.src[at:l.pos])
		}
		return token{kind: tokNumber, text: l.src[at:l.pos], at: at}, nil
	}
	l.pos = at
	return l.duration()
}

// numberLength is the length of the number that s starts with.
func numberLength[T string | []byte](s T) int {
	n := 0
	digits := func() {
		for n < len(s) && isDigit(s[n]) {
			n++
		}
	}
	if s[n] == '-' {
		n++
	}
	digits()
	if n+1 < len(s) && s[n] == '.' && isDigit(s[n+1]) {
		n++
		digits()
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if m < len(s) && isDigit(s[m]) {
			n = m
			digits()
		}
	}
	return n
}

func unitLength(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) {
			return i
		}
	}
	return len(s)
}
