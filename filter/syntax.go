package filter

import (
	"strconv"
	"strings"

	"tracekit/trace"
)

// syntax is an expression as it was written.
type syntax interface {
	// text writes it out, in parentheses if tight and if it is made of parts.
	text(tight bool) string
}

// logic is all of its parts, or one of them. No part is a logic of its own kind.
type logic struct {
	and   bool
	parts []syntax
}

type not struct{ part syntax }

// test is a field and what is said of it.
type test struct {
	field  field
	op     op
	at     int // of the operator
	values []literal
}

type field struct {
	id  fieldKind
	arg *argPath
	at  int
}

type fieldKind uint8

const (
	fieldName fieldKind = iota
	fieldCat
	fieldPh
	fieldProcess
	fieldThread
	fieldPid
	fieldTid
	fieldID
	fieldTs
	fieldEnd
	fieldDur
	fieldDepth
	fieldArg
)

var fieldNames = [...]string{"name", "cat", "ph", "process", "thread", "pid", "tid", "id", "ts", "end", "dur", "depth"}

type op uint8

const (
	opHas op = iota // the field alone
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opMore
	opMoreEqual
	opMatch
	opNotMatch
	opIn
	opContains
)

var opNames = [...]string{"", "==", "!=", "<", "<=", ">", ">=", "=~", "!~", "in", "contains"}

// literal is a value in an expression: text, a number or a time.
type literal struct {
	kind tokenKind // tokString, tokNumber, tokTime or tokAbsolute
	text string
	time trace.Time
	at   int
}

// newLogic joins parts, and dissolves those of its own kind.
func newLogic(and bool, parts []syntax) *logic {
	l := &logic{and: and}
	for _, p := range parts {
		if inner, ok := p.(*logic); ok && inner.and == and {
			l.parts = append(l.parts, inner.parts...)
		} else {
			l.parts = append(l.parts, p)
		}
	}
	return l
}

func (l *logic) text(tight bool) string {
	var parts []string
	for _, p := range l.parts {
		parts = append(parts, p.text(l.and))
	}
	sign := " || "
	if l.and {
		sign = " && "
	}
	s := strings.Join(parts, sign)
	if tight {
		return "(" + s + ")"
	}
	return s
}

func (n *not) text(bool) string {
	if t, ok := n.part.(*test); ok && t.op != opHas {
		return "!(" + t.text(true) + ")"
	}
	return "!" + n.part.text(true)
}

func (t *test) text(bool) string {
	s := t.field.text()
	switch t.op {
	case opHas:
		return s
	case opIn:
		var vs []string
		for _, v := range t.values {
			vs = append(vs, v.String())
		}
		return s + " in (" + strings.Join(vs, ", ") + ")"
	}
	return s + " " + opNames[t.op] + " " + t.values[0].String()
}

func (f field) text() string {
	if f.id != fieldArg {
		return fieldNames[f.id]
	}
	return f.arg.text()
}

func (v literal) String() string {
	switch v.kind {
	case tokString:
		return quote(v.text)
	case tokTime:
		return durationText(v.time)
	case tokAbsolute:
		return "@" + string(trace.AppendMicros(nil, v.time))
	}
	return v.text
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }

func itoa(t trace.Time) string { return strconv.FormatInt(int64(t), 10) }
