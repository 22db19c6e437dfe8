package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	shapes "tracekit/internal/testkit/hostile"
)

var much = flag.Int("n", 600, "how much of each shape the smaller trace has")

// everyShape are calls that see every shape. HALF is half the size or half the lines of the
// trace, and PART some part of its time, so that there is as much to do for either; OTHER is a
// copy of it.
var everyShape = []string{
	"strip --python --args shapes",
	"strip --hardware",
	"slice --from 40% --to 60%",
	"slice --from 40% --to 60% --device launched",
	"filter 'dur >= 5us || ph == \"C\"'",
	"filter --with-parents --with-device 'depth <= 3 && name =~ \"w.*k\"'",
	"filter --with-children --with-flows 'tid == 2'",
	"downsample --merge 20us",
	"downsample --max-events HALF",
	"downsample --min-dur 9us --max-depth 3 --counters 1ms",
	"split --by size --size HALF -o OUT/pieces",
	"split --by size --size HALF --device launched -o OUT/pieces",
	"split --by time --time PART -o OUT/pieces",
	"split --by step --dry-run --max-pieces 1000000",
	"split --by request --dry-run --max-pieces 1000000",
	"split --by process --dry-run --max-pieces 1000000",
	"info",
	"info --html OUT/page.html",
	"report",
	"index",
	"check",
	"check --strict",
	"repair -o OUT/whole.json",
	"repair --flows -o OUT/whole.json",
	"merge -o OUT/merged.json OTHER",
	"compare OTHER",
}

// longExpressions are calls with an expression of n terms.
var longExpressions = map[string]func(n int) string{
	"one after the other":    func(n int) string { return "dur > 1us" + strings.Repeat(" || dur > 2us", n-1) },
	"by turns":               func(n int) string { return "dur > 1us" + strings.Repeat(" && dur > 2us || tid == 1", n/2) },
	"in brackets":            func(n int) string { return strings.Repeat("(", n) + "dur > 1us" + strings.Repeat(" || tid == 1)", n) },
	"not, not":               func(n int) string { return strings.Repeat("!", n) + "(dur > 1us)" },
	"in a list":              func(n int) string { return `name in ("a"` + strings.Repeat(`, "work"`, n) + ")" },
	"names":                  func(n int) string { return `name == "a"` + strings.Repeat(` || name == "work"`, n) },
	"regular expressions":    func(n int) string { return `name =~ "a"` + strings.Repeat(` || name =~ "b.*k$"`, n) },
	"one regular expression": func(n int) string { return `name =~ "(a|b)` + strings.Repeat(`|c[xyz]+`, n) + `"` },
	"nested regular brackets": func(n int) string {
		return `name =~ "` + strings.Repeat("(a", 300) + strings.Repeat("b?", n) + strings.Repeat(")?", 300) + `"`
	},
}

// No verb takes more than its share of a trace that is twice as large, or of an expression
// that is twice as long. What is counted is how often each piece of code of this module
// runs. Each call sees every fourth shape, and with -all every one.
func TestTwiceAsMuchTakesTwiceAsLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program that counts")
	}
	program := filepath.Join(t.TempDir(), "counting")
	if out, err := exec.Command("go", "build", "-tags", "counting", "-cover", "-covermode=atomic", "-coverpkg=tracekit/...", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	counters := make(chan *counter, runtime.GOMAXPROCS(0))
	for range cap(counters) {
		counters <- startCounter(t, program)
	}
	for at, shape := range shapes.Shapes() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			c := <-counters
			defer func() { counters <- c }()
			traces := [3]string{shaped(t, shape, *much), shaped(t, shape, 2**much), shaped(t, shape, 4**much)}
			for i, call := range everyShape {
				if (i+at)%4 != 0 && !*all {
					continue
				}
				compareCounts(t, call, func(i int) int64 { return c.count(t, call, traces[i]) })
			}
		})
	}
	for name, expression := range longExpressions {
		t.Run("expression/"+name, func(t *testing.T) {
			t.Parallel()
			c := <-counters
			defer func() { counters <- c }()
			plain := shaped(t, "plain", 100)
			compareCounts(t, "filter", func(i int) int64 {
				return c.count(t, "filter -o OUT/trace.json '"+expression(5000<<i)+"'", plain)
			})
		})
	}
}

func shaped(t *testing.T, shape string, n int) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "trace.json")
	text := shapes.Make(shape, n)
	for _, name := range []string{file, other(file)} {
		if err := os.WriteFile(name, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// other is where a copy of a trace stands.
func other(file string) string { return filepath.Join(filepath.Dir(file), "other.json") }

// counter is a program that counts what calls take.
type counter struct {
	calls  *json.Encoder
	counts io.Reader
}

func startCounter(t *testing.T, program string) *counter {
	t.Helper()
	c := exec.Command(program)
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "GOCOVERDIR="+t.TempDir())
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		c.Wait()
	})
	return &counter{json.NewEncoder(in), out}
}

// count runs a call on a trace, and returns how many operations it takes. That it fails is
// no matter: a step may be asked for where there is none.
func (c *counter) count(t *testing.T, line, trace string) (n int64) {
	t.Helper()
	var status int
	if err := c.calls.Encode(callOn(t, line, trace, t.TempDir())); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscan(c.counts, &status, &n); err != nil {
		t.Fatal(err)
	}
	os.Remove(trace + indexSuffix)
	return n
}

// callOn is one of everyShape on a trace, with its output in a folder.
func callOn(t *testing.T, line, trace, out string) (args []string) {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	line = strings.ReplaceAll(line, "events HALF", fmt.Sprint("events ", max(1, bytes.Count(text, []byte("\n"))/2)))
	line = strings.ReplaceAll(line, "PART", fmt.Sprint(5*bytes.Count(text, []byte("\n")), "us"))
	line = strings.ReplaceAll(line, "OTHER", other(trace))
	return append(argsOf(strings.ReplaceAll(line, "HALF", fmt.Sprint(len(text)/2, "B")), out), trace)
}

// compareCounts fails if a count grows to more than 2.3 times with twice as much, and again with
// four times as much: a search may by chance take some steps more.
func compareCounts(t *testing.T, call string, count func(i int) int64) {
	t.Helper()
	const least = 30_000 // below, it is the start of the program that is counted
	exceeds := func(few, many int64) bool { return many > least && float64(many) > 2.3*float64(few) }
	once, twice := count(0), count(1)
	if !exceeds(once, twice) {
		return
	}
	if more := count(2); exceeds(twice, more) {
		t.Errorf("%s: %d operations for n, %d for 2n and %d for 4n", call, once, twice, more)
	}
}
