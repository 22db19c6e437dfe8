package trace

import (
	"bytes"

	"tracekit/internal/jsonlex"
)

// mostPassed bounds the broken text among members, in bytes, behind which the array of events is
// looked for.
const mostPassed = 1 << 20

// badMember answers to text that is no member, at buf[p]. A quote that is not escaped in a member
// before the events costs that member alone: what stands before the array of events is left out.
func (d *document) badMember(st status, buf []byte, p int, off int64, last bool, b *Batch) (int, error) {
	if st != broken || d.found {
		return 0, d.badDocument(st, off, last, b)
	}
	near := buf[p:min(len(buf), p+mostPassed)]
	at := arrayOfEvents(near)
	switch {
	case at > 0:
		d.damage.lose(BadMember, off+int64(p), int64(at))
		d.passed = true
		return p + at, nil
	case len(near) < mostPassed && !last:
		return 0, nil
	}
	return 0, d.badDocument(st, off, last, b)
}

// arrayOfEvents is where a key traceEvents stands that an array follows, -1 if there is none.
func arrayOfEvents(text []byte) int {
	key := []byte(`"traceEvents"`)
	for from := 0; ; {
		at := bytes.Index(text[from:], key)
		if at < 0 {
			return -1
		}
		at += from
		from = at + len(key)
		if colon := jsonlex.SkipSpace(text, from); colon < len(text) && text[colon] == ':' {
			if value := jsonlex.SkipSpace(text, colon+1); value < len(text) && text[value] == '[' {
				return at
			}
		}
	}
}
