// Command cmd writes a generated vLLM trace, and the truth about it.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"tracekit/internal/testkit/tracegen"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "tracegen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	var c tracegen.Config
	f := flag.NewFlagSet("tracegen", flag.ContinueOnError)
	f.Uint64Var(&c.Seed, "seed", 1, "`number` that everything random follows from")
	producer := f.String("producer", "gaudi", "gaudi, cuda or sglang")
	layout := f.String("layout", "", "kineto, dump or indent2 (default: the producer's own)")
	f.IntVar(&c.Steps, "steps", 0, "engine steps after the warmup (default 20 without -size)")
	size := f.String("size", "", "bytes of JSON to fill with steps, such as 10kB or 5GB")
	f.IntVar(&c.Warmup, "warmup", 0, "warmup steps of a gaudi trace; negative: none (default 2)")
	f.IntVar(&c.Layers, "layers", 0, "layers of the model (default 32, or 1 under 1 MB)")
	f.IntVar(&c.OutputLen, "output-len", 0, "output length of every request; 0 varies it")
	f.BoolVar(&c.Hardware, "hardware", false, "device events")
	f.BoolVar(&c.Python, "python", false, "python_function events")
	f.BoolVar(&c.Array, "array", false, "only high-level events, as a bare array that is never closed")
	f.BoolVar(&c.Epoch, "epoch", false, "absolute epoch timestamps (kineto layout)")
	f.BoolVar(&c.Odd.BeginEnd, "begin-end", false, "B/E pairs")
	f.BoolVar(&c.Odd.Async, "async", false, "b/n/e events of each request")
	f.BoolVar(&c.Odd.ThreadStates, "thread-states", false, "T events")
	f.BoolVar(&c.Odd.BindFlows, "bind-flows", false, "slices joined by bind_id")
	f.BoolVar(&c.Odd.Emoji, "emoji", false, "names beyond the basic plane")
	f.BoolVar(&c.Odd.NaN, "nan", false, "NaN durations")
	f.BoolVar(&c.Odd.Truncate, "truncate", false, "stop within the last event")
	out := f.String("o", "", "output `file` (.gz compresses; default standard output)")
	level := f.Int("gzip-level", 6, "from 1, quick, to 9, small")
	truth := f.String("truth", "", "`file` for the truth, as JSON")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	c.Producer, c.Layout = tracegen.Producer(*producer), tracegen.Layout(*layout)
	if *size != "" {
		n, err := parseSize(*size)
		if err != nil {
			return err
		}
		c.TargetBytes = n
	} else if c.Steps == 0 {
		c.Steps = 20
	}
	t, err := write(*out, *level, c, stdout)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "tracegen: %d steps, %d requests, %d events, %d bytes of JSON\n",
		len(t.Steps), len(t.Requests), t.Events, t.Bytes)
	if *truth == "" {
		return nil
	}
	return create(*truth, t.WriteJSON)
}

// write generates into a file, or to standard output if it has no name.
func write(name string, level int, c tracegen.Config, stdout io.Writer) (t tracegen.Truth, err error) {
	generate := func(w io.Writer) error {
		t, err = tracegen.Generate(w, c)
		return err
	}
	switch {
	case name == "":
		err = generate(stdout)
		return t, err
	case !strings.HasSuffix(name, ".gz"):
		err = create(name, generate)
		return t, err
	}
	err = create(name, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, level)
		if err != nil {
			return err
		}
		if err := generate(z); err != nil {
			return err
		}
		return z.Close()
	})
	return t, err
}

func create(name string, fill func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(fill(w), w.Flush(), f.Close())
}

var units = []struct {
	suffix string
	bytes  float64
}{{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"B", 1}, {"", 1}}

func parseSize(s string) (int64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(strings.ToUpper(s), u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(number, 64)
		if n *= u.bytes; err != nil || math.IsNaN(n) || n < 1 || n > 1e15 {
			break
		}
		return int64(n), nil
	}
	return 0, fmt.Errorf("size %q is not a number of B, kB, MB, GB, KiB, MiB or GiB", s)
}
