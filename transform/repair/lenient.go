package repair

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"tracekit/internal/bitset"
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/trace"
)

// status says how a lenient reading ended.
type status = jsonlex.Status

const (
	whole = jsonlex.OK
	short = jsonlex.Incomplete // the text ends first
	lost  = jsonlex.Broken     // nothing makes sense from here on
)

// member is a member of an object: the text before its key, the key and value
// as they must be written, and the value as it was.
type member struct {
	sep, colon []byte
	key        []byte // with its quotes
	name       string // the key itself
	val, raw   []byte
	drop       bool
}

// reader reads JSON that is none, and rewrites it so that it is.
type reader struct {
	off   map[Kind]bool // kinds that are turned off
	count tally
	final bool // the text ends where the buffer does

	// trust takes the first quote that is not escaped for the end of a string,
	// as text that is well has it.
	trust bool
	seek  seeker

	deep    bitset.Set // brackets that hold maxDepth others, one in the other, as far as that is known
	deeper  bitset.Set // that hold more
	tooDeep bool       // a value was not read for that
	values  int64      // for tests: those that were begun

	check       func() error // looks at the budget, nil if nothing bounds what objects take
	memberBytes int          // bytes that long objects take
	full        error        // of check; nothing more is read then

	narrow narrowed
	before beforeZero
	offset int64 // µs that are added to all times
	nanos  bool  // all times are in nanoseconds
	units  units
}

// repairs reports whether a kind is to be repaired, and counts it.
func (r *reader) repairs(k Kind) bool {
	if r.off[k] {
		return false
	}
	r.count[k]++
	return true
}

// maxDepth is how deep values may nest.
const maxDepth = 500

// object reads the object at b[p]. With lost or short it returns the members
// that were whole, and where it stopped.
func (r *reader) object(b []byte, p, depth int) (ms []member, tail []byte, end int, st status) {
	at, before := p+1, r.memberBytes
	defer func() { r.memberBytes = before }()
	for {
		q := jsonlex.SkipSpace(b, at)
		for q < len(b) && b[q] == ',' {
			q = jsonlex.SkipSpace(b, q+1)
		}
		if q == len(b) {
			return ms, nil, q, short
		}
		if b[q] == '}' {
			return ms, b[at:q], q + 1, whole
		}
		m := member{sep: b[at:q]}
		var stop int
		switch b[q] {
		case '"':
			m.key, stop, st = r.string(b, q, inKey)
		case '\'':
			m.key, stop, st = r.single(b, q, ":")
		default:
			st = lost
		}
		if st != whole {
			return ms, nil, q, st
		}
		m.name = trace.Unquote(m.key)
		colon := stop
		if stop = jsonlex.SkipSpace(b, stop); stop == len(b) {
			return ms, nil, q, short
		}
		if b[stop] != ':' {
			return ms, nil, q, lost
		}
		if stop = jsonlex.SkipSpace(b, stop+1); stop == len(b) {
			return ms, nil, q, short
		}
		m.colon = b[colon:stop]
		value := stop
		if m.val, stop, st = r.value(b, stop, depth+1, '}'); st != whole {
			return ms, nil, q, st
		}
		m.raw = b[value:stop]
		if len(ms) == cap(ms) && !r.mayGrow(len(ms)) {
			return ms, nil, q, lost
		}
		ms = append(ms, m)
		at = stop
		if q = jsonlex.SkipSpace(b, stop); q < len(b) && b[q] != ',' && b[q] != '}' && b[q] != '"' {
			return ms, nil, q, lost
		}
	}
}

// fewMembers are held without being counted.
const fewMembers = 1 << 14

// mayGrow reports whether there is memory for the copy of an object's n members and as many more. Without it
// the object is not read on, and full says why.
func (r *reader) mayGrow(n int) bool {
	if n < fewMembers || r.check == nil {
		return true
	}
	r.memberBytes += 2 * n * int(unsafe.Sizeof(member{}))
	if r.full == nil {
		r.full = r.check()
	}
	return r.full == nil
}

// value reads the value at b[p] and returns the text that it must have. shut is
// the bracket around it.
func (r *reader) value(b []byte, p, depth int, shut byte) (val []byte, end int, st status) {
	r.values++
	if depth > maxDepth || r.deep.Has(p) {
		r.tooDeep = true
		return nil, p, lost
	}
	switch b[p] {
	case '{':
		ms, tail, end, st := r.object(b, p, depth)
		if st != whole {
			return nil, end, st
		}
		r.dedupe(ms)
		return render(ms, tail), end, whole
	case '[':
		return r.array(b, p, depth)
	case '"':
		where := inObject
		switch {
		case shut == ']':
			where = inArray
		case depth == 1:
			where = inEvent
		}
		return r.string(b, p, where)
	}
	return r.bare(b, p, depth > 1)
}

// maxBare is how long text without quotes is that is taken for a value, in bytes.
const maxBare = 256

// bare reads a value that has no quotes: a number or a word, or text that was meant for
// a string, such as N/A, (1, 2) or 'x', up to where the object or array goes on. Inside of args
// that may have blanks, colons and brackets in it: not available, cuda:0, Size([1, 2]).
func (r *reader) bare(b []byte, p int, inArgs bool) (val []byte, end int, st status) {
	end = jsonlex.Token(b, p)
	switch {
	case end == len(b) && !r.final:
		return nil, p, short
	case end == len(b) || bytes.IndexByte([]byte(" \n\r\t,}]\""), b[end]) >= 0 && !(inArgs && textFollows(b, end)):
		return r.token(b[p:end]), end, whole
	case b[p] == '\'':
		return r.single(b, p, ",}]")
	}
	for depth := 0; end < len(b) && end-p < maxBare; end++ {
		switch c := b[end]; {
		case c == '(', c == '[' && inArgs && end > p:
			depth++
		case c == ')', c == ']' && depth > 0:
			depth--
		case c == '"' || c == '{' || c == '[' || c == ':' && !(inArgs && end > p) || c < ' ':
			return nil, p, lost
		case depth <= 0 && (c == ',' || c == '}' || c == ']'):
			text := bytes.TrimRight(b[p:end], " ")
			return r.word(text, quoteText(text)), p + len(text), whole
		}
	}
	if end == len(b) && !r.final {
		return nil, p, short
	}
	return nil, p, lost
}

// textFollows reports whether blanks at b[p] have more text behind them before the object or array
// goes on.
func textFollows(b []byte, p int) bool {
	q := p
	for q < len(b) && b[q] == ' ' {
		q++
	}
	return q > p && q < len(b) && b[q] > ' ' && bytes.IndexByte([]byte(`,}]"{[:`), b[q]) < 0
}

// single reads the string in single quotes at b[p], behind which one of some bytes
// follows.
func (r *reader) single(b []byte, p int, behind string) (val []byte, end int, st status) {
	for i := p + 1; i < len(b) && i-p < maxBare && b[i] >= ' '; i++ {
		if b[i] != '\'' {
			continue
		}
		if q := jsonlex.SkipSpace(b, i+1); q < len(b) && bytes.IndexByte([]byte(behind), b[q]) >= 0 {
			return r.word(b[p:i+1], quoteText(b[p+1:i])), i + 1, whole
		}
	}
	if len(b)-p < maxBare && !r.final {
		return nil, p, short
	}
	return nil, p, lost
}

func (r *reader) array(b []byte, p, depth int) (val []byte, end int, st status) {
	val = append(val, '[')
	for at := p + 1; ; {
		q := jsonlex.SkipSpace(b, at)
		comma := false
		for q < len(b) && b[q] == ',' {
			comma = true
			q = jsonlex.SkipSpace(b, q+1)
		}
		switch {
		case q == len(b):
			return nil, q, short
		case b[q] == ']':
			val = append(val, bytes.ReplaceAll(b[at:q], []byte{','}, nil)...)
			return append(val, ']'), q + 1, whole
		case b[q] == '}' || b[q] == ':':
			return nil, q, lost
		}
		sep := b[at:q]
		if first := len(val) == 1; first == comma || bytes.Count(sep, []byte{','}) > 1 {
			sep = []byte(", ")
			if first {
				sep = nil
			}
		}
		val = append(val, sep...)
		v, stop, st := r.value(b, q, depth+1, ']')
		if st != whole {
			return nil, stop, st
		}
		if stop == q {
			return nil, q, lost
		}
		val = append(val, v...)
		at = stop
	}
}

// token returns what a bare word or number must be.
func (r *reader) token(t []byte) []byte {
	switch string(t) {
	case "true", "false", "null":
		return t
	case "":
		return []byte("null")
	case "True":
		return r.word(t, []byte("true"))
	case "False":
		return r.word(t, []byte("false"))
	case "None":
		return r.word(t, []byte("null"))
	}
	if jsonlex.IsNumber(t) {
		if _, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return t
		}
		f, err := strconv.ParseFloat(string(t), 64)
		if err != nil || math.IsInf(f, 0) {
			return r.word(t, quoted(t))
		}
		return r.long(t, f)
	}
	f, err := strconv.ParseFloat(string(t), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || bytes.ContainsAny(t, "xXpP_") {
		return r.word(t, quoted(t))
	}
	return r.word(t, strconv.AppendFloat(nil, f, 'g', -1, 64))
}

func (r *reader) word(t, as []byte) []byte {
	if r.repairs(Words) {
		return as
	}
	return t
}

// long shortens a number with more digits than Perfetto reads. What is an
// integer keeps its digits, in quotes.
func (r *reader) long(t []byte, f float64) []byte {
	if isInteger(t) {
		if r.repairs(Giants) {
			return quoted(t)
		}
		return t
	}
	if !perfetto.Garbles(t) || !r.repairs(Giants) {
		return t
	}
	return strconv.AppendFloat(nil, f, 'e', -1, 64)
}

func quoted(t []byte) []byte { return append(append([]byte{'"'}, t...), '"') }

func isInteger(t []byte) bool { return !bytes.ContainsAny(t, ".eE") }

// dedupe drops members that come again later.
func (r *reader) dedupe(ms []member) {
	if r.off[Duplicates] {
		return
	}
	var keys jsonlex.Keys
	for i := len(ms) - 1; i >= 0; i-- {
		if keys.Add([]byte(ms[i].name)) {
			ms[i].drop = true
			r.count[Duplicates]++
		}
	}
}

// render writes an object. Members keep the white space that they had.
func render(ms []member, tail []byte) []byte {
	out := []byte{'{'}
	first := true
	for i := range ms {
		m := &ms[i]
		if m.drop {
			continue
		}
		out = append(out, separator(m.sep, first)...)
		first = false
		out = append(append(append(out, m.key...), m.colon...), m.val...)
	}
	if bytes.IndexByte(tail, ',') >= 0 {
		tail = nil
	}
	return append(append(out, tail...), '}')
}

// separator is the text before a member, with just the comma that belongs there.
func separator(sep []byte, first bool) []byte {
	n := bytes.Count(sep, []byte{','})
	switch {
	case first && n > 0:
		return bytes.ReplaceAll(sep, []byte{','}, nil)
	case first || n == 1:
		return sep
	}
	return []byte(", ")
}
