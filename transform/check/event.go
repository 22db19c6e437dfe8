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

// event reads events, one after the other.
type event struct {
	facts
	scratch []byte
	keys    jsonlex.Keys
	strict  jsonlex.Reader
	shapes  shapes
}

// facts are an event's members as Perfetto reads them. Their bytes are those of
// the text it was read from, or of scratch.
type facts struct {
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
	argsCut         bool   // another finding tells what is amiss there
	marks           marks  // of everything else
	trailing        bool   // a comma behind the last member
	notJSON         bool   // a member's inside is no JSON
	fault           string // what stopped the reading
	faultKind       Kind
	stuck, crashing bool
}

func (e *event) reset() {
	e.facts = facts{ts: perfetto.Absent, dur: perfetto.Absent}
	e.scratch = e.scratch[:0]
	e.keys.Reset()
	e.strict.Odd, e.strict.Repeats = perfetto.IsBig, true
}

// isClean reports whether nothing was odd about how the event is written.
func (e *event) isClean() bool {
	return e.marks|e.argsMarks == 0 && e.has(members) && !e.argsOdd && !e.trailing && !e.notJSON && !e.stuck
}

func (e *event) has(f flag) bool { return e.flags&f != 0 }

// read reads the event at b[p]. Broken means that the trace does not load, by
// fault; stuck, that Perfetto reads no further than this.
func (e *event) read(b []byte, p int) (end int, st status) {
	e.reset()
	if end, known := e.shapes.read(b, p, e); known {
		return end, ok
	}
	e.reset()
	if end, st = e.readAny(b, p); st == ok && b[p] == '{' && e.isClean() {
		e.shapes.learn(b[p:end])
	}
	return end, st
}

// readAny is read, whatever the event is written like.
func (e *event) readAny(b []byte, p int) (end int, st status) {
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
		if !e.setMember(fieldOf(key), &v) {
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

// field is a member of an event that says something.
type field uint8

const (
	noField field = iota
	argsField
	phField
	tsField
	durField
	ttsField
	pidField
	tidField
	nameField
	catField
	idField
	bindField
	id2Field
	flowInField
	flowOutField
	bpField
	scopeField
)

func fieldOf(key []byte) field {
	switch string(key) {
	case "args":
		return argsField
	case "ph":
		return phField
	case "ts":
		return tsField
	case "dur":
		return durField
	case "tts", "tdur":
		return ttsField
	case "pid":
		return pidField
	case "tid":
		return tidField
	case "name":
		return nameField
	case "cat":
		return catField
	case "id":
		return idField
	case "bind_id":
		return bindField
	case "id2":
		return id2Field
	case "flow_in":
		return flowInField
	case "flow_out":
		return flowOutField
	case "bp":
		return bpField
	case "s":
		return scopeField
	}
	return noField
}

// setMember keeps what a member says. It reports false where Perfetto stops reading
// the trace.
func (e *event) setMember(f field, v *value) bool {
	switch v.kind {
	case num:
		return e.setNumber(f, v.text, v.number)
	case text:
		return e.setText(f, v.text)
	case object, array:
		if f == argsField && v.kind == object {
			e.args, e.argsOdd, e.argsMarks = v.text, v.odd, v.marks
			return true
		}
		e.notJSON = e.notJSON || v.odd || v.marks&noEscapes != 0
		e.marks |= v.marks & (control | notUTF8)
		if f == id2Field && v.kind == object {
			e.takeID2(v.text)
		}
	}
	switch f {
	case flowInField:
		e.setIf(flowIn, v)
	case flowOutField:
		e.setIf(flowOut, v)
	case durField, ttsField:
		return e.stop()
	}
	e.forget(f)
	return true
}

// forget forgets what a member said, as one of the same name says nothing.
func (e *event) forget(f field) {
	switch f {
	case phField:
		e.phase = 0
	case nameField:
		e.name = nil
	case catField:
		e.cat = nil
	case bpField:
		e.flags &^= enclosing
	case scopeField:
		e.scope = 0
	}
}

// setNumber is setMember for a number.
func (e *event) setNumber(f field, text []byte, n perfetto.Number) bool {
	switch f {
	case tsField:
		e.ts, e.tsText = e.nanos(n), text
	case durField:
		e.dur = e.nanos(n)
	case ttsField:
		e.nanos(n)
	case pidField:
		e.takeID(n, &e.pid, &e.pidName, hasPid)
	case tidField:
		e.takeID(n, &e.tid, &e.tidName, hasTid)
	case idField:
		setIdentNumber(&e.id, n)
	case bindField:
		setIdentNumber(&e.bind, n)
	default:
		e.forget(f)
	}
	return true
}

// setText is setMember for a string, whose inside text is.
func (e *event) setText(f field, inside []byte) bool {
	switch f {
	case phField:
		e.phase = 0
		if len(inside) > 0 {
			e.phase = inside[0]
		}
	case nameField:
		e.name = inside
	case catField:
		e.cat = inside
	case tsField, durField, ttsField:
		return e.setQuoted(f, inside)
	case pidField:
		e.flags |= hasPid | pidText
		e.pidName = inside
	case tidField:
		e.flags |= hasTid | tidText
		e.tidName = inside
	case idField:
		e.id = ident{kind: textID, text: inside}
	case bindField:
		e.bind = ident{kind: textID, text: inside}
	case bpField:
		e.flags &^= enclosing
		if string(inside) == "e" {
			e.flags |= enclosing
		}
	case scopeField:
		if len(inside) == 1 && (inside[0] == 'p' || inside[0] == 't' || inside[0] == 'g') {
			e.scope = inside[0]
		}
	}
	return true
}

// setQuoted is setText for a time in quotes.
func (e *event) setQuoted(f field, inside []byte) bool {
	n, good := perfetto.NumberOf(inside)
	if !good {
		return f == tsField || e.stop()
	}
	e.flags |= quotedTime
	return e.setNumber(f, inside, n)
}

func (e *event) stop() bool {
	e.stuck = true
	return false
}

func (e *event) setIf(f flag, v *value) {
	if v.kind != boolean {
		return
	}
	e.flags &^= f
	if v.truth {
		e.flags |= f
	}
}

// nanos is a time in ns.
func (e *event) nanos(n perfetto.Number) int64 {
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
	return ns
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

// takeID takes a pid or tid that is a number.
func (e *event) takeID(n perfetto.Number, to *perfetto.Number, name *[]byte, has flag) {
	e.flags |= has
	*to, *name = n, nil
	if _, in := n.ID(); !in {
		e.flags |= outOfRange
	}
}

func setIdent(id *ident, v *value) {
	switch v.kind {
	case text:
		*id = ident{kind: textID, text: v.text}
	case num:
		setIdentNumber(id, v.number)
	}
}

func setIdentNumber(id *ident, n perfetto.Number) {
	if n.IsInt {
		*id = ident{kind: numID, num: uint64(n.Int)}
	}
}

func (e *event) takeID2(obj []byte) {
	st := fields(obj, func(key []byte, v value) {
		switch string(key) {
		case "local":
			e.local = ident{}
			setIdent(&e.local, &v)
		case "global":
			e.global = ident{}
			setIdent(&e.global, &v)
		}
	})
	switch st {
	case broken:
		e.badID2 = true
	case incomplete:
		e.crashing = true
	}
}
