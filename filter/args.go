package filter

import (
	"bytes"
	"slices"

	"tracekit/internal/jsonlex"
	"tracekit/trace"
)

// argGroups are args that go together.
var argGroups = map[string][]string{
	"shapes": {"Input Dims", "Input dims", "Input Strides", "Input type", "Concrete Inputs"},
	"stack":  {"Call stack", "Module Hierarchy", "Python id", "Python parent id", "Python module id"},
}

// ArgKeys returns a function that reports whether a key is one of the args that names stand for: a name
// is one of the groups shapes and stack, or all, or a key itself.
func ArgKeys(names ...string) func(key []byte) bool {
	keys, all := argKeys(names)
	if all {
		return func([]byte) bool { return true }
	}
	return func(key []byte) bool {
		if bytes.IndexByte(key, '\\') >= 0 {
			key, _ = jsonlex.Unescape(nil, key)
		}
		for _, k := range keys {
			if string(key) == k {
				return true
			}
		}
		return false
	}
}

func argKeys(names []string) (keys []string, all bool) {
	for _, name := range names {
		if name == "all" {
			return nil, true
		}
		group, ok := argGroups[name]
		if !ok {
			group = []string{name}
		}
		keys = append(keys, group...)
	}
	return keys, false
}

// MayHaveArgs returns a function that quickly reports whether args may have one of the keys that names
// stand for. It can be true for args that have none.
func MayHaveArgs(names ...string) func(args []byte) bool {
	keys, all := argKeys(names)
	var needles [][]byte
	for _, k := range keys {
		// A few bytes will do, and keys of a group share them. The quote before
		// them stays out: it is everywhere, and a search stops at each first byte.
		n := []byte(k[:min(len(k), 6)])
		if !slices.ContainsFunc(needles, func(o []byte) bool { return bytes.Equal(o, n) }) {
			needles = append(needles, n)
		}
	}
	return func(args []byte) bool {
		if all {
			return len(args) > 2
		}
		for _, n := range needles {
			if bytes.Contains(args, n) {
				return true
			}
		}
		return bytes.IndexByte(args, '\\') >= 0 // a key may be written with escapes
	}
}

// DropArgs appends the object of e without those args that drop asks for, and
// reports whether there were any; if not, dst is returned as it was. All else
// stays byte for byte; args of which nothing is left stay as {}. Keys are
// given to drop as they stand, escapes and all. The args of counters and
// metadata are what the event says, and are never touched.
func DropArgs(dst []byte, e *trace.Event, drop func(key []byte) bool) (out []byte, changed bool) {
	args := e.Args()
	if e.Phase == 'C' || e.IsMeta() || !anyKey(args, drop) {
		return dst, false
	}
	at := -1
	for m := range trace.Members(e.Raw()) {
		if string(m.Key) == "args" {
			at = m.At
		}
	}
	raw := e.Raw()
	if at < 0 || at+len(args) > len(raw) || !bytes.Equal(raw[at:at+len(args)], args) {
		return dst, false
	}
	out = append(dst, raw[:at]...)
	if out, changed = appendKept(out, args, drop); !changed {
		return dst, false
	}
	return append(out, raw[at+len(args):]...), true
}

func anyKey(obj []byte, drop func(key []byte) bool) bool {
	for m := range trace.Members(obj) {
		if drop(m.Key) {
			return true
		}
	}
	return false
}

// appendKept appends obj without the members that drop asks for. Between two
// members that are left stands what stood before the second. It reports false
// if obj can't be read to its end.
func appendKept(dst, obj []byte, drop func(key []byte) bool) (out []byte, ok bool) {
	end, kept := 1, 0 // end of the member before, and how many are kept
	out = append(dst, '{')
	head := 0 // length of what stands before the first key
	for m := range trace.Members(obj) {
		key := end + bytes.IndexByte(obj[end:], '"')
		gap := obj[end:key]
		if end == 1 {
			head = len(gap)
		}
		end = m.At + len(m.Value)
		if drop(m.Key) {
			continue
		}
		if kept == 0 {
			gap = obj[1 : 1+head]
		}
		kept++
		out = append(append(out, gap...), obj[key:end]...)
	}
	tail := obj[end:]
	if len(bytes.TrimLeft(tail, " \t\r\n")) != 1 {
		return dst, false
	}
	if kept == 0 {
		tail = tail[len(tail)-1:]
	}
	return append(out, tail...), true
}
