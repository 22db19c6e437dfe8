package filter

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// plainMatch is the naive reference of Expr.Match: it walks the syntax as written
// over an event that encoding/json has read, with exact numbers.
func plainMatch(s syntax, e map[string]json.RawMessage, env *Env) bool {
	switch s := s.(type) {
	case *not:
		return !plainMatch(s.part, e, env)
	case *logic:
		for _, p := range s.parts {
			if plainMatch(p, e, env) != s.and {
				return !s.and
			}
		}
		return s.and
	}
	t := s.(*test)
	v := plainField(t.field, e, env)
	if t.op == opHas {
		return v.there && (t.field.id == fieldArg || v.text != "")
	}
	for _, l := range t.values {
		if t.op == opNotEqual || t.op == opNotMatch {
			return !v.there || !plainTest(t.op-1, v, l, env)
		}
		if v.there && plainTest(t.op, v, l, env) {
			return true
		}
	}
	return false
}

// plainValue is a field as text, and as a number if it reads as one. Times are
// numbers of nanoseconds.
type plainValue struct {
	there    bool
	text     string
	number   *big.Rat
	absolute bool // a time that counts from the trace's epoch
}

func plainTest(o op, v plainValue, l literal, env *Env) bool {
	var limit *big.Rat
	switch l.kind {
	case tokNumber:
		limit, _ = new(big.Rat).SetString(l.text)
	case tokTime, tokAbsolute:
		limit = big.NewRat(int64(l.time), 1)
	}
	if v.absolute && l.kind != tokAbsolute {
		limit.Add(limit, big.NewRat(int64(env.Zero), 1))
	}
	switch o {
	case opEqual, opIn:
		if limit == nil {
			return v.text == l.text
		}
		return v.number != nil && v.number.Cmp(limit) == 0
	case opMatch:
		return regexp.MustCompile(l.text).MatchString(v.text)
	case opContains:
		return strings.Contains(v.text, l.text)
	}
	if v.number == nil {
		return false
	}
	c := v.number.Cmp(limit)
	return map[op]bool{opLess: c < 0, opLessEqual: c <= 0, opMore: c > 0, opMoreEqual: c >= 0}[o]
}

func plainField(f field, e map[string]json.RawMessage, env *Env) plainValue {
	micros := func(key string) *big.Rat {
		v := plainJSON(e[key])
		if v.number != nil {
			v.number = new(big.Rat).Mul(v.number, big.NewRat(1000, 1))
		}
		return v.number
	}
	switch f.id {
	case fieldName, fieldCat, fieldPh:
		v := plainJSON(e[fieldNames[f.id]])
		v.there = true
		return v
	case fieldProcess:
		return plainValue{there: true, text: env.Names.Process(e["pid"])}
	case fieldThread:
		return plainValue{there: true, text: env.Names.Thread(e["pid"], e["tid"])}
	case fieldID:
		var id2 struct{ Local, Global json.RawMessage }
		if e["id"] == nil && json.Unmarshal(e["id2"], &id2) == nil {
			return plainJSON(append(id2.Local, id2.Global...))
		}
		return plainJSON(e["id"])
	case fieldPid, fieldTid:
		return plainJSON(e[fieldNames[f.id]])
	case fieldTs:
		n := micros("ts")
		return plainValue{there: n != nil, text: "time", number: n, absolute: true}
	case fieldDur:
		n := micros("dur")
		if !strings.Contains(`"X" "T" "B" "b"`, string(e["ph"])) || len(e["ph"]) == 0 {
			n = nil
		}
		return plainValue{there: n != nil, text: "time", number: n}
	case fieldEnd:
		n := micros("ts")
		if n != nil && len(e["ph"]) > 0 && strings.Contains(`"X" "T" "B" "b"`, string(e["ph"])) {
			if d := micros("dur"); d != nil && d.Sign() > 0 {
				n = new(big.Rat).Add(n, d)
			}
		}
		return plainValue{there: n != nil, text: "time", number: n, absolute: true}
	case fieldDepth:
		return plainValue{there: env.Depth >= 0, text: "depth", number: big.NewRat(int64(env.Depth), 1)}
	}
	var args map[string]json.RawMessage
	if json.Unmarshal(e["args"], &args) != nil {
		return plainValue{}
	}
	names := []string{f.arg.key}
	if !f.arg.quoted {
		names = strings.Split(f.arg.key, ".")
	}
	for n := len(names); n > 0; n-- {
		at := args[strings.Join(names[:n], ".")]
		for _, name := range names[n:] {
			at = plainStep(at, name)
		}
		for _, step := range f.arg.rest {
			at = plainStep(at, step)
		}
		if len(at) > 0 {
			return plainJSON(at)
		}
	}
	return plainValue{}
}

// plainStep is the member or element of a value, nil if there is none.
func plainStep(at json.RawMessage, step any) json.RawMessage {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	if i, is := step.(int); is {
		if json.Unmarshal(at, &list) != nil || i >= len(list) {
			return nil
		}
		return list[i]
	}
	if json.Unmarshal(at, &object) != nil {
		return nil
	}
	return object[step.(string)]
}

func plainJSON(raw json.RawMessage) plainValue {
	if len(raw) == 0 {
		return plainValue{}
	}
	v := plainValue{there: true, text: string(raw)}
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &v.text); err != nil {
			panic(err)
		}
	}
	var n json.Number
	if json.Unmarshal([]byte(v.text), &n) == nil && v.text != "null" && v.text[0] != '"' {
		v.number, _ = new(big.Rat).SetString(v.text)
	}
	return v
}

// pools of what random events and expressions are made of, chosen so that they
// often meet.
var (
	poolText  = []string{`"kernel"`, `"cpu_op"`, `"a\"b"`, `"\u00e9\\n"`, `"\ud83d\ude00"`, `"gemm_12"`, `""`, `"12"`, `"null"`}
	poolIDs   = []string{`12`, `-1`, `0`, `"12"`, `"Spans"`, `"x y"`, `18446744073709551615`}
	poolTimes = []string{`0`, `1`, `1.5`, `10`, `10.001`, `1e1`, `"10"`, `-3`, `2000000`}
	poolArgs  = []string{`7`, `7.0`, `-0`, `0.5`, `"7"`, `"07"`, `"a\/b"`, `null`, `true`, `[4096, [8]]`, `{"k": "v}\""}`, `{"b": [7, {"\u006b": 0.5}], "k.b": "7"}`, `9007199254740993`, `""`}
	poolKeys  = []string{`k`, `External id`, `a.b`, `é`, `\u006b`}

	poolLiterals = map[class][]string{
		ofText:   {`"kernel"`, `'cpu_op'`, "`a\"b`", `"é\\n"`, `"😀"`, `"gemm_12"`, `""`, `"12"`, `"e"`},
		ofID:     {`12`, `"12"`, `-1`, `0`, `"Spans"`, `"x y"`, `18446744073709551615`, `1.2e1`},
		ofTime:   {`0`, `1us`, `1500ns`, `10us`, `10001ns`, `2s`},
		ofNumber: {`0`, `1`, `2`, `1.5`},
		ofAny:    {`7`, `0.5`, `0`, `"7"`, `"a/b"`, `null`, `true`, `9007199254740993`, `9007199254740992`, `"[4096, [8]]"`},
	}
	poolPatterns = []string{`"e"`, `"^kernel$"`, `"\d+"`, `"(?i)CPU|é"`, `"^$"`, `"4096"`, `"x y"`, `"a.b"`}
)

type random struct{ *rand.Rand }

func (r random) of(pool []string) string { return pool[r.IntN(len(pool))] }

func (r random) event() string {
	var members []string
	add := func(key, value string) {
		if r.IntN(6) > 0 {
			members = append(members, fmt.Sprintf(`%q: %s`, key, value))
		}
	}
	add("ph", r.of([]string{`"X"`, `"X"`, `"i"`, `"C"`}))
	add("name", r.of(poolText))
	add("cat", r.of(poolText))
	add("pid", r.of(poolIDs))
	add("tid", r.of(poolIDs))
	if id := r.of(poolIDs); r.IntN(2) == 0 {
		add("id", id)
	} else {
		add("id2", `{"`+r.of([]string{"local", "global"})+`": `+id+`}`)
	}
	add("ts", r.of(poolTimes))
	add("dur", r.of(poolTimes))
	var args []string
	for range r.IntN(4) {
		args = append(args, fmt.Sprintf(`"%s" : %s`, r.of(poolKeys), r.of(poolArgs)))
	}
	add("args", "{"+strings.Join(args, ", ")+"}")
	r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ", ") + "}"
}

func (r random) expr(depth int) string {
	if depth > 0 && r.IntN(3) > 0 {
		a, b := r.expr(depth-1), r.expr(depth-1)
		switch r.IntN(3) {
		case 0:
			return "(" + a + ") && (" + b + ")"
		case 1:
			return a + " || " + b
		}
		return "!(" + a + ")"
	}
	f := fieldKind(r.IntN(int(fieldArg) + 3))
	name := ""
	if f >= fieldArg {
		f, name = fieldArg, "args."+r.of([]string{`"k"`, `"External id"`, `"a.b"`, `"é"`, `"gone"`,
			"k", "a.b", "k.b", "k.b[0]", "k.b[1].k", `k."k.b"`, "k[1][0]", "k[2]", `"External id".b[1]`, "é.k"})
	} else {
		name = fieldNames[f]
	}
	c := classes[f]
	ops := []op{opHas, opEqual, opNotEqual, opIn}
	if c != ofText {
		ops = append(ops, opLess, opLessEqual, opMore, opMoreEqual)
	}
	if c != ofTime && c != ofNumber {
		ops = append(ops, opMatch, opNotMatch, opContains)
	}
	pool := poolLiterals[c]
	switch o := ops[r.IntN(len(ops))]; o {
	case opHas:
		return name
	case opIn:
		return name + " in (" + r.of(pool) + ", " + r.of(pool) + ")"
	case opMatch, opNotMatch, opContains:
		return name + " " + opNames[o] + " " + r.of(poolPatterns)
	case opLess, opLessEqual, opMore, opMoreEqual:
		for {
			if l := r.of(pool); l[0] == '-' || isDigit(l[0]) {
				return name + " " + opNames[o] + " " + l
			}
		}
	default:
		return name + " " + opNames[o] + " " + r.of(pool)
	}
}

func TestAgainstTheNaiveReference(t *testing.T) {
	r := random{rand.New(rand.NewPCG(1, 2))}
	var objects []string
	for range 200 {
		objects = append(objects, r.event())
	}
	var plains []map[string]json.RawMessage
	for _, o := range objects {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(o), &m); err != nil {
			t.Fatal(o, err)
		}
		plains = append(plains, m)
	}
	all := events(t, objects...)
	env := &Env{Zero: 1000, Names: nameTable{"12": "kernel", `"12"`: "e", "12/12": "x y", "0/0": "é"}}
	matched := 0
	for range 1000 {
		x := mustParse(t, r.expr(3))
		env.Depth = r.IntN(4) - 1
		for i := range all {
			got, want := x.Match(&all[i], env), plainMatch(x.source, plains[i], env)
			if got != want {
				t.Fatalf("%s\nof %s\nis %v, not %v", x, objects[i], got, want)
			}
			if got {
				matched++
			}
		}
	}
	if n := 1000 * len(all); matched < n/10 || matched > n*9/10 {
		t.Errorf("%d of %d matched: the random expressions say too little", matched, n)
	}
}

// TestWrittenBack checks that an expression written out means the same.
func TestWrittenBack(t *testing.T) {
	r := random{rand.New(rand.NewPCG(3, 4))}
	var objects []string
	for range 50 {
		objects = append(objects, r.event())
	}
	all := events(t, objects...)
	env := &Env{Names: nameTable{}}
	for range 500 {
		x := mustParse(t, r.expr(4))
		again := mustParse(t, x.String())
		for i := range all {
			if x.Match(&all[i], env) != again.Match(&all[i], env) {
				t.Fatalf("%s and %s differ on %s", x, again, objects[i])
			}
		}
	}
}

func TestNumbersAgainstPlain(t *testing.T) {
	texts := []string{"0", "-0", "1", "-1", "1.0", "1e0", "0.1", "1e3", "1000", "-1000.5", "18446744073709551615", "18446744073709551614", "9223372036854775808", "-18446744073709551615"}
	for _, a := range texts {
		for _, b := range texts {
			m, _ := parseNumber([]byte(a))
			n, _ := parseNumber([]byte(b))
			p, _ := new(big.Rat).SetString(a)
			q, _ := new(big.Rat).SetString(b)
			if m.compare(n) != p.Cmp(q) {
				t.Errorf("%s against %s: %d", a, b, m.compare(n))
			}
		}
	}
	for _, s := range []string{"", "-", "+1", "0x1f", "inf", "NaN", "1_000", "1e", "--1", "1 ", "1.2.3", ".5", "1.", "01", "-01", "00.5", "1e+"} {
		if n, ok := parseNumber([]byte(s)); ok {
			t.Errorf("%q was read as %v", s, n)
		}
	}
	if n, ok := parseNumber([]byte("1e400")); !ok || n.compare(number{f: 1e300}) <= 0 {
		t.Error("1e400 is not larger than 1e300")
	}
}
