package trace

import (
	"iter"

	"tracekit/internal/jsonlex"
)

// Member is one member of a JSON object: the text between the quotes of its
// key, the text of its value, and where the value starts in the object.
type Member struct {
	Key, Value []byte
	At         int
}

// Members walks the members of a JSON object, args of an Event for one. It
// looks no deeper than it must to find each value's end, takes a bare word such
// as NaN for a value, ends at the first thing that it can't read, and yields
// slices of obj.
func Members(obj []byte) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		if len(obj) == 0 || obj[0] != '{' {
			return
		}
		for p := 1; ; {
			p = jsonlex.SkipSpace(obj, p)
			if p < len(obj) && obj[p] == ',' {
				p = jsonlex.SkipSpace(obj, p+1)
			}
			if p >= len(obj) || obj[p] != '"' {
				return
			}
			keyEnd, st := skipString(obj, p)
			if st != scanned {
				return
			}
			v := jsonlex.SkipSpace(obj, keyEnd)
			if v >= len(obj) || obj[v] != ':' {
				return
			}
			v = jsonlex.SkipSpace(obj, v+1)
			end, st := skipValue(obj, v)
			if v < len(obj) && jsonlex.InToken(obj[v]) {
				end, _, st = skipBare(obj, v)
			}
			if st != scanned || !yield(Member{Key: obj[p+1 : keyEnd-1], Value: obj[v:end:end], At: v}) {
				return
			}
			p = end
		}
	}
}

// Elements walks the elements of a JSON array as Members walks an object.
func Elements(arr []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(arr) == 0 || arr[0] != '[' {
			return
		}
		for p := 1; ; {
			p = jsonlex.SkipSpace(arr, p)
			if p < len(arr) && arr[p] == ',' {
				p = jsonlex.SkipSpace(arr, p+1)
			}
			if p >= len(arr) || arr[p] == ']' {
				return
			}
			end, st := skipValue(arr, p)
			if st != scanned || !yield(arr[p:end:end]) {
				return
			}
			p = end
		}
	}
}
