package flows

import (
	"bytes"

	"tracekit/internal/perfetto"
	"tracekit/trace"
)

// Key joins the flow events of one flow: category, name and id. Ids that Perfetto
// reads as one number are one, however they are written. It is the same in every run.
func Key(e *trace.Event) uint64 {
	h := uint64(fnvBasis)
	for _, part := range [2][]byte{e.Cat(), e.Name()} {
		h = mix(h, part)
	}
	if id := e.ID(); len(id) > 0 {
		if n, ok := ID(id); ok {
			return finish((h ^ n) * fnvPrime)
		}
		return finish(mix(h, id))
	}
	if e.Has&trace.HasID2 == 0 {
		return finish(h)
	}
	id2, _ := e.Member("id2")
	for m := range trace.Members(id2) {
		if h = mix(mix(h, m.Key), m.Value); string(m.Key) == "local" {
			h = mix(h, e.Pid())
		}
	}
	return finish(h)
}

const fnvBasis, fnvPrime = 14695981039346656037, 1099511628211

// mix is FNV-1a, and closes a part.
func mix(h uint64, part []byte) uint64 {
	for _, c := range part {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return (h ^ 0xff) * fnvPrime
}

// finish lets the low bits do for a number of few.
func finish(h uint64) uint64 {
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// ID reads an id of a flow, JSON text, as Perfetto does: a whole number as it is, a
// string as strtoull reads hexadecimal digits. It reports false for what is neither.
func ID(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || text[0] != '"' {
		i, ok := perfetto.Int(text)
		return uint64(i), ok
	}
	return perfetto.HexID(trace.Unescape(text[1 : len(text)-1]))
}

// BindsEnclosing reports whether the end of a flow binds to the slice that it
// stands in, not to the one that begins next.
func BindsEnclosing(e *trace.Event) bool {
	if e.Has&trace.HasBP == 0 {
		return false
	}
	if raw := e.Raw(); bytes.HasSuffix(raw, []byte(`"bp": "e"}`)) || bytes.HasSuffix(raw, []byte(`"bp":"e"}`)) {
		return true // as PyTorch writes it
	}
	const key = `"bp"`
	_, rest, _ := bytes.Cut(e.Raw(), []byte(key))
	if bytes.Contains(rest, []byte(key)) { // which of them is the member takes a closer look
		bp, _ := e.Member("bp")
		return string(bp) == `"e"`
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(rest, []byte(`"e"`))
}

// Slice is a slice on a track.
type Slice struct {
	Track      int
	Start, End trace.Time
}
