package check

import (
	"bytes"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// shapes are how clean events were written: the text between their values, in a tree whose
// paths are events. An event that is a path of it, with plain values in place of those
// that were, is as clean as they were, and needs no lexer: its keys are known, and all
// that nests.
type shapes struct {
	root   shape
	count  int
	misses int // clean events in a row for which there was no room
}

// shape is the text before a value of events that begin with the same text, and what value that is.
type shape struct {
	text []byte
	kind slot
	of   field // that says something; else noField

	argsFrom, argsTo int // where args begin and end in text, -1 if they do not

	next []*shape // what came behind the value, the latest mostly first
}

// slot is the kind of a value that may be another in each event.
type slot uint8

const (
	noSlot     slot = iota // the event ends
	textSlot               // without escapes, control characters and bytes beyond ASCII
	numberSlot             // a plain one of few digits
	wordSlot
	listSlot // and all that is in it
)

// What the tree grows to: shapes in all and behind each, how much text an event may have
// between values, and after how many misses no more is learnt.
const (
	mostShapes = 1 << 12
	mostNext   = 16
	shapeSize  = 4 << 10
	mostMisses = 1 << 10
)

// read is event.read for an event that is a path of the tree; it reports false for any other.
func (s *shapes) read(b []byte, p int, e *event) (end int, ok bool) {
	args := 0
	var v slotValue
	for n := &s.root; ; {
		next := n.follow(b, p, &v, &e.strict)
		if next == nil {
			return p, false
		}
		if next.argsFrom >= 0 {
			args = p + next.argsFrom
		}
		if to := p + next.argsTo; next.argsTo >= 0 {
			e.args = b[args:to:to]
		}
		if next.kind == noSlot {
			e.flags |= members
			return v.to, true
		}
		if next.of != noField && !e.setPlain(next, b, &v) {
			return p, false
		}
		n, p = next, v.to
	}
}

// slotValue is where a plain value stands, and what a number is.
type slotValue struct {
	from, to int
	number   perfetto.Number
}

// follow finds what stands at b[p] behind n's value, and the value behind that. It returns nil
// if nothing like it came before.
func (n *shape) follow(b []byte, p int, v *slotValue, list *jsonlex.Reader) *shape {
	for i, next := range n.next {
		from, to := p+len(next.text), 0
		if from > len(b) || string(b[p:from]) != string(next.text) {
			continue
		}
		if next.kind == numberSlot {
			v.number, to = perfetto.Plain(b, from)
		} else {
			to = next.valueEnd(b, from, list)
		}
		if to < 0 {
			continue
		}
		if i > 0 {
			n.next[i-1], n.next[i] = next, n.next[i-1]
		}
		v.from, v.to = from, to
		return next
	}
	return nil
}

// valueEnd is where the value at b[p], no number, ends, -1 if it is not plain.
func (n *shape) valueEnd(b []byte, p int, list *jsonlex.Reader) int {
	switch n.kind {
	case textSlot:
		if end, m, st := jsonlex.String(b, p-1); st == ok && m == 0 {
			return end - 1
		}
	case wordSlot:
		for _, w := range []string{"true", "false", "null"} {
			if bytes.HasPrefix(b[p:], []byte(w)) {
				return p + len(w)
			}
		}
	case listSlot:
		if p < len(b) && b[p] == '[' {
			if end, st := list.Value(b, p); st == ok && list.Marks == 0 {
				return end
			}
		}
	case noSlot:
		return p
	}
	return -1
}

// setPlain keeps the value of a member.
func (e *event) setPlain(n *shape, b []byte, p *slotValue) bool {
	text := b[p.from:p.to:p.to]
	switch n.kind {
	case numberSlot:
		return e.setNumber(n.of, text, p.number)
	case textSlot:
		return e.setText(n.of, text)
	case wordSlot:
		v := value{truth: text[0] == 't', text: text}
		if v.kind = boolean; text[0] == 'n' {
			v.kind = null
		}
		return e.setMember(n.of, &v)
	case listSlot:
		return e.setMember(n.of, &value{kind: array, text: text})
	}
	return true
}

// learn takes an event that was read in full and is clean.
func (s *shapes) learn(obj []byte) {
	if s.misses == mostMisses {
		return
	}
	s.misses++
	key := noField // of the event's own member at hand
	n, at := &s.root, 0
	open, begins := 0, false // braces, and whether a key follows
	from, to := -1, -1       // of args
	size := 0
	add := func(kind slot, end int) bool {
		text := obj[at:end]
		if size += len(text); size > shapeSize {
			return false
		}
		of := key
		if kind == noSlot || open > 1 {
			of = noField
		}
		n = s.child(n, shape{text: text, kind: kind, of: of, argsFrom: from, argsTo: to})
		from, to = -1, -1
		return n != nil
	}
	for p := 0; p < len(obj); {
		end, kind := p, noSlot
		switch c := obj[p]; {
		case c == '{':
			if open == 1 && key == argsField {
				from = p - at
			}
			open, begins = open+1, true
			p++
			continue
		case c == '}':
			p++
			if open--; open == 1 && key == argsField {
				to = p - at
			}
			continue
		case c == '"' && begins:
			end, _, _ = jsonlex.String(obj, p)
			if open == 1 {
				if key = fieldOf(obj[p+1 : end-1]); key == id2Field {
					return // what it says stands deeper
				}
			}
			p, begins = end, false
			continue
		case c == '"':
			kind = textSlot
			end, _, _ = jsonlex.String(obj, p)
			end--
			p++
		case c == '[':
			kind = listSlot
			var r jsonlex.Reader
			end, _ = r.Value(obj, p)
		case c == '-' || c-'0' <= 9:
			kind = numberSlot
			end, _, _ = jsonlex.Number(obj, p)
		case c-'a' <= 'z'-'a':
			kind = wordSlot
			end = jsonlex.Token(obj, p)
		default:
			begins = begins || c == ','
			p++
			continue
		}
		if !add(kind, p) {
			return
		}
		at, p = end, end
		if kind == textSlot {
			p++ // the quote behind it is text
		}
	}
	if add(noSlot, len(obj)) {
		s.misses = 0
	}
}

// child is what follows behind n and is as of says, nil if there are too many.
func (s *shapes) child(n *shape, of shape) *shape {
	for _, next := range n.next {
		if next.kind == of.kind && bytes.Equal(next.text, of.text) {
			return next
		}
	}
	if s.count == mostShapes || len(n.next) == mostNext {
		return nil
	}
	s.count++
	made := new(shape)
	*made = of
	made.text = bytes.Clone(of.text)
	n.next = append(n.next, made)
	return made
}
