package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/index"

	"github.com/urfave/cli/v2"
)

// indexSuffix follows the name of a trace in the name of its index.
const indexSuffix = ".tkx"

func indexCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "build a seek index, so that later cuts of the same file are quick",
		UsageText: "tracekit index [-o FILE] [FLAGS] FILE",
		Description: `Reads FILE once and writes FILE.tkx beside it, less than a hundredth of the size of
a large FILE. Verbs that take a range of time, steps, a phase or a request use the
index to read only the part that they need. If FILE has changed since, its index is
ignored. A FILE at a URL is read once, as a stream; -o names the index file.

EXAMPLES
   tracekit index big.json.gz
   tracekit slice --from 10s --for 250ms -o piece.json.gz big.json.gz
   tracekit index -o big.tkx s3://traces/big.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the index to `FILE` (default: the name of the input and " + indexSuffix + ")"},
			tmpdirFlag(),
		}, inputFlags()...),
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name == "" || name == "-" {
				return hint(usage("an index belongs to a file"), "name the FILE; its index is FILE%s", indexSuffix)
			}
			name, err := indexOutput(c)
			if err != nil {
				return err
			}
			in, err := openInput(c, std, how{index: true})
			if err != nil {
				return err
			}
			defer in.Close()
			out, err := newOutput(std, "index", name, trace.Plain)
			if err != nil {
				return err
			}
			x, err := in.makeIndex(func(id trace.Identity) (*trace.Index, error) { return index.Build(c.Context, in.Source, id, nil) })
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
				fmt.Fprintln(std.err, indexSummary(in, x, name, int64(len(file))))
			}
			return damage(in, lost, c.Bool("quiet"), std)
		},
	}
}

// makeIndex has the index of a file built that is not changed meanwhile.
func (in *input) makeIndex(build func(trace.Identity) (*trace.Index, error)) (*trace.Index, error) {
	if in.size < 0 {
		return nil, errors.New("is no regular file, so it can't have an index")
	}
	id, err := in.identify()
	if err != nil {
		return nil, err
	}
	x, err := build(id)
	if err != nil {
		return nil, err
	}
	if now, err := in.identify(); err != nil || now != id {
		return nil, errors.Join(trace.ErrChanged, err)
	}
	return x, nil
}

var errNoTag = errors.New("can't have an index: its server says neither an ETag nor when it was written")

func (in *input) identify() (trace.Identity, error) {
	switch {
	case in.far != nil && in.far.Tag == "":
		return trace.Identity{}, errNoTag
	case in.far != nil:
		return trace.Identity{Size: in.size, Tag: in.far.Tag}, nil
	case in.file == nil: // nobody else can change what it reads
		return trace.Identity{Size: in.size}, nil
	}
	info, err := in.file.Stat()
	if err != nil {
		return trace.Identity{}, err
	}
	return trace.Identify(in.file, info.Size(), info.ModTime())
}

// indexOutput is where the index of the input goes.
func indexOutput(c *cli.Context) (string, error) {
	switch name := c.String("output"); {
	case name == "-":
		return "", hint(usage("-o names a file for the index"), "for a file of that name, ./-")
	case name != "":
		return name, nil
	}
	name := c.Args().First()
	if remote.Is(name) {
		return "", hint(usage("%s: nothing is written there", remote.Shown(name)), "say where its index goes: -o FILE%s", indexSuffix)
	}
	return name + indexSuffix, nil
}

func indexSummary(in *input, x *trace.Index, name string, size int64) string {
	v := &x.Survey
	line := fmt.Sprintf("index: %s in %d categories, %s; %s is %s (%.2f%%)", term.Plural(v.Events, "event"), len(x.Cats), term.Bytes(v.Bytes),
		name, term.Bytes(size), 100*float64(size)/float64(max(in.Size(), 1)))
	if x.Format == trace.Zstd {
		line += "; zstd can only be read from its start, so only the first of two readings is saved"
	}
	return line
}

// beside is how an index beside the input is called.
func (in *input) beside() string {
	if in.far != nil {
		return remote.Beside(in.arg, indexSuffix)
	}
	return in.arg + indexSuffix
}

// indexCall is the command that makes an index of the input.
func (in *input) indexCall() string {
	if remote.Is(in.arg) {
		return "tracekit index " + in.name + " -o FILE" + indexSuffix
	}
	return "tracekit index " + in.name
}

// useIndex lets the input rely on its index, if there is one that fits.
func (in *input) useIndex(c *cli.Context, std streams) (err error) {
	x := (*trace.Index)(nil)
	switch {
	case in.far != nil:
		x = in.far.index
	case in.file != nil:
		x, err = in.findIndex(c, std)
	}
	if x == nil || err != nil {
		return err
	}
	if err := in.Use(x, x.File); err != nil {
		return in.unfit(c, std, in.beside(), err)
	}
	in.index = x
	return nil
}

// findIndex returns the index that --index names, or that is beside the input, if it fits. One
// beside it that does not is named, and the work is done without: nil is returned then, and
// where there is none.
func (in *input) findIndex(c *cli.Context, std streams) (*trace.Index, error) {
	name := in.beside()
	if c.IsSet("index") {
		name = c.String("index")
	}
	x, err := in.loadIndex(c, std, name)
	switch {
	case err == nil:
		return x, nil
	case !c.IsSet("index") && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, remote.ErrMissing)):
		return nil, nil
	}
	return nil, in.unfit(c, std, name, err)
}

// unfit says why an index is not used. That is an error if --index names it.
func (in *input) unfit(c *cli.Context, std streams, name string, err error) error {
	if ctx := c.Context.Err(); ctx != nil {
		return ctx
	}
	why := err.Error()
	if errors.Is(err, trace.ErrStale) {
		why = "the trace is not as it was when that was made"
	}
	if c.IsSet("index") {
		return hint(fmt.Errorf("--index: %s can't be used: %s", remote.Shown(name), why), "make a new one: %s", in.indexCall())
	}
	fmt.Fprintf(std.err, "hint: %s is not used, because %s; make a new one: %s\n", remote.Shown(name), why, in.indexCall())
	return nil
}

// roomForText is how much larger than its trace an index may be, in bytes, and
// still be read: text around the events is in it as it is.
const roomForText = 1 << 20

func (in *input) loadIndex(c *cli.Context, std streams, name string) (*trace.Index, error) {
	size := in.size
	if in.far != nil {
		size = in.far.Size
	}
	file, err := in.readIndex(c, std, name, 2*max(size, 0)+roomForText)
	if err != nil {
		return nil, err
	}
	x, err := trace.ParseIndex(file)
	if err != nil {
		return nil, err
	}
	return x, in.owns(x)
}

// readIndex reads a file of at most so many bytes.
func (in *input) readIndex(c *cli.Context, std streams, name string, most int64) ([]byte, error) {
	if remote.Is(name) {
		return readFarIndex(c, std, name, most)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, plainPathError(err)
	case !info.Mode().IsRegular() || info.Size() > most:
		return nil, trace.ErrIndex
	}
	if err := in.places.reads("the index of the input", info); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(name)
	return file, plainPathError(err)
}

// readFarIndex is readIndex for an address. A server that answers with a page instead has none.
func readFarIndex(c *cli.Context, std streams, name string, most int64) ([]byte, error) {
	text, err := std.net.text(c, name)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	file, err := io.ReadAll(io.LimitReader(text, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(file)) > most || !trace.IsIndex(file):
		return nil, fmt.Errorf("%w: %w", trace.ErrIndex, remote.ErrMissing)
	}
	return file, nil
}

// owns fails unless an index is of the input as it is now. What is far away is known by what its
// server says of it, or by its size and its ends where the index was made of a copy.
func (in *input) owns(x *trace.Index) error {
	id := x.File
	switch far := in.far; {
	case far == nil:
		now, err := in.identify()
		if err != nil {
			return plainPathError(err)
		}
		id = now
	case id.Size != far.Size || id.Tag != "" && id.Tag != far.Tag:
		return trace.ErrStale
	case id.Tag == "" && far.Ranges:
		if err := in.byRanges(); err != nil {
			return err
		}
		now, err := trace.Identify(far.ranged, far.Size, time.Unix(0, id.Modified))
		if err != nil {
			return err
		}
		id = now
	}
	if id != x.File {
		return trace.ErrStale
	}
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
