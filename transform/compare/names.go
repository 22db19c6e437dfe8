package compare

import (
	"regexp"
	"strings"
)

var (
	address = regexp.MustCompile(`0x[0-9a-fA-F]+`)
	line    = regexp.MustCompile(`\(\d+\): `) // of a function of Python
)

// fold leaves out of a name what changes from build to build: arguments of templates and
// functions, addresses, and the lines at which functions of Python stand.
func fold(name string) string {
	if at := line.FindStringIndex(name); at != nil {
		return address.ReplaceAllString(name[:at[0]]+": "+name[at[1]:], "0x…")
	}
	var b strings.Builder
	depth := 0
	var closers []byte
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '<' && i > 0 && !strings.HasPrefix(name[i:], "<=") || c == '(' && i > 0:
			closers = append(closers, map[byte]byte{'<': '>', '(': ')'}[c])
			if depth++; depth == 1 {
				b.WriteString(map[byte]string{'<': "<…>", '(': "(…)"}[c])
			}
		case depth > 0 && c == closers[depth-1]:
			depth--
			closers = closers[:depth]
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 { // it does not close: it is no list of arguments
		return address.ReplaceAllString(name, "0x…")
	}
	return address.ReplaceAllString(b.String(), "0x…")
}

// match returns the names under which those of two sides are compared: their own if both sides
// have them, and the folded ones where these agree and the exact ones do not.
func match(a, b map[string]bool) map[string]string {
	as := map[string]string{}
	folded := [2]map[string]bool{{}, {}}
	only := func(side, other map[string]bool, to map[string]bool) {
		for name := range side {
			if !other[name] {
				to[fold(name)] = true
			}
		}
	}
	only(a, b, folded[0])
	only(b, a, folded[1])
	for i, side := range []map[string]bool{a, b} {
		other := []map[string]bool{b, a}[i]
		for name := range side {
			as[name] = name
			if f := fold(name); !other[name] && folded[0][f] && folded[1][f] {
				as[name] = f
			}
		}
	}
	return as
}
