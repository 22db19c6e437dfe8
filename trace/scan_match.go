package trace

// match reads the event at buf[at] if it matches this template, and returns where it
// ends, 0 if it does not. The event's text must start at buf[from]; room
// follows buf[limit].
func (l *eventTemplate) match(buf []byte, from, at, limit int, m *interner, e *Event) int {
	if l.slice != nil {
		if end := l.matchSlice(buf, from, at, limit, e); end > 0 {
			return end
		}
	}
	return l.matchAny(buf, from, at, limit, m, e)
}

// matchAny is match for whatever slots there are. It is one long function, since calls
// from slot to slot would cost a fifth of its time.
func (l *eventTemplate) matchAny(buf []byte, from, at, limit int, m *interner, e *Event) int {
	slots := l.slots
	if at > limit || !slots[0].before.startsAt(buf, at) {
		return 0
	}
	*e = Event{}
	e.lead, e.Phase, e.Has = uint32(at-from), l.phase, l.has
	p, thread := at, l.thread.at
	for i := 0; i < len(slots); i++ {
		s := &slots[i]
		if p > limit {
			return 0
		}
		if s.cat.hi > 0 {
			e.cat = s.cat.shift(p - at)
		}
		if i == thread && l.thread.text.startsAt(buf, p) && l.thread.text.matchesAt(buf, p) {
			e.pid, e.tid, e.Interned = l.thread.pid.shift(p-at), l.thread.tid.shift(p-at), l.thread.interned
			p += len(l.thread.text.text)
			i += 2
			s = &slots[i]
			thread = -1
		} else {
			if !s.before.startsAt(buf, p) || !s.before.matchesAt(buf, p) {
				return 0
			}
			p += len(s.before.text)
		}
		lo := p
		switch s.form {
		case formName:
			p = stringEnd(buf, p, limit)
			e.name = span{uint32(lo - at), uint32(p - at)}
		case formTS:
			e.TS, p = l.near.read(buf, p)
			e.ts = span{uint32(lo - at), uint32(p - at)}
		case formDur:
			e.Dur, p = briefTime(buf, p)
			e.dur = span{uint32(lo - at), uint32(p - at)}
		case formArgs:
			p = objectEnd(buf, p, limit)
			e.args = span{uint32(lo - at), uint32(p - at)}
		case formText:
			p = stringEnd(buf, p, limit)
			e.setSpan(s.member, span{uint32(lo - 1 - at), uint32(p + 1 - at)})
		case formNumber:
			p = plainNumber(buf, p)
			e.setSpan(s.member, span{uint32(lo - at), uint32(p - at)})
		}
		if p == 0 {
			return 0
		}
	}
	if p > limit || !l.close.startsAt(buf, p) || !l.close.matchesAt(buf, p) {
		return 0
	}
	p += len(l.close.text)
	e.text = buf[from:p:p]
	if l.judged && !e.argsSound() {
		return 0
	}
	if thread >= 0 {
		l.thread.remember(e, l, m)
	}
	return p
}

// matchSlice is matchAny for a slice, the template of most events, whose thread is the
// same as before. Straight on, it takes a tenth less time.
func (l *eventTemplate) matchSlice(buf []byte, from, at, limit int, e *Event) int {
	s := l.slice
	if at > limit || !s.head.startsAt(buf, at) || !s.head.matchesAt(buf, at) {
		return 0
	}
	name := at + len(s.head.text)
	nameEnd := stringEnd(buf, name, limit)
	if nameEnd == 0 || !s.middle.startsAt(buf, nameEnd) || !s.middle.matchesAt(buf, nameEnd) {
		return 0
	}
	ts := nameEnd + len(s.middle.text)
	when, tsEnd := l.near.read(buf, ts)
	if tsEnd == 0 || tsEnd > limit || !s.dur.startsAt(buf, tsEnd) || !s.dur.matchesAt(buf, tsEnd) {
		return 0
	}
	dur := tsEnd + len(s.dur.text)
	long, durEnd := briefTime(buf, dur)
	if durEnd == 0 || durEnd > limit || !s.args.startsAt(buf, durEnd) || !s.args.matchesAt(buf, durEnd) {
		return 0
	}
	args := durEnd + len(s.args.text)
	argsEnd := objectEnd(buf, args, limit)
	if argsEnd == 0 || !l.close.startsAt(buf, argsEnd) || !l.close.matchesAt(buf, argsEnd) {
		return 0
	}
	thread, end := 0, argsEnd+len(l.close.text)
	if s.middle == &l.thread.text {
		thread = nameEnd - at
	}
	// Member by member: a whole Event would be made elsewhere, and copied from there.
	e.text, e.lead = buf[from:end:end], uint32(at-from)
	e.Phase, e.Has, e.flaws, e.Interned = l.phase, l.has, 0, l.thread.interned
	e.TS, e.Dur = when, long
	e.name = span{uint32(name - at), uint32(nameEnd - at)}
	e.cat = l.slots[0].cat
	e.pid, e.tid, e.id = l.thread.pid.shift(thread), l.thread.tid.shift(thread), span{}
	e.ts = span{uint32(ts - at), uint32(tsEnd - at)}
	e.dur = span{uint32(dur - at), uint32(durEnd - at)}
	e.args = span{uint32(args - at), uint32(argsEnd - at)}
	e.at = 0
	return end
}

// remember takes the text around e's pid and tid.
func (t *thread) remember(e *Event, l *eventTemplate, m *interner) {
	p, q := &l.slots[t.at], &l.slots[t.at+1]
	lo := int(e.pid.lo) - len(p.before.text)
	if p.form == formText {
		lo++
	}
	hi := int(e.tid.hi) + len(l.slots[t.at+2].before.text)
	if q.form == formText {
		hi--
	}
	if hi-lo > maxFixed {
		return
	}
	t.text.set(e.Raw()[lo:hi])
	t.pid, t.tid = e.pid.shift(-lo), e.tid.shift(-lo)
	t.interned = m.next()
	e.Interned = t.interned
}
