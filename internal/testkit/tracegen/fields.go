package tracegen

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// field is a member of args in each layout, with the separator before it.
// Kineto's own separators are not the same everywhere.
type field struct{ kineto, dump, indent, bare string }

func newField(name, kinetoGap string) *field {
	bare := `"` + name + `": `
	return &field{kineto: "," + kinetoGap + bare, dump: ", " + bare, indent: ",\n        " + bare, bare: bare}
}

// key writes a field's name, and opens the args before the first.
func (e *encoder) key(f *field) {
	if !e.inArgs {
		e.inArgs = true
		e.buf = append(e.buf, e.cur.args...)
		e.buf = append(e.buf, f.bare...)
		return
	}
	switch e.layout {
	case Kineto:
		e.buf = append(e.buf, f.kineto...)
	case Dump:
		e.buf = append(e.buf, f.dump...)
	default:
		e.buf = append(e.buf, f.indent...)
	}
}

func (e *encoder) integer(f *field, v int64) {
	e.key(f)
	e.buf = strconv.AppendInt(e.buf, v, 10)
}

// text writes a string that needs no escapes.
func (e *encoder) text(f *field, s string) {
	e.key(f)
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, s...)
	e.buf = append(e.buf, '"')
}

// address writes a quoted hexadecimal number.
func (e *encoder) address(f *field, n int64) {
	e.key(f)
	e.buf = append(e.buf, '"')
	e.hex(n)
	e.buf = append(e.buf, '"')
}

// float writes a number as Python prints it, for values in [1e-4, 1e16).
func (e *encoder) float(f *field, v float64) {
	e.key(f)
	n := len(e.buf)
	e.buf = strconv.AppendFloat(e.buf, v, 'f', -1, 64)
	for _, c := range e.buf[n:] {
		if c == '.' {
			return
		}
	}
	e.buf = append(e.buf, ".0"...)
}

// fixed writes a number of millionths, as C++ prints a float.
func (e *encoder) fixed(f *field, millionths int64) {
	if e.layout != Kineto {
		e.float(f, float64(millionths)/1e6)
		return
	}
	e.key(f)
	e.buf = strconv.AppendInt(e.buf, millionths/1e6, 10)
	e.buf = append(e.buf, '.')
	digits := strconv.AppendInt(e.buf, 1e6+millionths%1e6, 10)
	copy(digits[len(e.buf):], digits[len(e.buf)+1:])
	e.buf = digits[:len(digits)-1]
}

// raw writes a value that is JSON already, on one line with Python's spaces.
func (e *encoder) raw(f *field, json string) {
	e.key(f)
	if e.layout == Indent2 {
		e.buf = respace(e.buf, json, 8)
		return
	}
	e.buf = append(e.buf, json...)
}

// escaped adds text as the layout's writer escapes it: Kineto leaves it as
// UTF-8, Python goes down to ASCII.
func (e *encoder) escaped(s string) {
	for _, r := range s {
		if r < utf8.RuneSelf || e.layout == Kineto {
			e.buf = utf8.AppendRune(e.buf, r)
			continue
		}
		units := utf16.AppendRune(nil, r)
		for _, u := range units {
			hex := strconv.FormatInt(int64(u)|1<<16, 16)
			e.buf = append(append(e.buf, `\u`...), hex[1:]...)
		}
	}
}

// respace appends JSON text with json.dump's white space: on one line if
// indent is negative, else with indent=2, the value itself standing at indent.
func respace(dst []byte, json string, indent int) []byte {
	line := func() {
		if indent >= 0 {
			dst = append(dst, '\n')
			for range indent {
				dst = append(dst, ' ')
			}
		}
	}
	quoted := false
	for i := 0; i < len(json); i++ {
		c := json[i]
		switch {
		case c == '"' && (i == 0 || json[i-1] != '\\'):
			quoted = !quoted
			dst = append(dst, c)
		case quoted:
			dst = append(dst, c)
		case c == ' ' || c == '\n':
		case c == '[' || c == '{':
			dst = append(dst, c)
			if j := nextToken(json, i+1); json[j] == c+2 {
				dst = append(dst, c+2)
				i = j
				continue
			}
			if indent >= 0 {
				indent += 2
			}
			line()
		case c == ']' || c == '}':
			if indent >= 0 {
				indent -= 2
			}
			line()
			dst = append(dst, c)
		case c == ',':
			dst = append(dst, c)
			if indent < 0 {
				dst = append(dst, ' ')
			}
			line()
		case c == ':':
			dst = append(dst, ": "...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func nextToken(json string, i int) int {
	for json[i] == ' ' || json[i] == '\n' {
		i++
	}
	return i
}
