package jsonlex

// Reader reads a value by JSON's grammar and gathers what is odd about it.
type Reader struct {
	Marks Marks // of the latest value
	keys  Keys
	// Repeats has members looked for that the outermost object has twice.
	Repeats bool
	// Odd reports a number that is one by the grammar and odd all the same, and is asked
	// of those that are long or have an exponent. It may be nil.
	Odd   func(num []byte) bool
	stack []byte // the brackets that are open
}

// Value passes over the value at b[p]. Broken means that it is no JSON by the
// grammar; odd strings and numbers are only marked.
func (s *Reader) Value(b []byte, p int) (end int, st Status) {
	s.Marks = 0
	if s.Repeats {
		s.keys.Reset()
	}
	s.stack = s.stack[:0]
	for {
		if p = SkipSpace(b, p); p == len(b) {
			return p, Incomplete
		}
		switch c := b[p]; c {
		case '{', '[':
			s.stack = append(s.stack, c)
			p = SkipSpace(b, p+1)
			if p == len(b) {
				return p, Incomplete
			}
			if b[p] == c+2 {
				break // empty: closed below
			}
			if c == '{' {
				if p, st = s.key(b, p); st != OK {
					return p, st
				}
			}
			continue
		case '"':
			p, st = s.string(b, p)
		case 't':
			p, st = Word(b, p, "true")
		case 'f':
			p, st = Word(b, p, "false")
		case 'n':
			p, st = Word(b, p, "null")
		default:
			p, st = s.number(b, p)
		}
		if st != OK {
			return p, st
		}
		if p, st = s.after(b, p); st != OK || len(s.stack) == 0 {
			return p, st
		}
	}
}

// after passes over the brackets that close behind a value, and over the comma
// and key before the next one.
func (s *Reader) after(b []byte, p int) (int, Status) {
	for len(s.stack) > 0 {
		if p = SkipSpace(b, p); p == len(b) {
			return p, Incomplete
		}
		open := s.stack[len(s.stack)-1]
		switch b[p] {
		case open + 2:
			s.stack = s.stack[:len(s.stack)-1]
			p++
		case ',':
			if p = SkipSpace(b, p+1); p == len(b) {
				return p, Incomplete
			}
			if open == '[' {
				return p, OK
			}
			return s.key(b, p)
		default:
			return p, Broken
		}
	}
	return p, OK
}

// key passes over a member's key and colon.
func (s *Reader) key(b []byte, p int) (end int, st Status) {
	if b[p] != '"' {
		return p, Broken
	}
	end, st = s.string(b, p)
	if st != OK {
		return end, st
	}
	if s.Repeats && len(s.stack) == 1 && s.keys.Add(b[p+1:end-1]) {
		s.Marks |= Duplicate
	}
	if end = SkipSpace(b, end); end == len(b) {
		return end, Incomplete
	}
	if b[end] != ':' {
		return end, Broken
	}
	return end + 1, OK
}

func (s *Reader) string(b []byte, p int) (int, Status) {
	end, m, st := String(b, p)
	if st == OK && m != 0 {
		s.Marks |= Look(b[p+1:end-1], m)
	}
	return end, st
}

func (s *Reader) number(b []byte, p int) (int, Status) {
	end, isInt, st := Number(b, p)
	if st != OK {
		return end, st
	}
	if s.Odd == nil || end-p <= 18 && (isInt || !hasExponent(b[p:end])) {
		return end, OK // the common case can't run over
	}
	if s.Odd(b[p:end]) {
		s.Marks |= OddNumber
	}
	return end, OK
}

func hasExponent(num []byte) bool {
	for _, c := range num {
		if c|0x20 == 'e' {
			return true
		}
	}
	return false
}
