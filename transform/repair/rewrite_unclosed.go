package repair

import (
	"tracekit/internal/bitset"
)

// mostAsked is how often a text is looked through for brackets that are never closed, or
// nest too deep. Which are brackets, and which stand in strings, depends on the quote that is
// taken for the first, but there are few ways to see it.
const mostAsked = 32

// addUnclosed adds where in b[at:], to the end of the input, the brackets are that are
// never closed: an event that begins there need not be looked through for its end.
func addUnclosed(never *bitset.Set, b []byte, at int) {
	var open []int
	for p := at; p < len(b); p++ {
		switch b[p] {
		case '{':
			open = append(open, p)
		case '}':
			open = open[:max(len(open)-1, 0)]
		case '"':
			p = stringEnd(b, p)
		}
	}
	for _, p := range open {
		never.Add(p)
	}
}

// measure finds out how deep brackets nest in what is left of the buffer, once a value was
// too deep, so that what is inside of it is not looked through to find that again.
func (h *rewriter) measure(at int) {
	if h.tooDeep && !h.deeper.Has(at) && h.asked < mostAsked {
		h.asked++
		h.addDeep(at)
	}
	h.tooDeep = false
}

// addDeep adds where in buf[at:] the brackets are that hold maxDepth others, one in the
// other, or more.
func (h *rewriter) addDeep(at int) {
	var open []int
	for p := at; p < len(h.buf); p++ {
		switch h.buf[p] {
		case '{', '[':
			open = append(open, p)
			if n := len(open) - 1 - maxDepth; n >= 0 {
				h.deep.Add(open[n])
				if n > 0 {
					h.deeper.Add(open[n-1])
				}
			}
		case '}', ']':
			open = open[:max(len(open)-1, 0)]
		case '"':
			p = stringEnd(h.buf, p)
		}
	}
}

// stringEnd returns where the string at b[p] ends if its quotes can be trusted.
func stringEnd(b []byte, p int) int {
	for p++; p < len(b) && b[p] != '"'; p++ {
		if b[p] == '\\' {
			p++
		}
	}
	return p
}
