package filter

import (
	"slices"
	"strings"
)

// maxNesting bounds the parentheses and negations within each other.
const maxNesting = 100

type parser struct {
	lexer
	tok     token
	nesting int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) sign(s string) bool { return p.tok.kind == tokSign && p.tok.text == s }

func (p *parser) parse() (syntax, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, p.fail(p.tok.at, `such as cat == "kernel" && dur > 10us`, "the expression is empty")
	}
	s, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.misplaced()
	}
	return s, nil
}

// misplaced tells what may be meant by a token that can't follow a condition.
func (p *parser) misplaced() error {
	switch word := strings.ToLower(p.tok.text); {
	case p.tok.kind == tokWord && word == "and":
		return p.fail(p.tok.at, "both conditions: write &&", "%q is no operator", p.tok.text)
	case p.tok.kind == tokWord && word == "or":
		return p.fail(p.tok.at, "either condition: write ||", "%q is no operator", p.tok.text)
	case p.sign(")") || p.sign("]"):
		return p.fail(p.tok.at, "", "this %s closes nothing", p.tok.text)
	}
	return p.fail(p.tok.at, "join conditions with && or ||", "the condition before has ended")
}

func (p *parser) either() (syntax, error) { return p.joined("||", false, p.both) }

func (p *parser) both() (syntax, error) { return p.joined("&&", true, p.unary) }

func (p *parser) joined(sign string, and bool, part func() (syntax, error)) (syntax, error) {
	first, err := part()
	if err != nil || !p.sign(sign) {
		return first, err
	}
	parts := []syntax{first}
	for p.sign(sign) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		s, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	return newLogic(and, parts), nil
}

func (p *parser) unary() (syntax, error) {
	if p.nesting++; p.nesting > maxNesting {
		return nil, p.fail(p.tok.at, "", "more than %d conditions within each other", maxNesting)
	}
	defer func() { p.nesting-- }()
	switch {
	case p.sign("!"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		s, err := p.unary()
		return &not{s}, err
	case p.sign("("):
		return p.group()
	}
	if kind, ok := predicateOf(p.tok.text); ok && p.tok.kind == tokWord {
		return p.predicate(kind)
	}
	return p.test()
}

// predicate reads a word that stands alone.
func (p *parser) predicate(kind predicateKind) (syntax, error) {
	t := &kindTest{kind, p.tok.at}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokSign && slices.Contains(opNames[1:], p.tok.text) || p.tok.kind == tokWord && (p.tok.text == "in" || p.tok.text == "contains") {
		return nil, p.fail(p.tok.at, "write "+t.text(false)+" or !"+t.text(false), "%s stands alone, as a condition of its own", t.text(false))
	}
	return t, nil
}

func (p *parser) group() (syntax, error) {
	open := p.tok.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	s, err := p.either()
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return nil, p.fail(open, "", "this ( is never closed")
	}
	if !p.sign(")") {
		return nil, p.misplaced()
	}
	return s, p.advance()
}

func (p *parser) test() (syntax, error) {
	f, err := p.field()
	if err != nil {
		return nil, err
	}
	t := &test{field: f, at: p.tok.at}
	if p.tok.kind == tokSign || p.tok.kind == tokWord {
		for o, name := range opNames {
			if p.tok.text == name {
				t.op = op(o)
			}
		}
	}
	if t.op == opHas {
		if word := p.tok.text; f.id == fieldArg && p.tok.kind == tokWord && word != "and" && word != "or" {
			return nil, p.fail(p.tok.at, "quote names with spaces: args."+quote(f.arg.key+" "+word), "an operator was expected here")
		}
		return t, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.op == opIn {
		t.values, err = p.list()
		return t, err
	}
	v, err := p.literal()
	t.values = []literal{v}
	return t, err
}

func (p *parser) field() (field, error) {
	tok := p.tok
	switch tok.kind {
	case tokArg:
		return field{fieldArg, tok.arg, tok.at}, p.advance()
	case tokWord:
		for id, name := range fieldNames {
			if tok.text == name {
				return field{fieldKind(id), nil, tok.at}, p.advance()
			}
		}
		return field{}, p.fail(tok.at, fieldHint(tok.text), "there is no field %q", tok.text)
	case tokEnd:
		return field{}, p.fail(tok.at, fieldHint(""), "a condition is missing here")
	}
	return field{}, p.fail(tok.at, `a condition starts with a field, as in name == "decode"`, "a field was expected here")
}

// fieldHint guesses which field is meant by a name that is none.
func fieldHint(name string) string {
	switch strings.ToLower(name) {
	case "category":
		return "the category is cat"
	case "phase", "type":
		return "the phase is ph"
	case "duration":
		return "the duration is dur"
	case "start", "time", "timestamp":
		return "the start is ts"
	case "gpu", "hw", "device", "kernel", "kernels":
		return "what ran on a device is asked for as hardware"
	case "stack", "stacks", "frame":
		return "frames of Python stacks are asked for as python"
	case "comm", "communication", "nccl":
		return "communication between devices is asked for as collective"
	case "correlation", "stream":
		return "what stands in args is asked for as args." + name
	case "and", "or", "not":
		return "operators are &&, || and !"
	}
	return "fields are " + strings.Join(fieldNames[:], " ") + " and args.NAME; kinds are " + strings.Join(predicateNames, " ")
}

func (p *parser) list() ([]literal, error) {
	open, shut := p.tok, ")"
	switch {
	case p.sign("["):
		shut = "]"
	case !p.sign("("):
		return nil, p.fail(p.tok.at, `write in ("a", "b")`, "a list was expected after in")
	}
	var vs []literal
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
		switch {
		case p.sign(shut):
			return vs, p.advance()
		case p.tok.kind == tokEnd:
			return nil, p.fail(open.at, "", "this %s is never closed", open.text)
		case !p.sign(","):
			return nil, p.fail(p.tok.at, "", "a comma or %s was expected here", shut)
		}
	}
}

func (p *parser) literal() (literal, error) {
	v := literal{p.tok.kind, p.tok.text, p.tok.time, p.tok.at}
	switch v.kind {
	case tokString, tokNumber, tokTime, tokAbsolute:
		return v, p.advance()
	case tokWord:
		if v.text == "true" || v.text == "false" || v.text == "null" {
			v.kind = tokString
			return v, p.advance()
		}
		return v, p.fail(v.at, "text stands in quotes: "+quote(v.text), "a value was expected here")
	case tokEnd:
		return v, p.fail(v.at, "", "a value is missing here")
	}
	return v, p.fail(v.at, "", "a value was expected here")
}
