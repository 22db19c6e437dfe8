package trace

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// sanitizeEvent rewrites what would stop Perfetto from loading the trace, where
// the meaning is plain: words that are no JSON become null, surrogate pairs
// become the character they stand for, a dur that nothing reads is removed. It
// reports false for an event whose time can't be read.
func (d *document) sanitizeEvent(e *Event, off int64) bool {
	timed := e.Phase == 'X' || e.Phase == 'T'
	if e.flaws&flawNumber != 0 && e.ts != (span{}) && e.Has&HasTS == 0 && isWord(e.ts.of(e.Raw())) && !e.IsMeta() ||
		timed && e.dur != (span{}) && e.Has&HasDur == 0 {
		d.damage.lose(BadTime, off, int64(e.Size()))
		return false
	}
	if e.flaws&flawNumber != 0 {
		d.damage.sanitized(BadNumber, off)
	}
	if e.flaws&flawDur != 0 {
		d.damage.sanitized(BadNumber, off)
	}
	if e.flaws&flawSurrogate != 0 {
		d.damage.sanitized(BadEscape, off)
	}
	obj := e.Raw()
	if e.flaws&flawArgs != 0 {
		args, lost := sanitizeArgs(e.Args())
		if lost {
			d.damage.lose(BadArgs, off, int64(len(e.Args())-len(args)))
		} else {
			d.damage.sanitized(BadArgs, off)
		}
		obj = slices.Concat(obj[:e.args.lo], args, obj[e.args.hi:])
	}
	obj = sanitizeMembers(obj)
	text := append(bytes.Clone(e.Lead()), obj...)
	if _, st := scanEvent(text, 0, int(e.lead), maxNesting, e); st != scanned || e.flaws != 0 {
		d.damage.lose(BrokenEvent, off, int64(len(text)))
		return false
	}
	return true
}

// argsSound reports whether args are such that a viewer gets through them.
// Perfetto never ends with those of a counter or of metadata that are no strict
// JSON; those of other events cost it no more than themselves.
func (e *Event) argsSound() bool {
	if e.Phase != 'C' && e.Phase != 'M' || e.Has&HasArgs == 0 {
		return true
	}
	return isPlain(e.Args()) || isSound(e.Args())
}

// isPlain reports an object as profilers write it: strings without escapes, plain
// numbers and words, nothing nested.
func isPlain(v []byte) bool {
	p := jsonlex.SkipSpace(v, 1)
	for {
		var ok bool
		if p, ok = plainString(v, p); !ok {
			return false
		}
		if p = jsonlex.SkipSpace(v, p); v[p] != ':' {
			return false
		}
		p = jsonlex.SkipSpace(v, p+1)
		switch c := v[p]; {
		case c == '"':
			p, ok = plainString(v, p)
		case c == 't' || c == 'f' || c == 'n':
			var st status
			p, st = skipValue(v, p)
			ok = st == scanned
		default:
			if c == '-' {
				p++
			}
			p = plainNumber(v, p)
			ok = p > 0
		}
		if !ok {
			return false
		}
		switch p = jsonlex.SkipSpace(v, p); v[p] {
		case ',':
			p = jsonlex.SkipSpace(v, p+1)
		case '}':
			return p == len(v)-1
		default:
			return false
		}
	}
}

// plainString returns where the string at v[p] ends if it has neither escapes nor
// control characters.
func plainString(v []byte, p int) (int, bool) {
	if v[p] != '"' {
		return p, false
	}
	for p++; p < len(v) && v[p] != '"'; p++ {
		if v[p] == '\\' || v[p] < 0x20 {
			return p, false
		}
	}
	return p + 1, p+1 < len(v)
}

// isSound reports JSON without escapes and numbers for which Perfetto refuses a trace.
// Control characters and unknown escapes harm no viewer.
func isSound(v []byte) bool {
	r := jsonlex.Reader{Odd: perfetto.Refuses}
	end, st := r.Value(append(v[:len(v):len(v)], ' '), 0)
	return st == scanned && end == len(v) && r.Marks&(perfetto.RefusedEscapes|jsonlex.OddNumber) == 0
}

// sanitizeArgs keeps of args what can be read, and reports whether more than words
// such as NaN was lost.
func sanitizeArgs(args []byte) (sanitized []byte, lost bool) {
	sanitized = append(sanitized, '{')
	end := 1
	for m := range Members(args) {
		end = m.At + len(m.Value)
		key, value := sanitizeEscapes(m.Key), sanitizeEscapes(m.Value)
		switch {
		case !isSound(slices.Concat([]byte{'"'}, key, []byte{'"'})):
			lost = true
			continue
		case isSound(value):
		case isWord(m.Value) || isNumberStart(m.Value[0]):
			continue
		default:
			lost = true
			continue
		}
		if len(sanitized) > 1 {
			sanitized = append(sanitized, ", "...)
		}
		sanitized = append(append(append(sanitized, '"'), key...), `": `...)
		sanitized = append(sanitized, value...)
	}
	rest := bytes.TrimSpace(args[end : len(args)-1])
	return append(sanitized, '}'), lost || len(rest) > 0
}

// sanitizeMember returns what a member of the document has to be for a viewer to load
// the trace, nil if it may be kept as it is.
func sanitizeMember(key, value []byte) []byte {
	quoted := value[0] == '"'
	switch {
	case string(key) == "displayTimeUnit" && !quoted:
		return []byte(`"ms"`)
	case string(key) == "systemTraceEvents" && !quoted:
		return []byte(`""`)
	case string(key) == "traceEvents" && value[0] != '[':
		return []byte("[]")
	case (value[0] == '{' || value[0] == '[') && !bracketsMatch(value), isNumberStart(value[0]) && perfetto.Refuses(value):
		return []byte("null")
	}
	return nil
}

// maxBlank is the longest white space before and behind the first bracket, in
// bytes: viewers look at the first 128 to recognize a trace.
const maxBlank = 60

// sanitizeStart returns the text before the events such that a viewer knows it for a
// trace, nil if it may be kept as it is.
func sanitizeStart(head []byte) []byte {
	at := jsonlex.SkipSpace(head, 0)
	key := jsonlex.SkipSpace(head, at+1)
	blank := at > maxBlank || key-at > maxBlank
	var first string
	if key < len(head) && head[key] == '"' {
		if end, st := skipString(head, key); st == scanned {
			first = Unquote(head[key:end])
		}
	}
	switch {
	case perfetto.IsOtherKind(first): // as the first key it makes a file a profile of another kind
		return slices.Concat(head[at:at+1], []byte(`"repaired": true, `), head[key:])
	case blank:
		return slices.Concat(head[at:at+1], head[key:])
	}
	return nil
}

// bracketsMatch reports whether each bracket is closed by one of its kind.
func bracketsMatch(v []byte) bool {
	var open []byte
	for p := 0; p < len(v); p++ {
		switch c := v[p]; c {
		case '"':
			end, st := skipString(v, p)
			if st != scanned {
				return false
			}
			p = end - 1
		case '{', '[':
			open = append(open, c+2) // the bracket that closes it
		case '}', ']':
			if len(open) == 0 || open[len(open)-1] != c {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0
}

func isWord(v []byte) bool {
	if isNumberStart(v[0]) && perfetto.Refuses(v) {
		return true
	}
	_, isJSON, st := skipBare(append(bytes.Clone(v), ' '), 0)
	return st == scanned && !isJSON
}

// sanitizeMembers returns obj with each of its members made fit to load.
func sanitizeMembers(obj []byte) []byte {
	out := make([]byte, 0, len(obj)+8)
	done := 0
	for m := range Members(obj) {
		out = append(out, sanitizeEscapes(obj[done:m.At])...)
		done = m.At + len(m.Value)
		switch {
		case isDuration(Unescape(m.Key)) && !isTimeValue(m.Value):
			out = append(out, '0')
		case m.Value[0] == '"':
			out = append(out, sanitizeEscapes(m.Value)...)
		case isWord(m.Value):
			out = append(out, "null"...)
		default:
			out = append(out, m.Value...)
		}
	}
	return append(out, obj[done:]...)
}

func isDuration(key []byte) bool {
	return string(key) == "dur" || string(key) == "tts" || string(key) == "tdur"
}

func isTimeValue(v []byte) bool {
	_, ok := parseTimeValue(v)
	return ok
}

// sanitizeEscapes turns surrogate pairs into UTF-8, and halves of one and \u
// without four digits into the replacement character.
func sanitizeEscapes(s []byte) []byte {
	if !badEscape(s) {
		return s
	}
	var out []byte
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return append(out, s...)
		}
		out, s = append(out, s[:i]...), s[i:]
		r, n, m := jsonlex.Escape(s)
		if m&perfetto.RefusedEscapes != 0 {
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, s[:n]...)
		}
		s = s[n:]
	}
}

// sanitizeText rewrites what Perfetto refuses in strings among the members of the
// document: control characters, and escapes that JSON does not know.
func sanitizeText(t []byte) (fixed []byte, changed bool) {
	quoted, done := false, 0
	for i := 0; i < len(t); i++ {
		c := t[i]
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted:
		case c == '\\' && i+1 < len(t):
			if _, _, m := jsonlex.Escape(t[i:]); m&jsonlex.UnknownEscape == 0 {
				i++
				continue
			}
			fixed = append(append(fixed, t[done:i]...), `\\`...) // what it stands before is text
			done = i + 1
		case c < 0x20 || c == del:
			const hex = "0123456789abcdef"
			fixed = append(append(fixed, t[done:i]...), '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			done = i + 1
		}
	}
	if done == 0 {
		return t, false
	}
	return append(fixed, t[done:]...), true
}

// del is the control character that JSON allows in a string, and Perfetto does not.
const del = 0x7f
