package check

import (
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// valueKind is what a JSON value is to Perfetto.
type valueKind uint8

const (
	null valueKind = iota
	boolean
	num
	text
	object
	array
)

// value is a member's value. text is a string's inside with its escapes
// undone, or the brackets and what stands between them; of an event's own
// numbers, their digits.
type value struct {
	kind   valueKind
	truth  bool
	number perfetto.Number
	text   []byte

	// Of an event's own objects and arrays: whether they are no plain JSON, and
	// what is odd about them.
	odd   bool
	marks marks
}

// parseValue reads a value as Perfetto does. Of objects and arrays it only
// looks for the end. scratch takes strings whose escapes are undone.
func parseValue(b []byte, p int, scratch *[]byte) (v value, end int, st status) {
	switch b[p] {
	case '{', '[':
		v.kind = object
		if b[p] == '[' {
			v.kind = array
		}
		end, st = scanBlock(b, p)
		if st == ok {
			v.text = b[p:end:end]
		}
	case '"':
		v.kind = text
		v.text, end, st = parseString(b, p, scratch)
	case 't':
		v.kind, v.truth = boolean, true
		end, st = jsonlex.Word(b, p, "true")
	case 'f':
		v.kind = boolean
		end, st = jsonlex.Word(b, p, "false")
	case 'n':
		end, st = jsonlex.Word(b, p, "null")
	default:
		v.kind = num
		v.number, end, st = perfetto.ParseNumber(b, p)
	}
	return v, end, st
}

func parseString(b []byte, p int, scratch *[]byte) (inside []byte, end int, st status) {
	end, m, st := jsonlex.String(b, p)
	if st != ok {
		return nil, end, st
	}
	inside = b[p+1 : end-1 : end-1]
	if m&escaped == 0 {
		return inside, end, ok
	}
	from := len(*scratch)
	var good bool
	*scratch, good = perfetto.Unescape(*scratch, inside)
	if !good {
		return nil, p, broken
	}
	return (*scratch)[from:len(*scratch):len(*scratch)], end, ok
}

// fields walks the members of an object, whose braces b holds, as Perfetto
// does: a comma may trail, nothing else may be amiss. Broken and incomplete
// say how it ended where it could not reach the end.
func fields(b []byte, visit func(key []byte, v value)) status {
	var scratch []byte
	p := jsonlex.SkipSpace(b, 1)
	if p == len(b) {
		return incomplete
	}
	for b[p] != '}' {
		if b[p] != '"' {
			return broken
		}
		key, q, st := parseString(b, p, &scratch)
		if st != ok {
			return st
		}
		if p, st = colon(b, q); st != ok {
			return st
		}
		v, q, st := parseValue(b, p, &scratch)
		if st != ok {
			return st
		}
		if p, st = behindValue(b, q, '}'); st != ok {
			return st
		}
		visit(key, v)
	}
	return ok
}

func colon(b []byte, p int) (int, status) {
	if p = jsonlex.SkipSpace(b, p); p == len(b) {
		return p, incomplete
	}
	if b[p] != ':' {
		return p, broken
	}
	if p = jsonlex.SkipSpace(b, p+1); p == len(b) {
		return p, incomplete
	}
	return p, ok
}

// behindValue passes over the comma behind a value, if there is one.
func behindValue(b []byte, p int, shut byte) (int, status) {
	if p = jsonlex.SkipSpace(b, p); p == len(b) {
		return p, incomplete
	}
	if b[p] == ',' {
		if p = jsonlex.SkipSpace(b, p+1); p == len(b) {
			return p, incomplete
		}
		return p, ok
	}
	if b[p] != shut {
		return p, broken
	}
	return p, ok
}

// walkArgs reads the whole of a slice's args, all levels of them, as Perfetto
// does, and reports whether it gets to their end.
func walkArgs(b []byte) bool {
	var scratch []byte
	stack := []byte{'{'}
	p := jsonlex.SkipSpace(b, 1)
	for p < len(b) {
		if b[p] == '}' || b[p] == ']' {
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				return true
			}
			var st status
			if p, st = behindValue(b, p+1, stack[len(stack)-1]+2); st != ok {
				return false
			}
			continue
		}
		if stack[len(stack)-1] == '{' {
			if b[p] != '"' {
				return false
			}
			_, q, st := parseString(b, p, &scratch)
			if st != ok {
				return false
			}
			if p, st = colon(b, q); st != ok {
				return false
			}
		}
		if b[p] == '{' || b[p] == '[' {
			stack = append(stack, b[p])
			p = jsonlex.SkipSpace(b, p+1)
			continue
		}
		scratch = scratch[:0]
		_, q, st := parseValue(b, p, &scratch)
		if st != ok {
			return false
		}
		if p, st = behindValue(b, q, stack[len(stack)-1]+2); st != ok {
			return false
		}
	}
	return false
}
