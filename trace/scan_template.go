package trace

import (
	"bytes"
	"slices"
)

// eventTemplate is how the text of an event is laid out, learned from one that the
// general scanner has read: the text between its values, and what kinds of
// values they are. Profilers write millions of events by the same few templates.
//
// A template matches an event only if that reads byte for byte as the one that was
// learned from, values aside, and each value is of the plain form that it knows.
// Anything else is left to the general scanner: both read every event the same.
type eventTemplate struct {
	slots  []slot
	close  fixed // behind the last value, up to the brace that ends the object
	phase  byte
	has    Has
	thread thread
	near   nearTime          // of ts
	slice  *slice            // if it is the template of one
	judged bool              // args have to be looked at
	isJSON bool              // an event that it matched was
	next   [4]*eventTemplate // that were seen to follow, the latest first
}

// slot is some fixed text of an event and the value that follows it.
type slot struct {
	before fixed
	cat    span // of the category, if it is part of the fixed text
	form   form
	member member
}

// thread remembers the text from the slot of the pid to the value behind the
// tid, if the two stand together: most events have it from the event before.
type thread struct {
	at       int // the first of the two slots, -1 if they stand apart
	text     fixed
	pid, tid span   // in text
	interned uint32 // the number of events that have it
}

// slice is the template of an event with a name and the thread, or the other way round,
// then ts, dur and args, and no other values.
type slice struct {
	head, middle *fixed // before the name and behind it; one of them is the thread's text
	dur, args    *fixed
}

// form is how a value is written.
type form uint8

const (
	formText   form = iota // between quotes, without a backslash
	formName               // as formText, and the event's name
	formNumber             // digits, perhaps with a point
	formTS                 // as formNumber, read as microseconds
	formDur                // as formTS
	formArgs               // an object without others in it
)

// member tells where a value belongs in an Event if its form does not.
type member uint8

const (
	memberOther member = iota
	memberPid
	memberTid
	memberID
)

var memberOf = map[string]member{"pid": memberPid, "tid": memberTid, "id": memberID}

// maxSlots is how many values an event may have for its template to be learned.
const maxSlots = 64

// learnTemplate derives the template of an event, nil if it has none that can be
// told from one event: keys that come twice, values with escapes, nested ones
// outside of args.
func learnTemplate(e *Event) *eventTemplate {
	if e.flaws != 0 || e.Phase == 0 {
		return nil
	}
	l := &eventTemplate{near: nearTime{first: 1}, phase: e.Phase, has: e.Has, thread: thread{at: -1}}
	obj := e.Raw()
	if !e.ts.empty() && e.Has&HasTS == 0 || !e.dur.empty() && e.Has&HasDur == 0 {
		return nil // what a template matches has a time that can be read
	}
	seen := map[string]bool{}
	done, cat := 0, span{}
	for m := range Members(obj) {
		key := string(m.Key)
		if seen[key] || bytes.IndexByte(m.Key, '\\') >= 0 {
			return nil
		}
		seen[key] = true
		lo, hi := m.At, m.At+len(m.Value)
		switch v := m.Value; {
		case key == "cat" && v[0] == '"':
			cat = span{uint32(lo + 1 - done), uint32(hi - 1 - done)}
			continue
		case key == "ph" || key == "cat" || v[0] == 't' || v[0] == 'f' || v[0] == 'n':
			if memberOf[key] != memberOther {
				return nil // no thread and no id is called null
			}
			continue // as fixed as the text around it
		}
		p, quote := slot{cat: cat, member: memberOf[key]}, 0
		var ok bool
		if p.form, ok = formOf(key, m.Value); !ok {
			return nil
		}
		if p.form == formText || p.form == formName {
			quote = 1
		}
		p.before = newFixed(obj[done : lo+quote])
		if l.slots = append(l.slots, p); len(l.slots) > maxSlots {
			return nil
		}
		done, cat = hi-quote, span{}
	}
	if cat != (span{}) || len(l.slots) == 0 {
		return nil // a category behind all values: no profiler's format
	}
	l.close = newFixed(obj[done:])
	l.judged = e.Phase == 'C' || e.Phase == 'M'
	if l.tooLong() {
		return nil
	}
	l.findThread()
	l.findSlice()
	return l
}

// tooLong reports whether some text is longer than can be looked at without
// checking for the end of a block.
func (l *eventTemplate) tooLong() bool {
	for i := range l.slots {
		if len(l.slots[i].before.text) > maxFixed {
			return true
		}
	}
	return len(l.close.text) > maxFixed
}

func (l *eventTemplate) findThread() {
	for i := 0; i+2 < len(l.slots); i++ {
		p := l.slots[i : i+3]
		if p[0].member == memberPid && p[1].member == memberTid && !hasCat(p[1:]) {
			l.thread.at = i
			l.thread.text.first = 1 // none that could be found, so far
		}
	}
}

// hasCat reports whether the category stands before one of these values.
func hasCat(p []slot) bool {
	return slices.ContainsFunc(p, func(p slot) bool { return p.cat != span{} })
}

func (l *eventTemplate) findSlice() {
	p := l.slots
	if len(p) != 6 || p[3].form != formTS || p[4].form != formDur || p[5].form != formArgs || l.judged || hasCat(p[1:]) {
		return
	}
	s := &slice{dur: &p[4].before, args: &p[5].before}
	switch {
	case l.thread.at == 1 && p[0].form == formName:
		s.head, s.middle = &p[0].before, &l.thread.text
	case l.thread.at == 0 && p[2].form == formName:
		s.head, s.middle = &l.thread.text, &p[3].before
	default:
		return
	}
	l.slice = s
}

func formOf(key string, v []byte) (form, bool) {
	switch {
	case key == "args":
		return formArgs, v[0] == '{'
	case v[0] == '"' && (key == "ts" || key == "dur" || key == "tts" || key == "tdur"):
		return 0, false
	case v[0] == '"' && key == "name":
		return formName, true
	case v[0] == '"':
		return formText, true
	case key == "ts":
		return formTS, isNumberStart(v[0])
	case key == "dur":
		return formDur, isNumberStart(v[0])
	}
	return formNumber, isNumberStart(v[0])
}

func (s span) empty() bool { return s.lo == s.hi }

func (s span) shift(by int) span {
	return span{uint32(int(s.lo) + by), uint32(int(s.hi) + by)}
}

func (e *Event) setSpan(m member, s span) {
	switch m {
	case memberPid:
		e.pid = s
	case memberTid:
		e.tid = s
	case memberID:
		e.id = s
	}
}

// equals reports whether two templates match the same events.
func (l *eventTemplate) equals(o *eventTemplate) bool {
	if len(l.slots) != len(o.slots) || l.has != o.has || !bytes.Equal(l.close.text, o.close.text) {
		return false
	}
	for i := range l.slots {
		if !bytes.Equal(l.slots[i].before.text, o.slots[i].before.text) || l.slots[i].form != o.slots[i].form {
			return false
		}
	}
	return true
}
