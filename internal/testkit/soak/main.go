// Command soak runs every verb of tracekit with random flags over real and
// generated traces until the time is up or so many runs are done, and judges what comes
// out of each run. The same seed, traces and number of runs give the same runs.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	bin := f.String("bin", "bin/tracekit", "the `program` that is judged")
	length := f.Duration("for", time.Minute, "how long to go on")
	runs := f.Int("runs", math.MaxInt, "how many runs to stop after")
	seed := f.Uint64("seed", 0, "`number` that everything random follows from (default: the time)")
	damaged := f.Int("damaged", 0, "instead, show every verb `N` small traces, each damaged in another way")
	keep := f.String("keep", "", "`folder` for the traces that a fault was met on")
	memory := f.Int64("memory", 400, "`MB` of memory that no run may exceed")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &soak{
		dir: dir, keep: *keep, most: *memory << 20, rnd: rand.New(rand.NewPCG(*seed, 1)),
		said: map[string]int{}, runs: map[string]int{}, faults: map[string]int{},
	}
	if s.bin, err = filepath.Abs(*bin); err != nil {
		return err
	}
	if err := os.Mkdir(s.tmp(), 0o777); err != nil {
		return err
	}
	if s.keep != "" {
		if err := os.MkdirAll(s.keep, 0o777); err != nil {
			return err
		}
	}
	for _, name := range f.Args() {
		if err := s.copySample(name); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "seed %d, %d traces\n", *seed, len(s.pool))
	if *damaged > 0 {
		if err := s.damaged(out, *damaged); err != nil {
			return err
		}
		*runs = 0
	}
	for end := time.Now().Add(*length); time.Now().Before(end) && *runs > 0; *runs-- {
		if err := s.round(out); err != nil {
			return err
		}
	}
	s.summarize(out)
	if len(s.faults) > 0 {
		return fmt.Errorf("faults of %d kinds; once more with -seed %d", len(s.faults), *seed)
	}
	return nil
}
