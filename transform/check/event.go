package check

import (
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/trace"
)

// ident is an id as Perfetto keeps it: a string, or 64 bits.
type ident struct {
	kind identKind
	num  uint64
	text []byte
}

type identKind uint8

const (
	noID identKind = iota
	textID
	numID
)

// flag is a yes or no of an event.
type flag uint16

const (
	hasPid flag = 1 << iota
	hasTid
	pidText
	tidText
	flowIn
	flowOut
	enclosing // bp is "e"
	members   // has any member at all
	quotedTime
	overTime
	outOfRange
	coarse
	garbledTime
)

// event is an event's members as Perfetto reads them. Its bytes are those of
// the text it was read from, or of scratch.
type event struct {
	phase           byte
	scope           byte
	flags           flag
	ts, dur         int64
	tsText          []byte
	pid, tid        perfetto.Number
	pidName         []byte
	tidName         []byte
	name, cat       []byte
	id, bind        ident
	local, global   ident
	badID2          bool
	path            bool // a string holds a Windows path as it is
	args            []byte
	argsOdd         bool // the args are not plain JSON
	argsMarks       marks
	argsCut         bool  // another finding tells what is amiss there
	marks           marks // of everything else
	trailing        bool  // a comma behind the last member
	notJSON         bool  // a member's inside is no JSON
	scratch         []byte
	keys            jsonlex.Keys
	strict          jsonlex.Reader
	fault           string // what stopped the reading
	faultKind       Kind
	stuck, crashing bool
}

func (e *event) reset() {
	*e = event{ts: perfetto.Absent, dur: perfetto.Absent, scratch: e.scratch[:0], keys: e.keys, strict: e.strict}
	e.keys.Reset()
	e.strict.Odd = perfetto.IsBig
}

func (e *event) has(f flag) bool { return e.flags&f != 0 }

// read reads the event at b[p]. Broken means that the trace does not load, by
// fault; stuck, that Perfetto reads no further than this.
func (e *event) read(b []byte, p int) (end int, st status) {
	e.reset()
	if b[p] != '{' && b[p] != '[' {
		return p, e.fail(SyntaxError, "an event must be an object")
	}
	start, shut := p, b[p]+2
	if p = jsonlex.SkipSpace(b, p+1); p == len(b) {
		return p, incomplete
	}
	comma := false
	for b[p] != '}' {
		e.flags |= members
		key, q, st := e.string(b, p, true)
		if st != ok {
			return q, st
		}
		if p, st = colon(b, q); st != ok {
			if st == broken {
				e.fail(SyntaxError, "no colon behind a key")
			}
			return p, st
		}
		v, q, st := e.value(b, p)
		if st != ok {
			return q, st
		}
		comma = false
		from := jsonlex.SkipSpace(b, q)
		if p, st = behindValue(b, q, shut); st != ok {
			if st == broken {
				e.fail(SyntaxError, "neither comma nor bracket behind a member")
			}
			return p, st
		}
		comma = b[from] == ','
		if !e.take(key, v) {
			return p, ok
		}
	}
	e.trailing = comma
	e.path = (e.marks|e.argsMarks)&escaped != 0 && holdsPath(b[start:p])
	return p + 1, ok
}

func (e *event) fail(k Kind, why string) status {
	e.faultKind, e.fault = k, why
	return broken
}

// string reads a key, or a string that is a member's value.
func (e *event) string(b []byte, p int, key bool) ([]byte, int, status) {
	if b[p] != '"' {
		return nil, p, e.fail(SyntaxError, "a key must be a string")
	}
	end, m, st := jsonlex.String(b, p)
	if st != ok {
		return nil, end, st
	}
	inside := b[p+1 : end-1 : end-1]
	if m != 0 {
		m = jsonlex.Look(inside, m)
		e.marks |= m
	}
	if key && e.keys.Add(inside) {
		e.marks |= duplicate
	}
	if m&escaped == 0 {
		return inside, end, ok
	}
	from := len(e.scratch)
	var good bool
	if e.scratch, good = perfetto.Unescape(e.scratch, inside); !good {
		return nil, p, e.fail(SurrogateName, "an escape that is half of a surrogate pair, or no character at all")
	}
	return e.scratch[from:len(e.scratch):len(e.scratch)], end, ok
}

// value reads a member's value.
func (e *event) value(b []byte, p int) (v value, end int, st status) {
	switch b[p] {
	case '"':
		v.kind = text
		v.text, end, st = e.string(b, p, false)
	case '{', '[':
		v.kind = object
		if b[p] == '[' {
			v.kind = array
		}
		end, st = e.strict.Value(b, p)
		if st == broken {
			v.odd = true
			end, st = scanBlock(b, p)
		}
		if st == ok {
			v.text = b[p:end:end]
			v.marks = e.strict.Marks
		}
	case 't':
		v.kind, v.truth = boolean, true
		end, st = e.word(b, p, "true")
	case 'f':
		v.kind = boolean
		end, st = e.word(b, p, "false")
	case 'n':
		end, st = e.word(b, p, "null")
	default:
		v.kind = num
		v.number, end, st = perfetto.ParseNumber(b, p)
		if st == broken {
			e.fail(BadMemberNumber, "a value that is no JSON number")
			return v, p, st
		}
		if v.number.Garbled {
			e.marks |= bigNumber
		}
		v.text = b[p:end:end]
	}
	return v, end, st
}

func (e *event) word(b []byte, p int, w string) (int, status) {
	end, st := jsonlex.Word(b, p, w)
	if st == broken {
		e.fail(BadMemberNumber, "a word that is no JSON value")
	}
	return end, st
}

// take keeps what a member says. It reports false where Perfetto stops reading
// the trace.
func (e *event) take(key []byte, v value) bool {
	if string(key) == "args" {
		if v.kind == object {
			e.args, e.argsOdd, e.argsMarks = v.text, v.odd, v.marks
			return true
		}
	}
	if v.kind == object || v.kind == array {
		e.notJSON = e.notJSON || v.odd || v.marks&noEscapes != 0
		e.marks |= v.marks & (control | notUTF8)
	}
	switch string(key) {
	case "ph":
		e.phase = 0
		if v.kind == text && len(v.text) > 0 {
			e.phase = v.text[0]
		}
	case "ts":
		if ns, good := e.time(v); good {
			e.ts, e.tsText = ns, v.text
		}
	case "dur":
		ns, good := e.time(v)
		if !good {
			return e.stop()
		}
		e.dur = ns
	case "tts", "tdur":
		if _, good := e.time(v); !good {
			return e.stop()
		}
	case "pid":
		e.takeID(v, &e.pid, &e.pidName, hasPid, pidText)
	case "tid":
		e.takeID(v, &e.tid, &e.tidName, hasTid, tidText)
	case "name":
		e.name = textOf(v)
	case "cat":
		e.cat = textOf(v)
	case "id":
		setIdent(&e.id, v)
	case "bind_id":
		setIdent(&e.bind, v)
	case "id2":
		if v.kind == object {
			e.takeID2(v.text)
		}
	case "flow_in":
		e.setIf(flowIn, v)
	case "flow_out":
		e.setIf(flowOut, v)
	case "bp":
		e.flags &^= enclosing
		if v.kind == text && string(v.text) == "e" {
			e.flags |= enclosing
		}
	case "s":
		switch {
		case v.kind != text:
			e.scope = 0
		case len(v.text) == 1 && (v.text[0] == 'p' || v.text[0] == 't' || v.text[0] == 'g'):
			e.scope = v.text[0]
		}
	}
	return true
}

func (e *event) stop() bool {
	e.stuck = true
	return false
}

func (e *event) setIf(f flag, v value) {
	if v.kind != boolean {
		return
	}
	e.flags &^= f
	if v.truth {
		e.flags |= f
	}
}

func textOf(v value) []byte {
	if v.kind != text {
		return nil
	}
	return v.text
}

// time reads a number, or a number in quotes, as ns.
func (e *event) time(v value) (int64, bool) {
	n := v.number
	switch v.kind {
	case num:
	case text:
		var good bool
		if n, good = perfetto.NumberOf(v.text); !good {
			return 0, false
		}
		e.flags |= quotedTime
	default:
		return 0, false
	}
	ns, over := n.Nanos()
	if over {
		e.flags |= overTime
	}
	if n.Garbled {
		e.flags |= garbledTime
	}
	if n.IsCoarse() {
		e.flags |= coarse
	}
	return ns, true
}

// rounded is how much later a time is than what Perfetto reads, in ns.
func (e *event) rounded() int16 {
	if !e.has(coarse) {
		return 0
	}
	exact, good := trace.ParseMicros(e.tsText)
	by := int64(exact) - e.ts
	if !good || by != int64(int16(by)) {
		return 0
	}
	return int16(by)
}

func (e *event) takeID(v value, n *perfetto.Number, name *[]byte, has, isText flag) {
	switch v.kind {
	case text:
		e.flags |= has | isText
		*name = v.text
	case num:
		e.flags |= has
		*n, *name = v.number, nil
		if _, in := v.number.ID(); !in {
			e.flags |= outOfRange
		}
	}
}

func setIdent(id *ident, v value) {
	switch {
	case v.kind == text:
		*id = ident{kind: textID, text: v.text}
	case v.kind == num && v.number.IsInt:
		*id = ident{kind: numID, num: uint64(v.number.Int)}
	}
}

func (e *event) takeID2(obj []byte) {
	st := fields(obj, func(key []byte, v value) {
		switch string(key) {
		case "local":
			e.local = ident{}
			setIdent(&e.local, v)
		case "global":
			e.global = ident{}
			setIdent(&e.global, v)
		}
	})
	switch st {
	case broken:
		e.badID2 = true
	case incomplete:
		e.crashing = true
	}
}
