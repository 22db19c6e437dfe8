package trace

// Field is a member of an event whose place is known without a search.
type Field uint8

// The fields that an event may have.
const (
	FieldPid Field = iota
	FieldTid
	FieldID
	FieldTS
	FieldDur
	FieldArgs
)

// Place returns where the value of a field stands in e.Raw(), [from, to), in bytes. Both
// are 0 where the event has no such member.
func (e *Event) Place(f Field) (from, to int) {
	s := [...]span{FieldPid: e.pid, FieldTid: e.tid, FieldID: e.id, FieldTS: e.ts, FieldDur: e.dur, FieldArgs: e.args}[f]
	return int(s.lo), int(s.hi)
}

// Patches are stretches of an event's object that are given other text. They and their
// text are kept in memory that Reset lets the next event use, so that to change an event
// allocates nothing. The zero value is ready to use.
type Patches struct {
	all  []patch
	text []byte
}

// patch replaces [from, to) of an object by text[lo:hi].
type patch struct{ from, to, lo, hi int }

// Reset forgets all patches.
func (p *Patches) Reset() { p.all, p.text = p.all[:0], p.text[:0] }

// Empty reports whether there are none.
func (p *Patches) Empty() bool { return len(p.all) == 0 }

// Replace gives [from, to) of the object the text that add appends. Stretches must not
// overlap; their order does not matter.
func (p *Patches) Replace(from, to int, add func(dst []byte) []byte) {
	lo := len(p.text)
	p.text = add(p.text)
	p.insert(patch{from, to, lo, len(p.text)})
}

// insert keeps the patches in order of their places: there are a handful at most.
func (p *Patches) insert(n patch) {
	p.all = append(p.all, n)
	for i := len(p.all) - 1; i > 0 && p.all[i-1].from > p.all[i].from; i-- {
		p.all[i-1], p.all[i] = p.all[i], p.all[i-1]
	}
}

// Append appends the object with its patches made.
func (p *Patches) Append(dst, obj []byte) []byte {
	done := 0
	for _, c := range p.all {
		dst = append(append(dst, obj[done:c.from]...), p.text[c.lo:c.hi]...)
		done = c.to
	}
	return append(dst, obj[done:]...)
}
