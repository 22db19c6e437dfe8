package check

import (
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

type (
	status = jsonlex.Status
	marks  = jsonlex.Marks
)

const (
	ok         = jsonlex.OK
	incomplete = jsonlex.Incomplete
	broken     = jsonlex.Broken

	escaped       = jsonlex.Escaped
	control       = jsonlex.Control
	notUTF8       = jsonlex.NotUTF8
	unknownEscape = jsonlex.UnknownEscape
	badUnicode    = perfetto.RefusedEscapes
	noEscapes     = jsonlex.BadUnicode | unknownEscape // which JSON does not know
	bigNumber     = jsonlex.OddNumber
	duplicate     = jsonlex.Duplicate
)

// scanBlock finds the end of the object or array at b[p] as Perfetto does: it
// counts brackets of that one kind and passes over strings.
func scanBlock(b []byte, p int) (int, status) {
	open, shut := b[p], b[p]+2 // '{' and '}', '[' and ']'
	depth := 0
	for p < len(b) {
		switch b[p] {
		case '"':
			var st status
			if p, _, st = jsonlex.String(b, p); st != ok {
				return p, st
			}
			continue
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return p + 1, ok
			}
		}
		p++
	}
	return p, incomplete
}
