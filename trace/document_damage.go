package trace

import (
	"cmp"
	"fmt"
	"strings"
)

// Kind is a kind of damage that a Reader met.
type Kind uint8

// The kinds of damage. Some are sanitized on the way, some cost what they hit.
const (
	BrokenEvent   Kind = iota // text in traceEvents that is no event
	BadTime                   // an event whose ts or dur stops a viewer's load and can't be guessed
	Unfinished                // the document ends before it is closed
	Compression               // the compressed stream is cut or corrupt
	Trailing                  // text after the document's end
	ByteOrderMark             // a byte-order mark before the document
	BadNumber                 // NaN, Infinity and other words that are no JSON number
	BadEscape                 // surrogate pairs and other escapes that stop a viewer's load
	BadArgs                   // args of a counter or of metadata that a viewer can't get through
	BadMember                 // a member of the document that stops a viewer's load
	BadJSON                   // text in an event or member that is no JSON, and no viewer's concern; looked for where SourceOptions.Verify is set
	kinds
)

var kindNames = [kinds]string{
	BrokenEvent:   "broken events left out",
	BadTime:       "events without a usable time left out",
	Unfinished:    "the document was not closed",
	Compression:   "the compressed input was cut or corrupt",
	Trailing:      "text after the end left out",
	ByteOrderMark: "byte-order mark removed",
	BadNumber:     "members that are no JSON replaced by null",
	BadEscape:     "escapes rewritten",
	BadArgs:       "args of counters or names that can't be read left out",
	BadMember:     "members of the document that a viewer can't read repaired",
	BadJSON:       "events or members that are no strict JSON passed on as they are",
}

func (k Kind) String() string { return kindNames[k] }

// oneOf is how a kind of which there is one is called, where that differs.
var oneOf = map[Kind]string{
	BrokenEvent: "broken event left out",
	BadTime:     "event without a usable time left out",
	BadNumber:   "member that is no JSON replaced by null",
	BadEscape:   "escape rewritten",
	BadMember:   "member of the document that a viewer can't read repaired",
	BadJSON:     "event or member that is no strict JSON passed on as it is",
}

// Damage is what a Reader could not take as it was, by kind.
type Damage struct {
	finds [kinds]Find
}

// Find is one kind of damage: how often it was met, how many bytes it cost,
// and where in the decompressed text it was met first. Lost says that
// something of the input could not be kept.
type Find struct {
	Kind  Kind
	Count int64
	Bytes int64
	First int64
	Lost  bool
}

func (d *Damage) note(k Kind, off, bytes int64, lost bool) {
	f := &d.finds[k]
	if f.Count == 0 {
		f.Kind, f.First = k, off
	}
	f.Count++
	f.Bytes += bytes
	f.Lost = f.Lost || lost
}

func (d *Damage) lose(k Kind, off, bytes int64) { d.note(k, off, bytes, true) }
func (d *Damage) sanitized(k Kind, off int64)   { d.note(k, off, 0, false) }

// Finds lists the kinds that were met.
func (d *Damage) Finds() []Find {
	var met []Find
	for _, f := range d.finds {
		if f.Count > 0 {
			met = append(met, f)
		}
	}
	return met
}

// Lost reports whether something of the input could not be kept.
func (d *Damage) Lost() bool {
	for _, f := range d.finds {
		if f.Lost {
			return true
		}
	}
	return false
}

// String says what was met, in one line.
func (d *Damage) String() string {
	var parts []string
	for _, f := range d.Finds() {
		switch f.Kind {
		case Unfinished, Compression, ByteOrderMark:
			parts = append(parts, fmt.Sprintf("%v (byte %d)", f.Kind, f.First))
		case Trailing:
			parts = append(parts, fmt.Sprintf("%d bytes of %v (byte %d)", f.Bytes, f.Kind, f.First))
		default:
			what, at := f.Kind.String(), "first at byte"
			if f.Count == 1 {
				what, at = cmp.Or(oneOf[f.Kind], what), "byte"
			}
			parts = append(parts, fmt.Sprintf("%d %s (%s %d)", f.Count, what, at, f.First))
		}
	}
	return strings.Join(parts, "; ")
}
