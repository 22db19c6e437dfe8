package filter

import (
	"errors"
	"fmt"
	"regexp"
	syntaxerr "regexp/syntax"

	"tracekit/trace"
)

// class of a field: what it can be compared with.
type class uint8

const (
	ofText   class = iota // text
	ofID                  // a number or text, as it stands in the trace
	ofTime                // a time
	ofNumber              // a number
	ofAny                 // whatever JSON holds
)

var classes = [...]class{
	fieldPid: ofID, fieldTid: ofID, fieldID: ofID,
	fieldTs: ofTime, fieldEnd: ofTime, fieldDur: ofTime,
	fieldDepth: ofNumber, fieldArg: ofAny,
}

// compile checks an expression and makes it fit to be evaluated. src is what
// its offsets point into.
func compile(src string, s syntax) (matcher, error) {
	c := compiler{lexer{src: src}}
	return c.compile(s)
}

type compiler struct{ lexer }

func (c *compiler) compile(s syntax) (matcher, error) {
	switch s := s.(type) {
	case *not:
		part, err := c.compile(s.part)
		return inverse{part}, err
	case *logic:
		var parts []matcher
		for _, p := range s.parts {
			m, err := c.compile(p)
			if err != nil {
				return nil, err
			}
			parts = append(parts, m)
		}
		return newParts(s.and, parts), nil
	case *kindTest:
		return s, nil
	}
	t := s.(*test)
	switch classes[t.field.id] {
	case ofTime:
		return c.timeTests(t)
	case ofNumber:
		return c.depthTests(t)
	}
	return c.textTest(t)
}

// anyValue makes one test of each value, one of which has to hold.
func anyValue(t *test, one func(o op, v literal) (matcher, error)) (matcher, error) {
	o := t.op
	if o == opIn {
		o = opEqual
	}
	var parts []matcher
	for _, v := range t.values {
		m, err := one(o, v)
		if err != nil {
			return nil, err
		}
		parts = append(parts, m)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return newParts(false, parts), nil
}

func (c *compiler) timeTests(t *test) (matcher, error) {
	name := fieldNames[t.field.id]
	switch t.op {
	case opHas:
		if t.field.id == fieldDur {
			return hasTime{trace.HasDur}, nil
		}
		return hasTime{trace.HasTS}, nil
	case opMatch, opNotMatch, opContains:
		return nil, c.fail(t.at, "compare it, as in "+name+" >= 10us", "%s is a time, not text", name)
	}
	return anyValue(t, func(o op, v literal) (matcher, error) {
		switch {
		case v.kind == tokString:
			return nil, c.fail(v.at, "a time stands without quotes, as in "+name+" >= 10us", "%s is a time, not text", name)
		case v.kind == tokNumber && v.text != "0":
			return nil, c.fail(v.at, "give a unit: "+v.text+"us, or ns, ms, s", "%s of what?", v.text)
		case v.kind == tokAbsolute && t.field.id == fieldDur:
			return nil, c.fail(v.at, "write a duration, as in dur >= 10us", "@ is a point in time, dur is a duration")
		}
		fromZero := t.field.id != fieldDur && v.kind != tokAbsolute
		return &timeTest{field: t.field.id, op: o, limit: v.time, zero: fromZero}, nil
	})
}

func (c *compiler) depthTests(t *test) (matcher, error) {
	switch t.op {
	case opHas:
		return &depthTest{op: opHas}, nil
	case opMatch, opNotMatch, opContains:
		return nil, c.fail(t.at, "compare it, as in depth <= 3", "depth is a number, not text")
	}
	return anyValue(t, func(o op, v literal) (matcher, error) {
		if v.kind != tokNumber {
			return nil, c.fail(v.at, "write a plain number, as in depth <= 3", "depth is a number")
		}
		n, _ := parseNumber([]byte(v.text))
		return &depthTest{op: o, limit: n}, nil
	})
}

func (c *compiler) textTest(t *test) (matcher, error) {
	m := &textTest{field: t.field}
	var err error
	switch t.op {
	case opHas:
		m.is.has = true
		if classes[t.field.id] == ofText { // where missing and empty are the same
			m.is = predicate{texts: []string{""}}
			m.negate = true
		}
	case opEqual, opIn:
		err = c.oneOf(t, &m.is)
	case opNotEqual:
		m.negate = true
		err = c.oneOf(t, &m.is)
	case opMatch, opContains:
		err = c.like(t, &m.is)
	case opNotMatch:
		m.negate = true
		err = c.like(t, &m.is)
	default:
		err = c.order(t, &m.is)
	}
	return m, err
}

// noTime refuses times where nothing tells the unit of the field.
func (c *compiler) noTime(t *test, v literal) error {
	if v.kind == tokTime || v.kind == tokAbsolute {
		return c.fail(v.at, "only ts, end and dur are times", "%s has no unit", t.field.text())
	}
	return nil
}

func (c *compiler) oneOf(t *test, p *predicate) error {
	for _, v := range t.values {
		if err := c.noTime(t, v); err != nil {
			return err
		}
		if v.kind == tokString {
			p.texts = append(p.texts, v.text)
			continue
		}
		if classes[t.field.id] == ofText {
			return c.fail(v.at, "put it in quotes: "+quote(v.text), "%s is text, not a number", t.field.text())
		}
		n, _ := parseNumber([]byte(v.text))
		p.numbers = append(p.numbers, n)
	}
	return nil
}

func (c *compiler) like(t *test, p *predicate) error {
	v := t.values[0]
	if v.kind != tokString {
		return c.fail(v.at, "put it in quotes: "+quote(v.text), "%s needs text", opNames[t.op])
	}
	if t.op == opContains {
		p.sub = append([]byte{}, v.text...)
		return nil
	}
	re, err := regexp.Compile(v.text)
	if err != nil {
		why := err.Error()
		var wrong *syntaxerr.Error
		if errors.As(err, &wrong) {
			why = fmt.Sprintf("%s: %s", wrong.Code, wrong.Expr)
		}
		return c.fail(v.at, "contains finds text as it is", "this is no regular expression: %s", why)
	}
	if literal, whole := re.LiteralPrefix(); whole {
		p.sub = append([]byte{}, literal...)
		return nil
	}
	p.re = re
	return nil
}

func (c *compiler) order(t *test, p *predicate) error {
	v := t.values[0]
	if err := c.noTime(t, v); err != nil {
		return err
	}
	if classes[t.field.id] == ofText {
		return c.fail(t.at, "text is compared with ==, !=, =~, !~, in and contains", "%s is text, which has no order", t.field.text())
	}
	if v.kind != tokNumber {
		return c.fail(v.at, "write it without quotes", "%s needs a number", opNames[t.op])
	}
	p.order = t.op
	p.limit, _ = parseNumber([]byte(v.text))
	return nil
}
