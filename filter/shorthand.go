package filter

import (
	"fmt"
	"strings"
)

// Shorthand is a condition made of flags. Values of one flag are alternatives;
// different flags must all be met, and none of those in Not.
type Shorthand struct {
	Terms
	Not Terms
}

// Terms are the values of flags. Cat, Pid and Tid are met by what is the same;
// Name, Process and Thread by what contains the text or, if it is written
// /…/, matches the regular expression. MinDur and MaxDur are durations such as
// 10us, bounds included.
type Terms struct {
	Name, Cat, Process, Thread, Pid, Tid []string
	MinDur, MaxDur                       []string
}

// Expr returns the condition, nil if no flag was given.
func (s Shorthand) Expr() (*Expr, error) {
	keep, err := s.exprs("--")
	if err != nil {
		return nil, err
	}
	drop, err := s.Not.exprs("--not-")
	if err != nil {
		return nil, err
	}
	for _, x := range drop {
		keep = append(keep, Not(x))
	}
	return And(keep...), nil
}

// exprs returns one condition for each flag that is given.
func (t Terms) exprs(dashes string) ([]*Expr, error) {
	var all []*Expr
	for _, flag := range []struct {
		name   string
		values []string
		make   func(value string) *test
	}{
		{"cat", t.Cat, same(fieldCat)},
		{"pid", t.Pid, same(fieldPid)},
		{"tid", t.Tid, same(fieldTid)},
		{"min-dur", t.MinDur, bound(opMoreEqual)},
		{"max-dur", t.MaxDur, bound(opLessEqual)},
		{"name", t.Name, like(fieldName)},
		{"process", t.Process, like(fieldProcess)},
		{"thread", t.Thread, like(fieldThread)},
	} {
		var alternatives []*Expr
		for _, v := range flag.values {
			s := flag.make(v)
			switch {
			case s == nil:
				return nil, fmt.Errorf("%s%s %s: this is no duration such as 10us or 1.5ms", dashes, flag.name, v)
			case s.op == opContains && v == "":
				return nil, fmt.Errorf("%s%s: an empty text is part of every other", dashes, flag.name)
			}
			root, err := compile(v, s)
			if e, ok := err.(*Error); ok {
				return nil, fmt.Errorf("%s%s %s: %s", dashes, flag.name, v, e.Message)
			}
			alternatives = append(alternatives, newExpr(s, root))
		}
		if len(alternatives) > 0 {
			all = append(all, Or(alternatives...))
		}
	}
	return all, nil
}

func same(f fieldKind) func(string) *test {
	return func(v string) *test {
		return &test{field: field{id: f}, op: opEqual, values: []literal{{kind: tokString, text: v}}}
	}
}

func like(f fieldKind) func(string) *test {
	return func(v string) *test {
		o := opContains
		if len(v) > 2 && strings.HasPrefix(v, "/") && strings.HasSuffix(v, "/") {
			o, v = opMatch, v[1:len(v)-1]
		}
		return &test{field: field{id: f}, op: o, values: []literal{{kind: tokString, text: v}}}
	}
}

// bound makes a test of dur, or nil if v is no duration.
func bound(o op) func(string) *test {
	return func(v string) *test {
		l := lexer{src: v}
		tok, err := l.next()
		if err != nil || tok.kind != tokTime || l.pos != len(v) {
			return nil
		}
		return &test{field: field{id: fieldDur}, op: o, values: []literal{{kind: tokTime, time: tok.time}}}
	}
}
