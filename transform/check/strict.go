package check

// strict reads a value by JSON's grammar and gathers what is odd about it.
type strict struct {
	marks marks
	keys  seenKeys
	stack []byte // the brackets that are open
}

// value passes over the value at b[p]. Broken means that it is no JSON by the
// grammar; odd strings and numbers are only marked.
func (s *strict) value(b []byte, p int) (end int, st status) {
	s.marks = 0
	s.keys.reset()
	s.stack = s.stack[:0]
	for {
		if p = skipSpace(b, p); p == len(b) {
			return p, incomplete
		}
		switch c := b[p]; c {
		case '{', '[':
			s.stack = append(s.stack, c)
			p = skipSpace(b, p+1)
			if p == len(b) {
				return p, incomplete
			}
			if b[p] == c+2 {
				break // empty: closed below
			}
			if c == '{' {
				if p, st = s.key(b, p); st != ok {
					return p, st
				}
			}
			continue
		case '"':
			p, st = s.string(b, p)
		case 't':
			p, st = word(b, p, "true")
		case 'f':
			p, st = word(b, p, "false")
		case 'n':
			p, st = word(b, p, "null")
		default:
			p, st = s.number(b, p)
		}
		if st != ok {
			return p, st
		}
		if p, st = s.after(b, p); st != ok || len(s.stack) == 0 {
			return p, st
		}
	}
}

// after passes over the brackets that close behind a value, and over the comma
// and key before the next one.
func (s *strict) after(b []byte, p int) (int, status) {
	for len(s.stack) > 0 {
		if p = skipSpace(b, p); p == len(b) {
			return p, incomplete
		}
		open := s.stack[len(s.stack)-1]
		switch b[p] {
		case open + 2:
			s.stack = s.stack[:len(s.stack)-1]
			p++
		case ',':
			if p = skipSpace(b, p+1); p == len(b) {
				return p, incomplete
			}
			if open == '[' {
				return p, ok
			}
			return s.key(b, p)
		default:
			return p, broken
		}
	}
	return p, ok
}

// key passes over a member's key and colon.
func (s *strict) key(b []byte, p int) (end int, st status) {
	if b[p] != '"' {
		return p, broken
	}
	end, st = s.string(b, p)
	if st != ok {
		return end, st
	}
	if len(s.stack) == 1 && s.keys.add(b[p+1:end-1]) {
		s.marks |= duplicate
	}
	if end = skipSpace(b, end); end == len(b) {
		return end, incomplete
	}
	if b[end] != ':' {
		return end, broken
	}
	return end + 1, ok
}

func (s *strict) string(b []byte, p int) (int, status) {
	end, m, st := scanString(b, p)
	if st == ok && m != 0 {
		s.marks |= judgeString(b[p+1:end-1], m)
	}
	return end, st
}

func (s *strict) number(b []byte, p int) (int, status) {
	end, isInt, st := scanNumber(b, p)
	if st != ok {
		return end, st
	}
	if end-p <= 18 && (isInt || !hasExponent(b[p:end])) {
		return end, ok // the common case can't run over
	}
	n, _, st := parseNumber(b[:end+1], p)
	if st != ok || n.garbled || isInt && !n.isInt {
		s.marks |= bigNumber
	}
	return end, ok
}

func hasExponent(num []byte) bool {
	for _, c := range num {
		if c|0x20 == 'e' {
			return true
		}
	}
	return false
}

func word(b []byte, p int, w string) (int, status) {
	if len(b)-p < len(w) {
		if string(b[p:]) == w[:len(b)-p] {
			return p, incomplete
		}
		return p, broken
	}
	if string(b[p:p+len(w)]) != w {
		return p, broken
	}
	return p + len(w), ok
}
