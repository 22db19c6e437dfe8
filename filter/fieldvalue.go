package filter

import "tracekit/trace"

// Value is a field of an event, as expressions name it: tid, thread, args.request.id.
type Value struct {
	field field
	text  string
}

// ParseValue reads the name of a field. Its error is an *Error.
func ParseValue(src string) (*Value, error) {
	p := parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	f, err := p.field()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected(p.tok.at)
	}
	return &Value{f, src}, nil
}

// TextOf returns the text of the field, valid until the next call, and whether e has that field.
// Of times and depths there is none.
func (v *Value) TextOf(e *trace.Event, env *Env) (text []byte, ok bool) {
	return v.field.textOf(e, env)
}

// OfThread and OfProcess report whether the value is the name of a thread or process, which comes from
// metadata anywhere in the file.
func (v *Value) OfThread() bool  { return v.field.id == fieldThread }
func (v *Value) OfProcess() bool { return v.field.id == fieldProcess }

// IsText reports whether the field is one that can name something: no time, and no depth.
func (v *Value) IsText() bool { return v.field.id < fieldTs || v.field.id == fieldArg }

func (v *Value) String() string { return v.text }
