package trace

import (
	"encoding/binary"

	"tracekit/internal/mem"
)

// maxFixed is how long the text between two values may be in a template, in bytes.
const maxFixed = 256

// room is how much text follows whatever is matched, in bytes: nothing
// there needs to look at bounds. It is the longest fixed text, and a time behind it.
const room = maxFixed + roomForTime

// fixed is text that is held against other text often.
type fixed struct {
	text              []byte
	first, mask, last uint64 // its first eight bytes or fewer, its last eight
}

func newFixed(text []byte) (f fixed) {
	f.set(text)
	return f
}

// set takes a copy of text, and keeps its memory from the time before.
func (f *fixed) set(text []byte) {
	f.text = append(f.text[:0], text...)
	n := len(text)
	if f.mask = 1<<64 - 1; n < 8 {
		f.mask = 1<<(8*n) - 1
	} else {
		f.last = binary.LittleEndian.Uint64(text[n-8:])
	}
	var head [8]byte
	copy(head[:], text)
	f.first = binary.LittleEndian.Uint64(head[:])
}

// startsAt reports whether buf has the first eight bytes of the text at p, or all
// of it if there are fewer. At least room bytes follow there.
func (f *fixed) startsAt(buf []byte, p int) bool {
	return mem.Load64(buf, p)&f.mask == f.first
}

// matchesAt reports whether buf has the text at p, if it starts there.
func (f *fixed) matchesAt(buf []byte, p int) bool {
	n := len(f.text) - 8
	if n <= 0 {
		return true
	}
	for i := 8; i < n; i += 8 {
		if mem.Load64(buf, p+i) != mem.Load64(f.text, i) {
			return false
		}
	}
	return mem.Load64(buf, p+n) == f.last
}
