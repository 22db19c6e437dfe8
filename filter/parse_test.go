package filter

import (
	"errors"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestExpressionsPrintAsTheyParse(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`cat=="kernel"`, `cat == "kernel"`},
		{`(cat == 'a') && ((name == "b") || ph == "X")`, `cat == "a" && (name == "b" || ph == "X")`},
		{`(cat == "a" && name == "b") || ph == "X"`, `cat == "a" && name == "b" || ph == "X"`},
		{`cat == "a" && (name == "b" && ph == "X")`, `cat == "a" && name == "b" && ph == "X"`},
		{`!cat == "a"`, `!(cat == "a")`},
		{`!!args.x`, `!!args.x`},
		{`!(ts < 1s || end > 2s)`, `!(ts < 1s || end > 2s)`},
		{`ph in ["B",'E']`, `ph in ("B", "E")`},
		{`args."External id" == 12`, `args."External id" == 12`},
		{`args."plain" != null`, `args.plain != "null"`},
		{`args.tracekit.dur > 3`, `args.tracekit.dur > 3`},
		{`args."" == 1`, `args."" == 1`},
		{`args."a.b" == 1`, `args."a.b" == 1`},
		{`args.grid[0] > 64`, `args.grid[0] > 64`},
		{`args."Input Dims"[0][12] == 4096`, `args."Input Dims"[0][12] == 4096`},
		{`args.a.b[0].c.d."e f"`, `args.a.b[0].c.d."e f"`},
		{`args.a."b.c".d in [1]`, `args.a."b.c".d in (1)`},
		{`args.a in [1]`, `args.a in (1)`},
		{`dur >= 1.5ms || dur < 1m30s || dur == 40ns || dur == 0.5us`, `dur >= 1500us || dur < 90s || dur == 40ns || dur == 500ns`},
		{`dur >= 1e-6s || dur < 2.50e-3ms || dur == 1E3us || dur == 0e9h || dur == 120e-1ns`, `dur >= 1us || dur < 2500ns || dur == 1ms || dur == 0s || dur == 12ns`},
		{`dur > 10µs && dur > 10μs`, `dur > 10us && dur > 10us`},
		{`ts >= @6520430064204.583 && dur > 0`, `ts >= @6520430064204.583 && dur > 0`},
		{"name == `a\\n\"b`", `name == "a\\n\"b"`},
		{`name =~ "step_\d+\.\\." && name == "é\u00e9\ud83d\ude00\ud83d\u12\n"`, `name =~ "step_\\d+\\.\\." && name == "éé😀�\\u12\n"`},
		{`name == 'it\'s' && pid == -1`, `name == "it's" && pid == -1`},
		{"cat\n\t== \"a\"", `cat == "a"`},
	} {
		x := mustParse(t, c.src)
		if got := x.String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
		if again := mustParse(t, x.String()).String(); again != x.String() {
			t.Errorf("%s: read back as %s", x, again)
		}
	}
}

// badExpressions are shown with their errors in a golden file.
var badExpressions = []string{
	"", "   ", "&&", "cat", `cat ==`, `cat = "kernel"`, `cat == kernel`, `cat == "kernel`, `cat == “kernel”`,
	`nme == "x"`, `category == "x"`, `duration > 10us`, `correlation == 7`, `Überfeld == "x"`,
	`cat == "a" and name == "b"`, `cat == "a" or name == "b"`, `not cat == "a"`, `cat == "a" & name == "b"`, `cat == "a" | name == "b"`,
	`cat == "a" name == "b"`, `(cat == "a"`, `(cat == "a"]`, `cat == "a")`, `cat == "a" && ()`,
	`ph in "B"`, `ph in ("B" "E")`, `ph in ("B"`, `ph in ()`, `ph in ("B",)`,
	`dur > 10`, `ts > 10 && dur > 1us`, `dur > "10us"`, `dur =~ "10"`, `dur contains "1"`, `dur > 10sec`, `dur > 1.0005us`, `dur > 1e-4us`,
	`dur > -1us`, `ts > -5ms`, `dur > @12.5`, `ts > @`, `ts > @1.2.3`, `dur > 3000000h`, `dur > 5us3`, `dur > 99999999999999999999ns`,
	`depth > 1us`, `depth =~ "1"`, `depth == "1"`,
	`name > "a"`, `name == 12`, `name =~ 12`, `name contains 4096`, `name =~ "gemm["`, `name !~ "(a"`, `pid == 10us`, `pid > "a"`, `args.x > 10us`, `args.x >= @1`,
	`args.a[x] == 1`, `args.a[0 == 1`, `args.a[-1] == 1`, `args.a[0]. == 1`, `args.a[0].b. == 1`, `args."a`, `args.a."b`,
	`args == 1`, `args. == 1`, `args["x"] == 1`, `args.External id == 1`,
	"cat == \"a\" &&\n\tname ==\n  ts > 1us", `.5 == dur`, `10us < dur`, `name == "a" && #`, `name ~ "a"`,
	`name == "ääää" && nme`, `name == "日本語 カナ 한글 ＡＢ 🚀" && nme`, "name == \"e\u0301a\u200b\" && nme", `pid == 007`, `args.External id == 1 && ph`,
}

func TestErrors(t *testing.T) {
	const golden = "testdata/errors.golden"
	var b strings.Builder
	for _, src := range badExpressions {
		x, err := Parse(src)
		if err == nil {
			if src != "cat" {
				t.Errorf("%q was taken for %s", src, x)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%q: error of another type: %v", src, err)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error of more than one line: %v", src, err)
		}
		b.WriteString("error: " + e.Message + "\n" + e.Show() + "\n\n")
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, golden)); b.String() != want {
		t.Errorf("errors differ from %s; run with -update and read the difference\n%s", golden, b.String())
	}
}

func TestErrorLine(t *testing.T) {
	_, err := Parse(`name == "ä" && nme == "x"`)
	want := `there is no field "nme" (at character 16 of: name == "ä" && nme == "x")`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestNestingIsBounded(t *testing.T) {
	for _, open := range []string{"(", "!"} {
		if _, err := Parse(strings.Repeat(open, 1e6) + `ph`); err == nil || !strings.Contains(err.Error(), "within each other") {
			t.Errorf("%s: %.80v", open, err)
		}
	}
	mustParse(t, strings.Repeat("(", maxNesting-1)+"ph"+strings.Repeat(")", maxNesting-1))
}

func TestGrammarExamples(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^    tracekit filter '(.*)'$`).FindAllStringSubmatch(Grammar, -1)
	if len(lines) != 11 {
		t.Fatalf("%d examples", len(lines))
	}
	all := events(t,
		`{"ph":"X","cat":"kernel","name":"Cijk_GEMM","ts":10,"dur":101,"pid":0,"tid":7,"args":{"device":0,"stream":7}}`,
		`{"ph":"X","cat":"user_annotation","name":"execute_context_0(0)_generation_12(12)","ts":5000000,"dur":9,"pid":5,"tid":5}`,
		`{"ph":"X","cat":"python_function","name":"vllm/v1/core/sched/scheduler.py(12): schedule","ts":5000000,"dur":51,"pid":5,"tid":5}`,
		`{"ph":"X","cat":"gpu_memcpy","name":"Memcpy HtoD","ts":5000000,"dur":9,"pid":0,"tid":7}`,
		`{"ph":"X","cat":"cpu_op","name":"aten::mm","ts":5000000,"dur":9,"pid":5,"tid":5,"args":{"Input Dims":[[4096,8],[8,16]]}}`,
		`{"ph":"X","name":"decode","ts":5000000,"dur":9,"pid":6,"tid":3,"args":null}`,
		`{"ph":"X","name":"GRAPH COMPILE: x","ts":5000000,"dur":9,"pid":6,"tid":3}`,
		`{"ph":"X","cat":"Kernel","name":"BatchGemm","ts":5000000,"dur":21,"pid":8,"tid":1,"args":{"recipeName":"r"}}`,
		`{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllGather","ts":5000000,"dur":21,"pid":0,"tid":9,"args":{"device":0,"stream":9}}`,
	)
	env := &Env{Names: nameTable{"5": "VLLM::EngineCore", "8/1": "[HD0] MME"}, Kinds: &Recognizer{}}
	for i := range all {
		env.Kinds.Learn(&all[i])
	}
	for i, want := range []string{"0", "07", "8", "0", "1", "2", "3", "4", "5", "6", "7"} {
		x := mustParse(t, lines[i][1])
		got := ""
		for j := range all {
			if x.Match(&all[j], env) {
				got += string(rune('0' + j))
			}
		}
		if got != want {
			t.Errorf("%s: events %s, not %s", x, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range badExpressions {
		f.Add(src)
	}
	for _, src := range []string{
		`cat == "kernel" && dur >= 10us && name =~ "gemm"`, `!(ph in ("B", 'E')) || args."External id" > 1e3`,
		"name == `\\` && args.a.b != null", `ts >= @12.5 || end < 1h2m3s4ms5us6ns`, `name =~ "\ud83d\ude00\x"`, "name == \xff", "name == '\xff'",
	} {
		f.Add(src)
	}
	e := event(f, `{"ph":"X","cat":"a\nb","name":"\u00e9","ts":1,"dur":2,"pid":"x","tid":3,"args":{"a\"b":[1],"x":"2"}}`)
	f.Fuzz(func(t *testing.T, src string) {
		x, err := Parse(src)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset > len(src) {
				t.Fatalf("%q: %v", src, err)
			}
			e.Show()
			return
		}
		again, err := Parse(x.String())
		if err != nil {
			t.Fatalf("%q was written as %q: %v", src, x, err)
		}
		if again.String() != x.String() {
			t.Fatalf("%q was written as %q and read back as %q", src, x, again)
		}
		if a, b := x.Match(e, &Env{}), again.Match(e, &Env{}); a != b {
			t.Fatalf("%q matches %v, %q %v", src, a, x, b)
		}
	})
}

// TestScaledAgainstExactFractions holds times against fractions of any size.
func TestScaledAgainstExactFractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	exact := 0
	for range 50_000 {
		text := strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)
		if cut := rng.IntN(2 * len(text)); cut < len(text)-1 {
			text = text[:cut+1] + "." + text[cut+1:]
		}
		text += []string{"", "0", "000"}[rng.IntN(3)]
		if rng.IntN(2) == 0 {
			text += fmt.Sprintf("e%d", rng.IntN(40)-20)
		}
		u := units[rng.IntN(len(units))]
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatal(text)
		}
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).SetUint64(u.ns)))
		got, fits := scaled(text, u.ns)
		if !fits {
			digits, _, _ := strings.Cut(strings.Replace(text, ".", "", 1), "e")
			_, err := strconv.ParseUint(digits, 10, 64) // the digits alone may be too many
			if err == nil && want.IsInt() && want.Num().IsUint64() {
				t.Fatalf("%s%s is refused, and is %v ns", text, u.name, want.Num())
			}
			continue
		}
		exact++
		if !want.IsInt() || !want.Num().IsUint64() || want.Num().Uint64() != got {
			t.Fatalf("%s%s: %d ns, not %v", text, u.name, got, want)
		}
	}
	if exact < 5000 {
		t.Errorf("only %d fitted", exact)
	}
}
