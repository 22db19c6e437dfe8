// Command bench compares tracekit with the tools that people use on traces
// otherwise, in one run on one machine, on generated and on real data. What it
// writes is a few tables in Markdown, ratios first.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == loadAllVerb {
		exit(loadAll(os.Args[2:]))
		return
	}
	if len(os.Args) == 3 && os.Args[1] == readVerb {
		exit(readAlone(os.Args[2]))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == onePassVerb {
		exit(onePass(os.Args[2:]))
		return
	}
	exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func exit(err error) {
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// config is what a run is asked for.
type config struct {
	tracekit string // the binary
	real     string // a trace whose events are repeated until there is enough
	size     int64  // of each trace, in bytes of JSON
	small    int64  // of each trace for the tools that load all of it
	rounds   int
	beside   func(dataset) []pace // yardsticks that run right before each command
	dir      string
	doc      string

	pairs   int     // how often the program of before and that of now run one after the other; 0: other tools are measured
	against string  // the program of before; empty: it is built
	most    float64 // times as long as before a row may take
	tag     string  // tells the files of one program from those of another
}

func run(args []string, stdout, stderr io.Writer) error {
	c := config{beside: yardsticks}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&c.tracekit, "tracekit", "bin/tracekit", "the `binary` to measure")
	f.StringVar(&c.real, "real", "testdata/vllm_decode_one_step.json.gz", "a recorded `trace`, packed with gzip, to make a large one of")
	size := f.Int64("size", 1500, "`MB` of JSON in each trace")
	small := f.Int64("small", 50, "`MB` of JSON for tools that load all of it")
	f.IntVar(&c.rounds, "rounds", 3, "how often each command runs, in turn with the others")
	f.StringVar(&c.dir, "dir", "", "`folder` for data, some of which is kept for the next run (default: a temporary one)")
	f.IntVar(&c.pairs, "pairs", 0, "compare with the program of before in a `number` of pairs of runs, instead of with other tools")
	f.StringVar(&c.against, "against", "", "the `binary` of before (default: built from the commit in internal/testkit/guard/before/commit.txt)")
	f.Float64Var(&c.most, "most", 1.05, "fail if the median `ratio` of a row, now to before, is above this")
	f.StringVar(&c.doc, "o", "", "`file` in which the tables stand between two marks (default: standard output)")
	if err := f.Parse(args); err != nil {
		return err
	}
	c.size, c.small = *size*1e6, *small*1e6
	if f.NArg() > 0 || c.size <= 0 || c.small <= 0 || c.rounds <= 0 || c.pairs < 0 {
		return fmt.Errorf("flags only, and numbers above 0: %q", args)
	}
	var err error
	if c.tracekit, err = filepath.Abs(c.tracekit); err != nil {
		return err
	}
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "tracekit-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(c.dir)
	}
	var out bytes.Buffer
	began := time.Now()
	if c.pairs > 0 {
		c.rounds = c.pairs
		return c.comparePrograms(stdout, stderr)
	}
	if err := c.measure(&out, stderr); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "bench: %v\n", time.Since(began).Round(time.Second))
	if c.doc == "" {
		_, err = stdout.Write(out.Bytes())
		return err
	}
	return putIntoDoc(c.doc, out.Bytes())
}

// measure makes the data, runs everything and writes the tables.
func (c *config) measure(w, log io.Writer) error {
	writeMachine(w, c)
	for _, kind := range []string{generated, recorded} {
		large, err := c.data(kind, c.size, log)
		if err != nil {
			return err
		}
		small, err := c.data(kind, c.small, log)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\n### %s data\n\n%s\n\n", kind, c.about(kind))
		all := append(c.streaming(large), c.loading(small)...)
		absent, err := c.runAll(all, log)
		if err != nil {
			return err
		}
		writeTable(w, all)
		for _, name := range absent {
			fmt.Fprintf(w, "\nNot there, and left out: `%s`.\n", name)
		}
	}
	return c.measureStartUp(w)
}

// measureStartUp writes how long commands take that have nothing to do.
func (c *config) measureStartUp(w io.Writer) error {
	all, err := c.startUp()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n### Start-up\n\nMedians of %d runs.\n\n| command | wall ms | CPU ms | peak MB |\n|---|--:|--:|--:|\n", startUpRuns)
	for _, k := range all {
		for range startUpRuns {
			s, err := once(k.args)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.times = append(k.times, s)
		}
		m := median(k.times)
		fmt.Fprintf(w, "| %s | %.1f | %.1f | %.0f |\n", k.name, m.wall.Seconds()*1e3, m.cpu.Seconds()*1e3, float64(m.memory)/1e6)
	}
	return nil
}
