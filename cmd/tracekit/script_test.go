package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

// commands are programs that tests run in a process of their own.
var commands = map[string]func(){"tracekit": main}

func TestMain(m *testing.M) { testscript.Main(m, commands) }

// cmpTrace is cmp for traces, but for what they say of how they were cut.
func cmpTrace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cmptrace file1 file2")
	}
	var text [2]string
	for i, name := range args {
		text[i] = withoutOrigin(ts.ReadFile(name))
	}
	if text[0] != text[1] {
		ts.Fatalf("%s and %s differ:\n%s\n%s", args[0], args[1], text[0], text[1])
	}
}

// withoutOrigin is the text of a trace without the member tracekit, which begins it.
func withoutOrigin(text string) string {
	before, rest, found := strings.Cut(text, `"tracekit":{`)
	if !found || strings.TrimSpace(before) != "{" {
		return text
	}
	depth := 1
	for i, c := range rest {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return before + strings.TrimPrefix(rest[i+1:], ",")
		}
	}
	return text
}

func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		UpdateScripts: *update,
		Dir:           filepath.Join(data, "script"),
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"cmptrace": cmpTrace},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TRACES", data)
			return os.Mkdir(filepath.Join(env.WorkDir, "dir"), 0o777)
		},
	})
}
