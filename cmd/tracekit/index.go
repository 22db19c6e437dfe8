package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tracekit/internal/term"
	"tracekit/trace"

	"github.com/urfave/cli/v2"
)

// indexSuffix follows the name of a trace in the name of its index.
const indexSuffix = ".tkx"

func indexCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "build a seek index, so that later cuts of the same file are quick",
		UsageText: "tracekit index [FLAGS] FILE",
		Description: `Reads FILE once and writes FILE.tkx beside it, less than a hundredth of the size of
a large FILE. Verbs that would read FILE twice use the index to read only the part
that they need. An index that does not belong to FILE as it is now is not used.

EXAMPLE
   tracekit index big.json.gz
   tracekit slice --from 10s --for 250ms -o piece.json.gz big.json.gz

` + exitText,
		Flags: inputFlags(),
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name == "" || name == "-" {
				return hint(usage("an index belongs to a file"), "name the FILE; its index is FILE%s", indexSuffix)
			}
			in, err := openInput(c, std, how{})
			if err != nil {
				return err
			}
			defer in.Close()
			out, err := newOutput(std, "index", in.name+indexSuffix, trace.Plain)
			if err != nil {
				return err
			}
			x, err := in.makeIndex(c.Context, nil)
			if err != nil {
				return in.wrap(err)
			}
			lost := x.Survey.Damage
			if err := strictly(c, in, lost); err != nil {
				return err
			}
			file := x.Append(nil)
			if err := out.writeFile(file); err != nil {
				return err
			}
			in.meter.Stop()
			if !c.Bool("quiet") {
				fmt.Fprintln(std.err, indexSummary(in, x, int64(len(file))))
			}
			return damage(in, lost, c.Bool("quiet"), std)
		},
	}
}

// makeIndex reads all of a file that stays as it is meanwhile, and shows it to look.
func (in *input) makeIndex(ctx context.Context, look func(*trace.Part) error) (*trace.Index, error) {
	if in.Size() < 0 {
		return nil, errors.New("is no regular file, so it can't have an index")
	}
	id, err := in.identify()
	if err != nil {
		return nil, err
	}
	x, err := in.Index(ctx, id, look)
	if err != nil {
		return nil, err
	}
	if now, err := in.identify(); err != nil || now != id {
		return nil, errors.Join(trace.ErrChanged, err)
	}
	return x, nil
}

func (in *input) identify() (trace.Identity, error) {
	if in.file == nil { // nobody else can change what it reads
		return trace.Identity{Size: in.size}, nil
	}
	info, err := in.file.Stat()
	if err != nil {
		return trace.Identity{}, err
	}
	return trace.Identify(in.file, info.Size(), info.ModTime())
}

func indexSummary(in *input, x *trace.Index, size int64) string {
	v := &x.Survey
	line := fmt.Sprintf("index: %s in %d categories, %s; %s is %s (%.2f%%)", term.Plural(v.Events, "event"), len(x.Cats), term.Bytes(v.Bytes),
		in.name+indexSuffix, term.Bytes(size), 100*float64(size)/float64(max(in.Size(), 1)))
	if x.Format == trace.Zstd {
		line += "; zstd can only be read from its start, so only the first of two readings is saved"
	}
	return line
}

// useIndex lets the input rely on the index beside it, if there is one that
// fits. One that does not is named, and the work is done without.
func (in *input) useIndex(std streams) {
	name := in.name + indexSuffix
	err := in.loadIndex(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	why := err.Error()
	if errors.Is(err, trace.ErrStale) {
		why = "the trace is not as it was when that was made"
	}
	fmt.Fprintf(std.err, "hint: %s is not used, because %s; make a new one: tracekit index %s\n", name, why, in.name)
}

// roomForText is how much larger than its trace an index may be, in bytes, and
// still be read: text around the events is in it as it is.
const roomForText = 1 << 20

func (in *input) loadIndex(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() > 2*in.Size()+roomForText:
		return trace.ErrIndex
	}
	if err := in.places.reads("the index of the input", info); err != nil {
		return err
	}
	file, err := os.ReadFile(name)
	if err != nil {
		return plainPathError(err)
	}
	x, err := trace.ParseIndex(file)
	if err != nil {
		return err
	}
	id, err := in.identify()
	if err != nil {
		return plainPathError(err)
	}
	if err := in.Use(x, id); err != nil {
		return err
	}
	in.index = x
	return nil
}

// rely makes the input rely on an index that this process has made of it.
func (in *input) rely(x *trace.Index) error {
	id := x.File
	if in.file != nil {
		now, err := in.identify()
		if err != nil {
			return plainPathError(err)
		}
		id = now
	}
	if in.index = x; in.Use(x, id) != nil {
		return hint(fmt.Errorf("%s: is another file than it was", in.name), "start tracekit open again")
	}
	return nil
}
