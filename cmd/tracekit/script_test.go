package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

// commands are programs that tests run in a process of their own.
var commands = map[string]func(){"tracekit": main}

func TestMain(m *testing.M) { testscript.Main(m, commands) }

func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		UpdateScripts: *update,
		Dir:           filepath.Join(data, "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("TRACES", data)
			return os.Mkdir(filepath.Join(env.WorkDir, "dir"), 0o777)
		},
	})
}
