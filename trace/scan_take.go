package trace

// take reads the event at buf[at] if it has this layout, and returns where it
// ends, 0 if it has another. The event's text shall start at buf[from]; room
// follows buf[limit].
func (l *layout) take(buf []byte, from, at, limit int, m *marks, e *Event) int {
	if l.slice != nil {
		if end := l.takeSlice(buf, from, at, limit, e); end > 0 {
			return end
		}
	}
	return l.takeAny(buf, from, at, limit, m, e)
}

// takeAny is take for whatever pieces there are. It is one long function, since calls
// from piece to piece would cost a fifth of its time.
func (l *layout) takeAny(buf []byte, from, at, limit int, m *marks, e *Event) int {
	pieces := l.pieces
	if at > limit || !pieces[0].before.startsAt(buf, at) {
		return 0
	}
	*e = Event{}
	e.lead, e.Phase, e.Has = uint32(at-from), l.phase, l.has
	p, thread := at, l.thread.at
	for i := 0; i < len(pieces); i++ {
		s := &pieces[i]
		if p > limit {
			return 0
		}
		if s.cat.hi > 0 {
			e.cat = s.cat.shift(p - at)
		}
		if i == thread && l.thread.text.startsAt(buf, p) && l.thread.text.goesOnAt(buf, p) {
			e.pid, e.tid, e.Alike = l.thread.pid.shift(p-at), l.thread.tid.shift(p-at), l.thread.alike
			p += len(l.thread.text.text)
			i += 2
			s = &pieces[i]
			thread = -1
		} else {
			if !s.before.startsAt(buf, p) || !s.before.goesOnAt(buf, p) {
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
	if p > limit || !l.close.startsAt(buf, p) || !l.close.goesOnAt(buf, p) {
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

// takeSlice is takeAny for a slice, the layout of most events, whose thread is the
// same as before. Straight on, it takes a tenth less time.
func (l *layout) takeSlice(buf []byte, from, at, limit int, e *Event) int {
	s := l.slice
	if at > limit || !s.head.startsAt(buf, at) || !s.head.goesOnAt(buf, at) {
		return 0
	}
	name := at + len(s.head.text)
	nameEnd := stringEnd(buf, name, limit)
	if nameEnd == 0 || !s.middle.startsAt(buf, nameEnd) || !s.middle.goesOnAt(buf, nameEnd) {
		return 0
	}
	ts := nameEnd + len(s.middle.text)
	when, tsEnd := l.near.read(buf, ts)
	if tsEnd == 0 || tsEnd > limit || !s.dur.startsAt(buf, tsEnd) || !s.dur.goesOnAt(buf, tsEnd) {
		return 0
	}
	dur := tsEnd + len(s.dur.text)
	long, durEnd := briefTime(buf, dur)
	if durEnd == 0 || durEnd > limit || !s.args.startsAt(buf, durEnd) || !s.args.goesOnAt(buf, durEnd) {
		return 0
	}
	args := durEnd + len(s.args.text)
	argsEnd := objectEnd(buf, args, limit)
	if argsEnd == 0 || !l.close.startsAt(buf, argsEnd) || !l.close.goesOnAt(buf, argsEnd) {
		return 0
	}
	thread, end := 0, argsEnd+len(l.close.text)
	if s.middle == &l.thread.text {
		thread = nameEnd - at
	}
	// Member by member: a whole Event would be made elsewhere, and copied from there.
	e.text, e.lead = buf[from:end:end], uint32(at-from)
	e.Phase, e.Has, e.flaws, e.Alike = l.phase, l.has, 0, l.thread.alike
	e.TS, e.Dur = when, long
	e.name = span{uint32(name - at), uint32(nameEnd - at)}
	e.cat = l.pieces[0].cat
	e.pid, e.tid, e.id = l.thread.pid.shift(thread), l.thread.tid.shift(thread), span{}
	e.ts = span{uint32(ts - at), uint32(tsEnd - at)}
	e.dur = span{uint32(dur - at), uint32(durEnd - at)}
	e.args = span{uint32(args - at), uint32(argsEnd - at)}
	e.at = 0
	return end
}

// remember takes the text around e's pid and tid.
func (t *thread) remember(e *Event, l *layout, m *marks) {
	p, q := &l.pieces[t.at], &l.pieces[t.at+1]
	lo := int(e.pid.lo) - len(p.before.text)
	if p.form == formText {
		lo++
	}
	hi := int(e.tid.hi) + len(l.pieces[t.at+2].before.text)
	if q.form == formText {
		hi--
	}
	if hi-lo > maxFixed {
		return
	}
	t.text.set(e.Raw()[lo:hi])
	t.pid, t.tid = e.pid.shift(-lo), e.tid.shift(-lo)
	t.alike = m.next()
	e.Alike = t.alike
}
