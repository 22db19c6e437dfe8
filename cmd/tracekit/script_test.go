package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"

	"tracekit/internal/testkit/opened"
)

var (
	update = flag.Bool("update", false, "rewrite what the scripts expect")
	all    = flag.Bool("all", false, "every combination, where else some are tried")
	full   = flag.Bool("full", false, "at the sizes that are promised: all that is made to exhaust it, and what takes gigabytes")
)

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

// opens runs open with the arguments until all of the trace was read, and prints what the
// page is given to draw, or with --perfetto the piece that the viewer gets.
func opens(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "tracekit", append([]string{"open", "--no-browser"}, args...)...)
	c.Dir, c.Stderr = ts.MkAbs("."), ts.Stderr()
	out, err := c.StdoutPipe()
	ts.Check(err)
	ts.Check(c.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	var got []byte
	if err == nil {
		if slices.Contains(args, "--perfetto") {
			got, err = opened.At(address).Cut(ctx, "{}")
		} else {
			got, err = opened.At(address).Page(ctx)
		}
	}
	if c.Process.Signal(os.Interrupt) != nil {
		c.Process.Kill()
	}
	ended := c.Wait()
	if (err != nil) != neg {
		ts.Fatalf("open %q: %v, %v", args, err, ended)
	}
	if err != nil {
		fmt.Fprintln(ts.Stderr(), err)
		return
	}
	if packed, err := gzip.NewReader(bytes.NewReader(got)); err == nil {
		got, err = io.ReadAll(packed)
		ts.Check(err)
	}
	ts.Stdout().Write(got)
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
	server := httptest.NewServer(http.FileServer(http.Dir(data))) // whose folders are buckets
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		UpdateScripts: *update,
		Dir:           filepath.Join(data, "script"),
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"cmptrace": cmpTrace, "opens": opens},
		Setup: func(env *testscript.Env) error {
			env.Setenv("TRACES", data)
			env.Setenv("SERVER", server.URL)
			return os.Mkdir(filepath.Join(env.WorkDir, "dir"), 0o777)
		},
	})
}

// A script calls each verb with each of its flags.
func TestEveryFlagHasAScene(t *testing.T) {
	scripts, err := filepath.Glob("../../testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	call := regexp.MustCompile(`(?m)(?:\btracekit (\w+)|^(?:! )?opens)(?: .*)?$`)
	word := regexp.MustCompile(`(?:^|[ "'])(--?[a-z0-9-]+)`)
	used := map[string]bool{}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(text), "\n-- ")
		for _, c := range call.FindAllStringSubmatch(script, -1) {
			verb := c[1]
			if verb == "" {
				verb = "open"
				used["open --no-browser"] = true
			}
			for _, w := range word.FindAllStringSubmatch(c[0], -1) {
				used[verb+" "+w[1]] = true
			}
		}
	}
	list, err := os.ReadFile(interfaceList)
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if fields[0] != "flag" {
			continue
		}
		flags++
		verb, names := fields[1], fields[2:]
		if !slices.ContainsFunc(names, func(name string) bool { return used[verb+" "+name] }) {
			t.Errorf("no script calls %s %s", verb, strings.Join(names, " "))
		}
	}
	if flags < 100 {
		t.Errorf("the list has %d flags", flags)
	}
}
