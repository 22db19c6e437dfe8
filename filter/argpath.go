package filter

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/bytedance/sonic/ast"
)

// argPath says which value of args is meant: that of a key, or one that lies deeper in it.
type argPath struct {
	key    string // as written; without quotes its dots may be part of the name or lead deeper
	quoted bool   // in quotes, the key stands for itself
	rest   []any  // what leads on from there: keys (string) and indexes (int)
	ways   []argWay
}

// argWay is one reading of a path: a key of args, and the path within its value.
type argWay struct {
	key  string
	path []any
}

// newArgPath returns the path with its readings in order. A key that holds dots comes
// before a path of the same text, since profilers write such keys.
func newArgPath(key string, quoted bool, rest []any) *argPath {
	p := &argPath{key: key, quoted: quoted, rest: rest, ways: []argWay{{key, rest}}}
	names := strings.Split(key, ".")
	if quoted || slices.Contains(names, "") {
		return p
	}
	for n := len(names) - 1; n > 0; n-- {
		var path []any
		for _, name := range names[n:] {
			path = append(path, name)
		}
		p.ways = append(p.ways, argWay{strings.Join(names[:n], "."), append(path, rest...)})
	}
	return p
}

// valueIn returns the JSON text of the value in args, and false if there is none or if what
// it lies in can't be read. The text belongs to args.
func (p *argPath) valueIn(args []byte, env *Env) (value []byte, ok bool) {
	for i := range p.ways {
		if value, ok = p.ways[i].valueIn(args, env); ok {
			return value, true
		}
	}
	return nil, false
}

func (w *argWay) valueIn(args []byte, env *Env) (value []byte, ok bool) {
	value, ok = lookup(args, w.key, env)
	if !ok || len(w.path) == 0 {
		return value, ok
	}
	if value[0] != '{' && value[0] != '[' {
		return nil, false
	}
	env.searcher = *ast.NewSearcher(unsafe.String(&value[0], len(value)))
	found, err := env.searcher.GetByPath(w.path...)
	env.searcher = ast.Searcher{}
	if err != nil {
		return nil, false
	}
	raw, err := found.Raw()
	return unsafe.Slice(unsafe.StringData(raw), len(raw)), err == nil && raw != ""
}

// text is the path as an expression has it.
func (p *argPath) text() string {
	var b strings.Builder
	b.WriteString("args")
	appendName := func(name string, quoted bool) {
		b.WriteByte('.')
		if quoted || name == "" || wordLength("a"+name) != len(name)+1 || strings.HasSuffix(name, ".") {
			name = quote(name)
		}
		b.WriteString(name)
	}
	appendName(p.key, p.quoted && strings.Contains(p.key, "."))
	for _, step := range p.rest {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			appendName(step, strings.Contains(step, "."))
		}
	}
	return b.String()
}

// path reads what stands behind the key of an arg.
func (l *lexer) path(key string, quoted bool) (*argPath, error) {
	var rest []any
	for l.pos < len(l.src) {
		at, next := l.pos, l.src[l.pos]
		switch {
		case next == '[':
			end := strings.IndexByte(l.src[at:], ']')
			n := -1
			if end > 0 {
				if i, err := strconv.Atoi(l.src[at+1 : at+end]); err == nil {
					n = i
				}
			}
			if n < 0 {
				return nil, l.fail(at, "an index is a number from 0, as in args.grid[0]", "this [ holds no index")
			}
			rest = append(rest, n)
			l.pos += end + 1
		case next == '.' && at+1 < len(l.src) && isQuote(l.src[at+1]):
			l.pos++
			name, err := l.quoted()
			if err != nil {
				return nil, err
			}
			rest = append(rest, name)
		case next == '.' && at+1 < len(l.src) && wordLength("a"+l.src[at+1:]) > 1:
			n := wordLength("a"+l.src[at+1:]) - 1
			l.pos += 1 + n
			for _, name := range strings.Split(strings.TrimSuffix(l.src[at+1:l.pos], "."), ".") {
				rest = append(rest, name)
			}
			if l.src[l.pos-1] == '.' {
				l.pos-- // it belongs to what follows
				if l.pos+1 == len(l.src) || !isQuote(l.src[l.pos+1]) {
					return nil, l.fail(l.pos, "", "a name is missing behind this dot")
				}
			}
		default:
			return newArgPath(key, quoted, rest), nil
		}
	}
	return newArgPath(key, quoted, rest), nil
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }
