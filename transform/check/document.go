package check

import (
	"bytes"
	"context"

	"tracekit/internal/budget"
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// document reads the text of a trace as Perfetto's tokenizer does, from the
// first bracket to the end, and hands its events on.
type document struct {
	*window
	report *Report
	file   string // name in an archive
	p      int    // where the reading stands in buf
	bare   bool   // the outermost value is the array of events
	commas int    // since the last member
	comma  bool   // one has been met since the last event
	any    bool   // a member or event came before in this scope
	events event
	keys   map[string]bool
	strict jsonlex.Reader
	sink   func(e *event, off, line int64)
	failed error // of sink, which ends the reading
}

// done says how the reading of the document ended.
type done uint8

const (
	goOn done = iota
	ended
	stopped // the rest does not count
	failed
)

// place tells of buf[at].
func (d *document) place(at int, detail string) Place {
	line := d.line
	if at > d.mark {
		line += int64(bytes.Count(d.buf[d.mark:min(at, len(d.buf))], []byte{'\n'}))
	}
	return Place{Member: d.file, Offset: d.off + int64(at), Line: line, Head: d.head(at), Detail: detail}
}

func (d *document) find(k Kind, at int) {
	d.report.find(k, func() Place { return d.place(at, "") })
}

func (d *document) fail(k Kind, at int, detail string) done {
	d.report.fail(k, d.place(at, detail))
	return failed
}

// read reads the document. After it, the window stands behind the document's
// end, if it has ended.
func (d *document) read(ctx context.Context) (done, error) {
	d.keys = map[string]bool{}
	for d.p == len(d.buf) {
		if got, err := d.more(&d.p); err != nil {
			return failed, err
		} else if !got {
			return d.fail(FormatUnknown, d.p, "nothing but white space"), nil
		}
		for d.p < len(d.buf) && perfetto.IsSpace(d.buf[d.p]) {
			d.p++
		}
	}
	d.bare = d.buf[d.p] == '['
	d.p++
	inEvents := d.bare
	for n := 0; ; n++ {
		if n&0xfff == 0 {
			if err := budget.Check(ctx); err != nil {
				return failed, err
			}
		}
		if d.failed != nil {
			return failed, d.failed
		}
		var st status
		var end done
		if inEvents {
			st, end = d.event(&inEvents)
		} else {
			st, end = d.pair(&inEvents)
		}
		if end != goOn {
			return end, nil
		}
		if st != incomplete {
			continue
		}
		got, err := d.more(&d.p)
		if err != nil {
			return failed, err
		}
		if !got {
			return d.cutOff(inEvents), nil
		}
	}
}

// cutOff judges a document that ends before it is closed. Perfetto takes that
// from a bare array, and drops what is not whole there.
func (d *document) cutOff(inEvents bool) done {
	if d.err != nil {
		return d.fail(CutCompression, len(d.buf), d.err.Error())
	}
	at := jsonlex.SkipSpace(d.buf, d.p)
	if !d.bare {
		detail := "the outer object is never closed"
		if inEvents {
			detail = "the array of events is never closed"
		}
		return d.fail(Incomplete, at, detail)
	}
	if at < len(d.buf) && d.buf[at] == ',' {
		at = jsonlex.SkipSpace(d.buf, at+1)
	}
	if at < len(d.buf) {
		d.find(UnfinishedTail, at)
	}
	d.find(Unclosed, len(d.buf))
	d.p = len(d.buf)
	return ended
}

// event takes what comes next in an array of events.
func (d *document) event(inEvents *bool) (status, done) {
	b := d.buf
	at := jsonlex.SkipSpace(b, d.p)
	if at < len(b) && b[at] == ',' && !d.comma {
		d.comma = true
		at = jsonlex.SkipSpace(b, at+1)
	}
	if d.p = at; at == len(b) {
		return incomplete, goOn
	}
	if b[at] == ']' {
		if d.comma {
			d.find(TrailingComma, at)
		}
		d.p, d.any, d.commas, d.comma = at+1, true, 0, false
		if d.bare {
			return ok, ended
		}
		*inEvents = false
		return ok, goOn
	}
	line := d.lineAt(at)
	e := &d.events
	end, st := e.read(b, at)
	switch {
	case st == incomplete:
		return st, goOn
	case st == broken:
		return st, d.fail(e.faultKind, at, e.fault+", at byte "+itoa(d.off+int64(end)))
	case e.stuck:
		return ok, d.stop(at)
	}
	if d.comma != d.any {
		d.find(MissingComma, at)
	}
	d.any, d.comma = true, false
	d.report.Events++
	d.sink(e, d.off+int64(at), line)
	d.p = end
	return ok, goOn
}

// stop judges an event from which Perfetto never gets on: of a bare array it
// shows what came before.
func (d *document) stop(at int) done {
	if !d.bare {
		return d.fail(UnreadableDur, at, "")
	}
	d.find(RestDropped, at)
	return stopped
}

// pair takes a member of the outer object, or the brace that closes it.
func (d *document) pair(inEvents *bool) (status, done) {
	b := d.buf
	p := d.p
	for p < len(b) && (perfetto.IsSpace(b[p]) || b[p] == ',') {
		if b[p] == ',' {
			d.commas++
		}
		p++
		d.p = p
	}
	if p == len(b) {
		return incomplete, goOn
	}
	d.lineAt(p)
	if b[p] == '}' {
		if d.commas > 0 {
			d.find(TrailingComma, p)
		}
		d.p = p + 1
		return ok, ended
	}
	key, v, st := documentKey(b, p)
	if st == incomplete {
		return st, goOn
	}
	if st == broken {
		return st, d.fail(SyntaxError, p, "no member of a JSON object")
	}
	if string(key) == "traceEvents" {
		if b[v] != '[' {
			return ok, d.fail(SyntaxError, p, "traceEvents is no array")
		}
		d.opened(key, p)
		*inEvents, d.any, d.p = true, false, v+1
		return ok, goOn
	}
	end, st := d.member(string(key), b, v)
	switch st {
	case incomplete:
		return st, goOn
	case broken:
		return st, d.fail(SyntaxError, p, "the value of "+headOf(key)+" can't be read")
	}
	d.opened(key, p)
	d.any, d.commas, d.p = true, 0, end
	return ok, goOn
}

// opened notes the key of a member and the commas before it.
func (d *document) opened(key []byte, at int) {
	if d.any != (d.commas == 1) {
		d.find(MissingComma, at)
	}
	switch m := jsonlex.Look(key, jsonlex.High|jsonlex.Escaped); {
	case m&notUTF8 != 0:
		d.find(BadUTF8, at)
	case m&noEscapes != 0:
		d.find(NotJSON, at)
	}
	if d.keys[string(key)] {
		if string(key) == "traceEvents" {
			d.find(DuplicateEvents, at)
		} else {
			d.find(DuplicateKey, at)
		}
	}
	d.keys[string(key)] = true
}

// member passes over the value at b[v], of which Perfetto looks at little, and
// notes what strict readers would refuse.
func (d *document) member(key string, b []byte, v int) (end int, st status) {
	switch {
	case key == "displayTimeUnit":
		if end, st = documentString(b, v); st == ok {
			d.report.stats["json_display_time_unit"]++
		}
	case key == "systemTraceEvents" && b[v] != '"':
		return v, broken
	case key == "systemTraceEvents":
		if end, st = documentString(b, v); st == ok {
			d.find(SystemTrace, v)
		}
	default:
		end, st = skipDocumentValue(b, v)
	}
	if st != ok {
		return end, st
	}
	whole, st := d.strict.Value(b[:min(end+1, len(b))], v)
	if st != ok || jsonlex.SkipSpace(b, whole) < end || d.strict.Marks&noEscapes != 0 {
		d.find(NotJSON, v)
	}
	if d.strict.Marks&notUTF8 != 0 {
		d.find(BadUTF8, v)
	}
	if d.strict.Marks&duplicate != 0 {
		d.find(DuplicateKey, v)
	}
	if key == "metadata" && b[v] == '{' && fields(b[v:end], func([]byte, value) {}) == incomplete {
		d.fail(Crash, v, "metadata with brackets that do not match")
	}
	return end, ok
}

// documentKey reads a key and its colon, up to where the value starts.
func documentKey(b []byte, p int) (key []byte, v int, st status) {
	end, st := documentString(b, p)
	if st != ok {
		return nil, end, st
	}
	key = b[p+1 : end-1]
	for _, want := range []byte{':', 0} {
		for end < len(b) && perfetto.IsSpace(b[end]) {
			end++
		}
		switch {
		case end == len(b):
			return nil, end, incomplete
		case want == 0:
			if c := b[end]; c-'0' > 9 && bytes.IndexByte([]byte(`[{-"tfn`), c) < 0 {
				return nil, end, broken
			}
		case b[end] != want:
			return nil, end, broken
		default:
			end++
		}
	}
	return key, end, ok
}

// documentString passes over a string among the members of the document, where
// Perfetto refuses control characters and unknown escapes.
func documentString(b []byte, p int) (end int, st status) {
	if b[p] != '"' {
		return p, broken
	}
	for p++; p < len(b); p++ {
		switch c := b[p]; {
		case c < ' ' || c == 0x7f:
			return p, broken
		case c == '"':
			return p + 1, ok
		case c == '\\':
			if p++; p == len(b) {
				return p, incomplete
			}
			if bytes.IndexByte([]byte(`"\/bfnrtu`), b[p]) < 0 {
				return p, broken
			}
		}
	}
	return p, incomplete
}

// skipDocumentValue finds the comma or brace behind a value of the document by
// counting brackets, and so takes much that is no JSON.
func skipDocumentValue(b []byte, p int) (end int, st status) {
	braces, brackets := 0, 0
	for p < len(b) {
		switch b[p] {
		case '"':
			if p, st = documentString(b, p); st != ok {
				return p, st
			}
			continue
		case ',':
			if braces == 0 && brackets == 0 {
				return p, ok
			}
		case '}':
			if braces == 0 {
				if brackets == 0 {
					return p, ok
				}
				return p, broken
			}
			braces--
		case '{':
			braces++
		case '[':
			brackets++
		case ']':
			if brackets == 0 {
				return p, broken
			}
			brackets--
		}
		p++
	}
	return p, incomplete
}
