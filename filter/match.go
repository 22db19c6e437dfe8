package filter

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"tracekit/trace"
)

// matcher is a compiled condition.
type matcher interface {
	match(e *trace.Event, env *Env) bool
	needs() Needs
	// cost orders the parts of a condition: the cheap ones are asked first.
	cost() int
}

// allOf and anyOf hold their parts in order of cost. The order can't change a
// result, as no part has a side effect.
type (
	allOf   []matcher
	anyOf   []matcher
	inverse struct{ part matcher }
)

func (a allOf) match(e *trace.Event, env *Env) bool {
	for _, m := range a {
		if !m.match(e, env) {
			return false
		}
	}
	return true
}

func (a anyOf) match(e *trace.Event, env *Env) bool {
	for _, m := range a {
		if m.match(e, env) {
			return true
		}
	}
	return false
}

func (n inverse) match(e *trace.Event, env *Env) bool { return !n.part.match(e, env) }

func (a allOf) needs() Needs   { return needsOf(a) }
func (a anyOf) needs() Needs   { return needsOf(a) }
func (n inverse) needs() Needs { return n.part.needs() }

func (a allOf) cost() int   { return costOf(a) }
func (a anyOf) cost() int   { return costOf(a) }
func (n inverse) cost() int { return n.part.cost() }

func needsOf(parts []matcher) (n Needs) {
	for _, p := range parts {
		n |= p.needs()
	}
	return n
}

func costOf(parts []matcher) (n int) {
	for _, p := range parts {
		n += p.cost()
	}
	return n
}

func newParts(and bool, parts []matcher) matcher {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b matcher) int { return cmp.Compare(a.cost(), b.cost()) })
	if and {
		return allOf(parts)
	}
	return anyOf(parts)
}

// timeTest compares ts, end or dur with a limit.
type timeTest struct {
	field fieldKind
	op    op
	limit trace.Time
	zero  bool // the limit counts from the trace's zero
}

func (t *timeTest) match(e *trace.Event, env *Env) bool {
	v, has := e.TS, e.Has&trace.HasTS != 0
	switch t.field {
	case fieldEnd:
		if v = e.End(); e.Phase == 'B' || e.Phase == 'b' {
			v = e.TS.Add(e.Dur) // as long as its pair, if that is known
		}
	case fieldDur:
		v, has = e.Dur, e.Has&trace.HasDur != 0 && lasts[e.Phase]
	}
	limit := t.limit
	if t.zero {
		limit = limit.Add(env.Zero)
	}
	if !has {
		return t.op == opNotEqual
	}
	return t.op.holds(cmp.Compare(v, limit))
}

func (t *timeTest) needs() Needs {
	if t.zero {
		return NeedsZero
	}
	return 0
}

func (t *timeTest) cost() int { return costs[t.field] }

// hasTime is the test that a field of time is there.
type hasTime struct{ flag trace.Has }

func (t hasTime) match(e *trace.Event, _ *Env) bool {
	return e.Has&t.flag != 0 && (t.flag != trace.HasDur || lasts[e.Phase])
}

func (t hasTime) needs() Needs { return 0 }
func (t hasTime) cost() int    { return costs[fieldTs] }

// holds tells what the operator says of a comparison's result.
func (o op) holds(compared int) bool {
	switch o {
	case opEqual:
		return compared == 0
	case opNotEqual:
		return compared != 0
	case opLess:
		return compared < 0
	case opLessEqual:
		return compared <= 0
	case opMore:
		return compared > 0
	case opMoreEqual:
		return compared >= 0
	}
	return false
}

// depthTest compares the depth with a limit.
type depthTest struct {
	op    op
	limit number
}

func (t *depthTest) match(_ *trace.Event, env *Env) bool {
	if env.Depth < 0 {
		return t.op == opNotEqual
	}
	n := number{f: float64(env.Depth), mag: uint64(env.Depth), whole: true}
	return t.op == opHas || t.op.holds(n.compare(t.limit))
}

func (t *depthTest) needs() Needs { return NeedsDepth }
func (t *depthTest) cost() int    { return costs[fieldDepth] }

// textTest asks something of the text that a field stands for.
type textTest struct {
	field  field
	negate bool // what is missing is unlike anything
	is     predicate
}

func (t *textTest) match(e *trace.Event, env *Env) bool {
	if t.is.texts != nil && t.is.numbers == nil {
		switch t.field.id {
		case fieldCat:
			return sameAsOne(e.Cat(), t.is.texts, env) != t.negate
		case fieldName:
			return sameAsOne(e.Name(), t.is.texts, env) != t.negate
		}
	}
	text, ok := t.field.textOf(e, env)
	return (ok && t.is.true(text)) != t.negate
}

func (t *textTest) needs() Needs {
	switch t.field.id {
	case fieldProcess, fieldThread:
		return NeedsNames
	case fieldArg:
		return NeedsArgs
	}
	return 0
}

func (t *textTest) cost() int {
	if t.is.re != nil {
		return costs[t.field.id] + 10
	}
	return costs[t.field.id]
}

// costs of looking at a field, against each other.
var costs = [...]int{
	fieldPh: 1, fieldTs: 1, fieldEnd: 1, fieldDur: 1, fieldDepth: 1,
	fieldCat: 2, fieldName: 3, fieldPid: 3, fieldTid: 3, fieldID: 3,
	fieldProcess: 6, fieldThread: 6, fieldArg: 40,
}

// lasts are the phases of what has a duration: slices, thread states, and begins
// whose end is known.
var lasts = [256]bool{'X': true, 'T': true, 'B': true, 'b': true}

// phases holds every byte once, so that a phase can be sliced out as text.
var phases = func() (all [256]byte) {
	for i := range all {
		all[i] = byte(i)
	}
	return all
}()

// of returns the text that the field of e stands for, valid until the next
// call, and whether e has that field. A name, category, phase, process or
// thread that is missing is an empty text.
func (f *field) textOf(e *trace.Event, env *Env) (text []byte, ok bool) {
	switch f.id {
	case fieldName:
		return plain(e.Name(), env), true
	case fieldCat:
		return plain(e.Cat(), env), true
	case fieldPh:
		if e.Phase == 0 {
			return nil, true
		}
		return phases[e.Phase : int(e.Phase)+1], true
	case fieldProcess, fieldThread:
		return f.called(e, env), true
	case fieldPid:
		text = e.Pid()
	case fieldTid:
		text = e.Tid()
	case fieldID:
		if text = e.ID(); len(text) == 0 && e.Has&trace.HasID2 != 0 {
			text = id2(e)
		}
	case fieldArg:
		if text, ok = f.arg.valueIn(e.Args(), env); !ok {
			return nil, false
		}
	}
	return valueText(text, env), len(text) > 0
}

// id2 is the id of an async event that says whether it counts in the whole trace
// or within its process.
func id2(e *trace.Event) []byte {
	obj, _ := e.Member("id2")
	for m := range trace.Members(obj) {
		if key := string(m.Key); key == "global" || key == "local" {
			return m.Value
		}
	}
	return nil
}

func (f *field) called(e *trace.Event, env *Env) []byte {
	if env.Names == nil {
		return nil
	}
	name := ""
	if f.id == fieldProcess {
		name = env.Names.Process(e.Pid())
	} else {
		name = env.Names.Thread(e.Pid(), e.Tid())
	}
	env.buf = append(env.buf[:0], name...)
	return env.buf
}

// sameAsOne reports whether a string, as JSON writes it, is one of texts. Most
// strings are told from most texts by their length and first byte, without a look
// for escapes.
func sameAsOne(raw []byte, texts []string, env *Env) bool {
	for _, s := range texts {
		switch {
		case len(raw) < len(s): // an escape is longer than what it stands for
		case len(raw) == 0:
			return true
		case raw[0] != '\\' && (len(s) == 0 || raw[0] != s[0]):
		case string(plain(raw, env)) == s:
			return true
		}
	}
	return false
}

// predicate is what is asked of a text; of its members only one is set, save
// that texts and numbers go together.
type predicate struct {
	has     bool // that it is there
	texts   []string
	numbers []number
	sub     []byte
	re      *regexp.Regexp
	order   op
	limit   number
}

func (p *predicate) true(text []byte) bool {
	switch {
	case p.sub != nil:
		return bytes.Contains(text, p.sub)
	case p.re != nil:
		return p.re.Match(text)
	case p.has:
		return true
	case p.order != opHas:
		n, ok := parseNumber(text)
		return ok && p.order.holds(n.compare(p.limit))
	}
	for _, s := range p.texts {
		if string(text) == s {
			return true
		}
	}
	if len(p.numbers) == 0 {
		return false
	}
	n, ok := parseNumber(text)
	return ok && slices.ContainsFunc(p.numbers, func(m number) bool { return n.compare(m) == 0 })
}
