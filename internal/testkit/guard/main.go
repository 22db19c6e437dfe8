// Command guard runs every verb and flag of tracekit over all inputs, as the program
// was at a commit of before and as it is now, and compares what comes out. A
// difference that no line under meant/ expects fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"tracekit/internal/testkit/guard/before"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "guard:", err)
		os.Exit(1)
	}
}

// config is what a run of the guard is asked for.
type config struct {
	root     string // of the tree
	old, new string // the programs
	other    string // the trace that compare compares each input with
	call     string // glob for the calls that are run
	input    string // glob for the inputs that they are run on
	ways     string
	short    bool
	limit    time.Duration
	workers  int
	lines    string // file for the lines that would cover the differences
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var c config
	f := flag.NewFlagSet("guard", flag.ContinueOnError)
	f.StringVar(&c.root, "root", ".", "`folder` of the tree")
	f.StringVar(&c.old, "old", "", "`program` of before (default: built from the commit in internal/testkit/guard/before/commit.txt)")
	f.StringVar(&c.new, "new", "", "`program` of now (default: built from the tree)")
	f.StringVar(&c.call, "call", "*", "`glob` for the calls to run: a verb, or all of a call")
	f.StringVar(&c.input, "input", "*", "`glob` for the inputs to run them on")
	f.StringVar(&c.ways, "ways", "once", "in how many ways each call reads each input: once, in one that rotates; two, in the usual one as well; all")
	f.BoolVar(&c.short, "short", false, "a sample, the same each time, with every call and every input in it")
	f.DurationVar(&c.limit, "limit", 2*time.Minute, "`time` after which a run is taken to hang")
	f.IntVar(&c.workers, "workers", runtime.NumCPU(), "`number` of runs at a time")
	f.StringVar(&c.lines, "lines", "", "`file` for all lines that would cover the differences")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 || c.waysOf(input{}) == nil {
		return fmt.Errorf("flags only, and -ways once, two or all: %q", args)
	}
	meant, err := readMeant(filepath.Join(c.root, "internal/testkit/guard/meant"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tracekit-guard-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := c.build(ctx, dir); errors.Is(err, before.ErrNoHistory) {
		fmt.Fprintf(out, "\n*** GUARD SKIPPED: %v ***\n\n", err)
		return nil
	} else if err != nil {
		return err
	}
	calls, err := c.calls(ctx, out)
	if err != nil {
		return err
	}
	if c.other, err = writeOther(dir); err != nil {
		return err
	}
	inputs, err := c.inputs(dir)
	if err != nil {
		return err
	}
	began := time.Now()
	jobs := c.jobs(calls, inputs)
	rep := newReport(meant)
	if err := c.compareAll(ctx, dir, jobs, rep); err != nil {
		return err
	}
	complete := !c.short && c.call == "*" && c.input == "*"
	fmt.Fprintf(out, "guard: %d calls, %d inputs, %d runs compared in %v\n", len(calls), len(inputs), len(jobs), time.Since(began).Round(time.Second))
	return rep.write(out, c.lines, complete)
}

// build makes the programs that were not given.
func (c *config) build(ctx context.Context, dir string) (err error) {
	if c.old == "" {
		if c.old, err = before.Build(ctx, c.root, dir); err != nil {
			return err
		}
	}
	if c.new == "" {
		c.new, err = before.Compile(ctx, c.root, filepath.Join(dir, "tracekit-now"))
	}
	return err
}
