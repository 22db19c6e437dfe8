package flows

import (
	"bytes"
	"hash/maphash"

	"tracekit/trace"
)

// BindsEnclosing reports whether an end of an arrow binds to the slice that it
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

func ChainHash(seed maphash.Seed, e *trace.Event) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range [][]byte{e.Cat(), e.Name(), e.ID()} {
		h.Write(part)
		h.WriteByte(0)
	}
	return h.Sum64()
}
