package check

import (
	"bytes"
	"regexp"
)

// windowsPath is one whose backslashes are not escaped, so that what follows them reads
// as control characters: from a drive on, or as the file of a Python frame.
var windowsPath = regexp.MustCompile(`(^|[^A-Za-z0-9])[A-Za-z]:(\\[\w. -]+)+\.\w{1,5}\b|^"?[\w.-]+(\\[\w.-]+)+\.py\(\d+\): `)

// HoldsPath reports whether the inside of a string of JSON holds a Windows path that was
// written as it is. Readers make line ends and tabs of parts of it.
func HoldsPath(inside []byte) bool {
	return bytes.IndexByte(inside, '\\') >= 0 && !bytes.Contains(inside, []byte(`\\`)) && windowsPath.Match(inside)
}

// holdsPath reports whether some string of an object does.
func holdsPath(obj []byte) bool {
	for {
		i := bytes.IndexByte(obj, '\\')
		if i < 0 {
			return false
		}
		from := bytes.LastIndexByte(obj[:i], '"') + 1
		to := i
		for to < len(obj) && obj[to] != '"' {
			if obj[to] == '\\' {
				to++
			}
			to++
		}
		to = min(to, len(obj))
		if HoldsPath(obj[from:to]) {
			return true
		}
		obj = obj[to:]
	}
}
