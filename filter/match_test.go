package filter

import (
	"strings"
	"testing"
)

// TestMatch says what the language means, on one event of each sort.
func TestMatch(t *testing.T) {
	full := event(t, `{"ph":"X","cat":"cpu_op","name":"aten::mm \"x\" \u00e9\\n","pid":12,"tid":"T 1","id":"0x1f","ts":1000.5,"dur":10,`+
		`"args":{"n":7,"q":"7","f":0.5,"big":18446744073709551615,"big1":18446744073709551614,"s":"a\/b \ud83d\ude00","e":"","null":null,"yes":true,`+
		`"Input Dims":[[4096, 8],[]],"o":{"n":1},"External id":5,"a.b":1,"dup":1,"dup":2,"\u006bey":3,"1e3":"1e3"}}`)
	bare := event(t, `{"ph":"i","ts":2000,"args":null}`)
	env := &Env{Zero: 1000500, Depth: 2, Names: nameTable{"12": "python 12", `12/"T 1"`: "main \\ thread"}}
	none := &Env{Depth: -1}
	for _, c := range []struct {
		src        string
		full, bare bool
	}{
		{`name == "aten::mm \"x\" é\\n"`, true, false},
		{"name == `aten::mm \"x\" é\\n`", true, false},
		{`name contains "\"x\""`, true, false},
		{`name contains ""`, true, true},
		{`name =~ "^aten::\w+"`, true, false},
		{`name !~ "^aten"`, false, true},
		{`name =~ "é"`, true, false},
		{`name`, true, false},
		{`name == ""`, false, true},
		{`cat != "kernel"`, true, true},
		{`cat != "cpu_op"`, false, true},
		{`cat in ("kernel", "cpu_op")`, true, false},
		{`!(cat in ["kernel", "cpu_op"])`, false, true},
		{`ph == "X"`, true, false},
		{`ph in ("i", "I")`, false, true},
		{`ph =~ "[A-Z]"`, true, false},
		{`pid == 12 && pid == "12" && pid == 12.0`, true, false},
		{`pid != 12`, false, true},
		{`pid < 13 && pid >= 12 && !(pid > 12)`, true, false},
		{`pid`, true, false},
		{`tid == "T 1" && tid contains "T" && tid =~ "^T.1$"`, true, false},
		{`tid > 0`, false, false},
		{`id == "0x1f"`, true, false},
		{`ts == 0 && ts >= 0s && ts < 1ns`, true, false},
		{`ts > 0`, false, true},
		{`ts == @1000.5`, true, false},
		{`end == 10us && end == @1010.5`, true, false},
		{`end in (10us, 20us)`, true, false},
		{`dur >= 10us && dur <= 10us && dur == 10000ns`, true, false},
		{`dur != 10us`, false, true},
		{`dur < 1h`, true, false},
		{`dur`, true, false},
		{`ts`, true, true},
		{`depth == 2 && depth <= 2 && depth in (1, 2) && depth`, true, false},
		{`depth != 2`, false, true},
		{`process == "python 12"`, true, false},
		{`process`, true, false},
		{`thread contains "\\ thr"`, true, false},
		{`thread == ""`, false, true},
		{`args.n == 7 && args.n == "7" && args.q == 7 && args.n in (6, 7)`, true, false},
		{`args.n != 7`, false, true},
		{`args.f < 0.6 && args.f > 0.4 && args.f == 5e-1`, true, false},
		{`args.big == 18446744073709551615 && args.big1 != 18446744073709551615 && args.big1 < 18446744073709551615`, true, false},
		{`args.big == 18446744073709551616`, true, false}, // beyond 64 bits as floating-point
		{`args.s == "a/b 😀"`, true, false},
		{`args.s < 3`, false, false},
		{`args.e && args.e == ""`, true, false},
		{`args.gone == ""`, false, false},
		{`args.null && args.null == null && args.null == "null"`, true, false},
		{`args.yes == true && args.yes != "false"`, true, false},
		{`args."Input Dims" contains "4096"`, true, false},
		{`args."Input Dims" == "[[4096, 8],[]]"`, true, false},
		{`args.o =~ "\"n\":1"`, true, false},
		{`args."External id" == 5`, true, false},
		{`args.a.b == 1`, true, false},
		{`args.o.n == 1 && args."o"."n" == 1`, true, false},
		{`args."o.n" == 1`, false, false},
		{`args."Input Dims"[0][1] == 8 && !args."Input Dims"[1][0]`, true, false},
		{`args.o[0] || args."Input Dims".n || args.s[0] || args.n.n`, false, false},
		{`args.dup == 2`, true, false},
		{`args.key == 3`, true, false},
		{`args.n > 6 || args.gone`, true, false},
		{`!args.gone`, true, true},
	} {
		x := mustParse(t, c.src)
		if got := x.Match(full, env); got != c.full {
			t.Errorf("%s is %v of the full event", c.src, got)
		}
		if got := x.Match(bare, none); got != c.bare {
			t.Errorf("%s is %v of the bare event", c.src, got)
		}
		if Not(x).Match(full, env) == c.full || Not(x).Match(bare, none) == c.bare {
			t.Errorf("!(%s) says the same", c.src)
		}
	}
}

func TestNeeds(t *testing.T) {
	for src, want := range map[string]Needs{
		`cat == "a" && dur > 1us && ts > @1`:        0,
		`ts > 1us`:                                  NeedsZero,
		`end < 1us || !(process == "a")`:            NeedsZero | NeedsNames,
		`thread =~ "a" && depth > 1 && args.x == 1`: NeedsNames | NeedsDepth | NeedsArgs,
	} {
		if got := mustParse(t, src).Needs(); got != want {
			t.Errorf("%s needs %b, not %b", src, got, want)
		}
	}
}

// TestPartsAreOrderedByCost checks the order of parts by their costs.
func TestPartsAreOrderedByCost(t *testing.T) {
	x := mustParse(t, `args.x == 1 && name =~ "a.c" && (args.y || process == "p") && name == "b" && dur > 1us`)
	last := 0
	for _, m := range x.root.(allOf) {
		if m.cost() < last {
			t.Errorf("%T of cost %d comes after cost %d", m, m.cost(), last)
		}
		last = m.cost()
	}
	if _, ok := x.root.(allOf)[0].(*timeTest); !ok {
		t.Errorf("the time is not asked first but %T", x.root.(allOf)[0])
	}
}

func TestLiteralRegexp(t *testing.T) {
	if x := mustParse(t, `name =~ "gemm\."`); string(x.root.(*textTest).is.sub) != "gemm." {
		t.Error("a regular expression without operators is not searched as text")
	}
	if x := mustParse(t, `name =~ "(?i)gemm"`); x.root.(*textTest).is.re == nil {
		t.Error("a regular expression is taken for text")
	}
}

func TestCombinators(t *testing.T) {
	a, b := mustParse(t, `cat == "a"`), mustParse(t, `cat == "b" || args.x`)
	e := event(t, `{"ph":"X","cat":"a","ts":1,"dur":1}`)
	for _, c := range []struct {
		x     *Expr
		want  string
		match bool
	}{
		{And(), "", true},
		{Or(), "", true},
		{And(nil, a, nil), `cat == "a"`, true},
		{Or(a, nil), "", true},
		{And(a, b), `cat == "a" && (cat == "b" || args.x)`, false},
		{Or(a, b), `cat == "a" || cat == "b" || args.x`, true},
		{Not(And(a, b)), `!(cat == "a" && (cat == "b" || args.x))`, true},
		{Not(Not(a)), `!!(cat == "a")`, true},
	} {
		if c.x.String() != c.want || c.x.Match(e, &Env{}) != c.match {
			t.Errorf("got %v and %s, want %v and %s", c.x.Match(e, &Env{}), c.x, c.match, c.want)
		}
		if c.x != nil && mustParse(t, c.want).Needs() != c.x.Needs() {
			t.Errorf("%s needs %b", c.x, c.x.Needs())
		}
	}
}

func TestShorthand(t *testing.T) {
	for _, c := range []struct {
		s    Shorthand
		want string
	}{
		{Shorthand{}, ""},
		{Shorthand{Terms: Terms{Cat: []string{"kernel"}}}, `cat == "kernel"`},
		{Shorthand{Terms: Terms{Cat: []string{"kernel", "gpu,x"}, Name: []string{"gemm", "/^a.*b$/", "/", "//"}}},
			`(cat == "kernel" || cat == "gpu,x") && (name contains "gemm" || name =~ "^a.*b$" || name contains "/" || name contains "//")`},
		{Shorthand{Terms: Terms{Pid: []string{"12"}, Tid: []string{"a b"}, Process: []string{"py"}, Thread: []string{`q"\`}}},
			`pid == "12" && tid == "a b" && process contains "py" && thread contains "q\"\\"`},
		{Shorthand{Terms: Terms{MinDur: []string{"10us"}, MaxDur: []string{"1.5ms", "2s"}}},
			`dur >= 10us && (dur <= 1500us || dur <= 2s)`},
		{Shorthand{Terms: Terms{Cat: []string{"a"}}, Not: Terms{Name: []string{"x", "y"}, MinDur: []string{"1us"}}},
			`cat == "a" && !(dur >= 1us) && !(name contains "x" || name contains "y")`},
	} {
		x, err := c.s.Expr()
		if err != nil || x.String() != c.want {
			t.Errorf("got %s, %v\nwant %s", x, err, c.want)
		}
	}
	e := event(t, `{"ph":"X","name":"n","pid":12,"tid":"12","ts":1,"dur":1}`)
	x, _ := Shorthand{Terms: Terms{Pid: []string{"12"}, Tid: []string{"12"}}}.Expr()
	if !x.Match(e, &Env{}) {
		t.Error("an id given as a flag is met neither as a number nor as text")
	}
}

func TestShorthandErrors(t *testing.T) {
	for want, s := range map[string]Shorthand{
		`--min-dur 10: this is no duration`:                      {Terms: Terms{MinDur: []string{"10"}}},
		`--max-dur 10us : this is no duration`:                   {Terms: Terms{MaxDur: []string{"10us "}}},
		`--not-max-dur -1us: this is no duration`:                {Not: Terms{MaxDur: []string{"-1us"}}},
		`--not-name /[/: this is no regular expression: missing`: {Not: Terms{Name: []string{"/[/"}}},
	} {
		if _, err := s.Expr(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestAllocations holds Match to what it promises.
func TestAllocations(t *testing.T) {
	e := event(t, `{"ph":"X","cat":"kernel","name":"void gemm\u003cfloat\u003e(int)","pid":0,"tid":7,"ts":1,"dur":20,"args":{"stream":7,"f":0.25,"grid":[1,2,3],"External id":12}}`)
	env := &Env{Names: nameTable{"0": "python"}}
	for _, src := range []string{
		`cat == "kernel" && dur > 10us && name =~ "gemm"`,
		`ph == "X" && ts >= 0 && end > @1 && depth == 0 && pid == 0 && tid in (5, 7)`,
		`name == "void gemm<float>(int)" && name =~ "g[a-e]m+<"`,
		`process contains "pyth"`,
		`args.stream == 7 && args."External id" > 11 && args.grid contains "2" && args.f < 1`,
	} {
		x := mustParse(t, src)
		if !x.Match(e, env) {
			t.Fatalf("%s does not match", src)
		}
		if n := testing.AllocsPerRun(100, func() { x.Match(e, env) }); n > 0 {
			t.Errorf("%s: %v allocations", src, n)
		}
	}
	const path = `args.grid[1] == 2`
	x := mustParse(t, path)
	if n := testing.AllocsPerRun(100, func() { x.Match(e, env) }); n > 1 {
		t.Errorf("%s: %v allocations: more than the one of the library that looks deeper", path, n)
	}
}
