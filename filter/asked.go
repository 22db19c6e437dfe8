package filter

import (
	"strings"

	"tracekit/trace"
)

// Asked is a text that a condition compares a field with.
type Asked struct {
	Field string // name, cat, process or thread
	Text  string
	part  bool // the field has to contain it, not to be it
	value field
}

// Asked returns the texts that x compares names, categories, processes and threads with, in
// the order in which they are written.
func (x *Expr) Asked() (all []Asked) {
	var walk func(s syntax)
	walk = func(s syntax) {
		switch s := s.(type) {
		case *logic:
			for _, p := range s.parts {
				walk(p)
			}
		case *test:
			switch {
			case classes[s.field.id] != ofText || s.field.id == fieldPh:
			case s.op == opEqual || s.op == opIn || s.op == opContains:
				for _, v := range s.values {
					all = append(all, Asked{Field: s.field.text(), Text: v.text, part: s.op == opContains, value: s.field})
				}
			}
		}
	}
	if x != nil {
		walk(x.source)
	}
	return all
}

// Asks reports whether a value of the field is what x asks for.
func (a *Asked) Asks(value string) bool {
	return value == a.Text || a.part && strings.Contains(value, a.Text)
}

// Of returns what e has in the field, valid until the next call.
func (a *Asked) FieldOf(e *trace.Event, env *Env) []byte {
	text, _ := a.value.textOf(e, env)
	return text
}
