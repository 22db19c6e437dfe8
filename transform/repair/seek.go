package repair

import "bytes"

// seeker finds what strings with quotes in them may end at. It remembers, for each
// question, the answer and from where on it holds, so that a text in which every
// string is in doubt is looked through but a few times, and not once for each.
type seeker struct {
	b        []byte
	answers  [2*int(places) + 3]answer
	lookedAt int64 // for tests: quotes and brackets that were looked at
}

// answer is the first place at or behind from that meets a condition.
type answer struct {
	from, at int
	sure     bool
}

// Questions besides those of closing and escaped, which go by place.
const (
	quotes = 2*int(places) + iota
	members
	events
)

// on makes the seeker look at b. What it knows of other text is forgotten.
func (s *seeker) on(b []byte) {
	if len(s.b) == len(b) && len(b) > 0 && &s.b[0] == &b[0] {
		return
	}
	s.forget()
	s.b = b
}

func (s *seeker) forget() {
	s.b = nil
	for i := range s.answers {
		s.answers[i] = answer{from: -1, at: -2}
	}
}

// next returns the first place behind p where char stands and meets a condition, or
// the length of the text.
func (s *seeker) next(question int, p int, char byte, meets func(i int) (is, sure bool)) (at int, sure bool) {
	a := &s.answers[question]
	p++
	if a.from <= p && p <= a.at {
		return a.at, a.sure
	}
	until := len(s.b)
	known := p < a.from && a.at >= a.from
	if known {
		until = a.from
	}
	for i := p; ; i++ {
		k := bytes.IndexByte(s.b[min(i, until):until], char)
		if k < 0 {
			break
		}
		i += k
		s.lookedAt++
		if is, sure := meets(i); is || !sure {
			*a = answer{p, i, sure}
			return i, sure
		}
	}
	if known {
		a.from = p
	} else {
		*a = answer{p, len(s.b), true}
	}
	return a.at, a.sure
}

// closing returns the next quote that may end a string.
func (s *seeker) closing(p int, where place, final bool) (at int, sure bool) {
	return s.next(int(where), p, '"', func(i int) (is, sure bool) {
		if slashed(s.b, i) {
			return false, true
		}
		return follows(s.b, i+1, where, final)
	})
}

// escaped returns the next quote that is escaped, and might end a string otherwise.
func (s *seeker) escaped(p int, where place, final bool) int {
	at, _ := s.next(int(places)+int(where), p, '"', func(i int) (is, sure bool) {
		if !slashed(s.b, i) {
			return false, true
		}
		is, sure = follows(s.b, i+1, where, final)
		return is && sure, true
	})
	return at
}

// inner reports whether there is a quote between b[p] and b[end] that is not escaped.
func (s *seeker) inner(p, end int) bool {
	at, _ := s.next(quotes, p, '"', func(i int) (is, sure bool) { return !slashed(s.b, i), true })
	return at < end
}

// member returns the next quote with which a member of events begins behind another.
func (s *seeker) member(p int) int {
	at, _ := s.next(members, p, '"', func(i int) (is, sure bool) {
		return !slashed(s.b, i) && beforeMember(s.b, i) >= 0, true
	})
	return at
}

// event returns the next bracket with which an event begins behind another.
func (s *seeker) event(p int) int {
	at, _ := s.next(events, p, '{', func(i int) (is, sure bool) { return beginsNext(s.b, i), true })
	return at
}
