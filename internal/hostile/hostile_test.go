package hostile

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var (
	counting = flag.String("counting", "", "a tracekit that was built to count what it does (-cover -covermode=count), instead of building one")
	size     = flag.Int("n", 3000, "how much of each shape the smaller trace has")
	only     = flag.String("only", "", "only what has this in its name")
)

// verbs are the command lines that see every shape, but for check and repair, which read
// text by lexers of their own.
var verbs = [][]string{
	{"strip", "--python", "--args", "shapes"},
	{"strip", "--hardware"},
	{"slice", "--from", "40%", "--to", "60%"},
	{"slice", "--from", "40%", "--to", "60%", "--device", "launched"},
	{"filter", `dur >= 5us || ph == "C"`},
	{"filter", `depth <= 3 && name =~ "w.*k"`, "--with-parents", "--with-device"},
	{"filter", `tid == 2`, "--with-children", "--with-flows"},
	{"downsample", "--merge", "20us"},
	{"downsample", "--max-events", "700"},
	{"downsample", "--min-dur", "9us", "--max-depth", "3", "--counters", "1ms"},
	{"split", "--by", "size", "--size", "HALF", "-o", "DIR"},
	{"split", "--by", "size", "--size", "HALF", "--device", "launched", "-o", "DIR"},
	{"split", "--by", "step", "--dry-run", "--max-pieces", "1000000"},
	{"split", "--by", "request", "--dry-run", "--max-pieces", "1000000"},
	{"split", "--by", "process", "--dry-run", "--max-pieces", "1000000"},
	{"info"},
	{"info", "--html", "FILE"},
	{"report"},
	{"index"},
}

// No verb takes more than its share of a trace that is twice as large. What is counted
// is how often each piece of code is run, in this module and in the parts of Go's library
// that search and sort.
func TestTwiceAsMuchTakesTwiceAsLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program that counts")
	}
	dir := t.TempDir()
	program := *counting
	if program == "" {
		program = filepath.Join(dir, "tracekit")
		build(t, program)
	}
	for _, shape := range Shapes() {
		once, twice := filepath.Join(dir, "once.json"), filepath.Join(dir, "twice.json")
		for name, n := range map[string]int{once: *size, twice: 2 * *size} {
			if err := os.WriteFile(name, Make(shape, n), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, verb := range verbs {
			name := shape + "/" + strings.Join(verb, " ")
			if !strings.Contains(name, *only) {
				continue
			}
			t.Run(name, func(t *testing.T) {
				few, many := run(t, program, verb, once), run(t, program, verb, twice)
				const least = 100_000 // below, it is the start of the program that is counted
				if ratio := float64(many) / float64(few); ratio > 2.3 && many > least {
					t.Errorf("%d operations for n, %d for 2n: %.2f times as many", few, many, ratio)
				}
			})
		}
	}
}

func build(t *testing.T, program string) {
	t.Helper()
	out, err := exec.Command("go", "build", "-cover", "-covermode=count", "-coverpkg=tracekit/...,slices,sort,bytes,strings",
		"-o", program, "tracekit/cmd/tracekit").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// run runs a verb on a trace and counts what it does. That it fails is no matter: a step
// may be asked for where there is none.
func run(t *testing.T, program string, verb []string, trace string) int64 {
	t.Helper()
	counters, dir := t.TempDir(), t.TempDir()
	args := append([]string{verb[0], "-q"}, verb[1:]...)
	for i, a := range args {
		switch a {
		case "DIR":
			args[i] = filepath.Join(dir, "pieces")
		case "HALF": // so that there are as many pieces, and as often what each has to carry
			args[i] = fmt.Sprint(textOf(t, trace)/2, "B")
		case "FILE":
			args[i] = filepath.Join(dir, "page.html")
		}
	}
	cmd := exec.Command(program, append(args, trace)...)
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+counters, "GOMAXPROCS=1", "GOGC=400")
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 1 && cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out[:min(len(out), 1000)])
	}
	return sum(t, counters)
}

// textOf is the size of a file.
func textOf(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// sum adds up what was counted.
func sum(t *testing.T, counters string) (all int64) {
	t.Helper()
	file := filepath.Join(counters, "text")
	cmd := exec.Command("go", "tool", "covdata", "textfmt", "-i=.", "-o="+file)
	cmd.Dir = counters // its name may have commas, which would part folders
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		_, count, _ := strings.Cut(lines.Text(), " ")
		if _, last, ok := strings.Cut(count, " "); ok {
			n, err := strconv.ParseInt(last, 10, 64)
			if err != nil {
				t.Fatal(fmt.Errorf("%s: %w", lines.Text(), err))
			}
			all += n
		}
	}
	if all == 0 {
		t.Fatal("nothing was counted")
	}
	return all
}
