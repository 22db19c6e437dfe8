package trace

// templates are those that a trace was seen to use. What they match, the general
// scanner need not look at.
type templates struct {
	known   []*eventTemplate // the latest used first, roughly
	last    *eventTemplate   // of the event before
	between fixed            // text from one event to the next: a comma, white space

	interner *interner // nil for none

	wait int // events until the next one is learned from
	idle int // how long to wait if that brings nothing new
}

const (
	maxLayouts = 48
	maxIdle    = 1 << 12
)

// next takes the event behind buf[p], which is where the one before it ended,
// and returns where it ends itself; 0 if no template matches.
func (s *templates) next(buf []byte, p int, e *Event) int {
	n, limit := len(s.between.text), min(len(buf)-room, p+MaxEvent)
	if n == 0 || p > limit || !s.between.startsAt(buf, p) || !s.between.matchesAt(buf, p) {
		return 0
	}
	from, at := p+1, p+n
	last := s.last
	if last != nil {
		for i, l := range last.next {
			if l == nil {
				break
			}
			if end := l.match(buf, from, at, limit, s.interner, e); end > 0 {
				if i > 0 {
					last.follow(i, l)
				}
				s.last = l
				return end
			}
		}
	}
	for i, l := range s.known {
		if end := l.match(buf, from, at, limit, s.interner, e); end > 0 {
			s.known[i], s.known[i/2] = s.known[i/2], l
			if last != nil {
				last.follow(len(last.next)-1, l)
			}
			s.last = l
			return end
		}
	}
	return 0
}

// follow notes that o came after l, where it stood at place i among its next.
func (l *eventTemplate) follow(i int, o *eventTemplate) {
	copy(l.next[1:i+1], l.next[:i])
	l.next[0] = o
}

// learn adds the template of an event that the general scanner read at buf[at],
// with the text that goes with it from buf[from] on. Where events keep being
// unlike each other, it tries less often.
func (s *templates) learn(buf []byte, from, at int, e *Event) {
	if at+len(e.Raw()) > len(buf)-room {
		return // too near the end for any template
	}
	if s.wait > 0 {
		s.wait--
		return
	}
	l := learnTemplate(e)
	if l == nil || from == 0 || buf[from-1] != ',' || at-from >= maxFixed {
		s.idle = min(2*s.idle+1, maxIdle)
		s.wait = s.idle
		return
	}
	s.between.set(buf[from-1 : at])
	for _, o := range s.known {
		if o.equals(l) {
			s.last = o
			s.idle = min(2*s.idle+1, maxIdle)
			s.wait = s.idle
			return
		}
	}
	if len(s.known) < maxLayouts {
		s.known = append(s.known, l)
		s.idle /= 2
	} else {
		s.known[maxLayouts-1] = l
		s.idle = min(2*s.idle+1, maxIdle)
	}
	s.wait = s.idle
	s.last = l
}
