package trace

import "bytes"

// Two searches take a third of the time that templates take, so on amd64 they are in
// assembly, which looks for all bytes of interest at once: find_amd64.s. These do
// the same elsewhere, and judge the others in tests.

// plainStringEnd returns the place of the first quote from buf[p] to buf[limit], 0
// if there is none or a backslash before it. At least sixteen bytes follow
// buf[limit].
func plainStringEnd(buf []byte, p, limit int) int {
	if p > limit {
		return 0
	}
	n := bytes.IndexByte(buf[p:limit+1], '"')
	if n < 0 || bytes.IndexByte(buf[p:p+n], '\\') >= 0 {
		return 0
	}
	return p + n
}

// plainObjectEnd returns where the object that starts at buf[p] ends if it has no
// others in it and no escapes, and its last byte is at buf[limit] or before; 0 if
// only a closer look can tell. At least sixteen bytes follow buf[limit].
func plainObjectEnd(buf []byte, p, limit int) int {
	if buf[p] != '{' || p >= limit {
		return 0
	}
	n := bytes.IndexByte(buf[p:limit+1], '}')
	if n < 0 {
		return 0
	}
	inner := buf[p+1 : p+n]
	// As many quotes as open and close strings: the brace is in none.
	if bytes.Count(inner, []byte{'"'})&1 != 0 || bytes.IndexByte(inner, '{') >= 0 || bytes.IndexByte(inner, '\\') >= 0 {
		return 0
	}
	return p + n + 1
}
