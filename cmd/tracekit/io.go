package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"tracekit/internal/progress"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/requests"

	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v2"
)

// streams are the three standard ones. What is said on err may name things of a
// trace, so that it is made safe to show; the line of progress goes past that.
type streams struct {
	in        io.Reader
	out, err  io.Writer
	unguarded io.Writer // err as it is
}

// errPipeClosed says that nobody reads the output any more, which is no failure.
var errPipeClosed = errors.New("the reader of the output has gone")

// inputFlags are the flags of every verb, outputFlags those of verbs that write
// a trace.
func inputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing on standard error but warnings and errors"},
		&cli.BoolFlag{Name: "strict", Usage: "fail, and write nothing, if something of the input can't be kept"},
		maxSizeFlag(),
	}
}

func maxSizeFlag() cli.Flag {
	return &cli.StringFlag{Name: "max-size", Usage: "refuse an input of more than `SIZE` of JSON, such as 100GB"}
}

func outputFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, compressed if it ends in .gz or .zst (default: standard output)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"z"}, Usage: "`gzip|zstd|none`: how the output is compressed (default: by the ending of its name)"},
	}, inputFlags()...)
}

func tmpdirFlag() cli.Flag {
	return &cli.StringFlag{Name: "tmpdir", Usage: "keep temporary data in `DIR`"}
}

// input is the trace a verb reads.
type input struct {
	*trace.Source // nil if the verb looks at the packing itself
	name          string
	file          *os.File // nil for standard input
	r             io.Reader
	size          int64       // of r, negative for a pipe
	was           os.FileInfo // of a regular file, before anything was read of it
	meter         *progress.Meter
}

// openInput opens the verb's FILE, or standard input. twice says that the verb
// reads it two times.
func openInput(c *cli.Context, std streams, twice bool) (*input, error) {
	name, err := oneInput(c)
	if err != nil {
		return nil, err
	}
	return openNamed(c, std, name, twice)
}

func oneInput(c *cli.Context) (string, error) {
	if c.NArg() > 1 {
		return "", usage("one input at a time: %q and %q", c.Args().Get(0), c.Args().Get(1))
	}
	return c.Args().First(), nil
}

// openNamed is openInput for the input called name.
func openNamed(c *cli.Context, std streams, name string, twice bool) (*input, error) {
	in, err := openUnread(c, std, name)
	if err != nil {
		return nil, err
	}
	o, err := sourceOptions(c)
	if err != nil {
		return nil, in.fail(err)
	}
	if twice {
		o.Spool = func() (*spill.File, error) { return spill.Create(c.String("tmpdir")) }
	} else {
		in.was = nil
	}
	kind, err := compression(c.String("compress"), c.String("output"))
	if err != nil {
		return nil, in.fail(err)
	}
	o.Record = kind == trace.Gzip
	if in.Source, err = trace.NewSource(in.r, in.size, o); err != nil {
		return nil, in.fail(in.wrap(err))
	}
	if twice && in.file != nil && in.size >= 0 {
		in.useIndex(std)
	}
	return in, nil
}

// openUnread opens the input called name, whatever is in it.
func openUnread(c *cli.Context, std streams, name string) (*input, error) {
	in := &input{name: name, r: std.in, size: -1}
	if name == "" || name == "-" {
		if name == "" && isTerminal(std.in) {
			return nil, hint(usage("no input"), "name a FILE, or pipe a trace in")
		}
		in.name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, plainPathError(err)
		}
		in.file, in.r = f, f
	}
	if f, ok := in.r.(*os.File); ok {
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, in.fail(in.wrap(err))
		case info.IsDir():
			return nil, in.fail(hint(fmt.Errorf("%s: is a directory", in.name), "name one trace file in it"))
		case info.Mode().IsRegular() && atStart(f):
			in.size, in.was = info.Size(), info
		}
	}
	in.meter = progress.New(std.unguarded, in.size, !c.Bool("quiet") && isTerminal(std.unguarded))
	if in.size >= 0 {
		in.r = in.meter.File(in.r.(*os.File))
	} else {
		in.r = newInterruptible(c.Context, in.meter.Reader(in.r))
	}
	return in, nil
}

func sourceOptions(c *cli.Context) (o trace.SourceOptions, err error) {
	if c.IsSet("max-size") {
		if o.MaxText, err = parseAmount(c.String("max-size"), "B"); err != nil {
			return o, usage("--max-size %v", err)
		}
	}
	return o, nil
}

// atStart reports whether f is read from its first byte on; a file on standard
// input may have been read before.
func atStart(f *os.File) bool {
	at, err := f.Seek(0, io.SeekCurrent)
	return err == nil && at == 0
}

// wrap names the input in err and adds a hint where there is one to give. What
// went wrong elsewhere is not the input's fault.
func (in *input) wrap(err error) error {
	var elsewhere outputError
	switch {
	case err == nil, errors.Is(err, errPipeClosed):
		return err
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.As(err, &elsewhere):
		return elsewhere
	case errors.Is(err, spill.ErrNoRoom):
		return hint(err, "name a folder that has room: --tmpdir DIR")
	case errors.Is(err, trace.ErrEmpty), errors.Is(err, trace.ErrNotTrace), errors.Is(err, trace.ErrNoEvents):
		return hint(fmt.Errorf("%s: %w", in.name, err), "a trace is JSON with a traceEvents array, or an array of events; it may be packed with gzip, zstd or zip")
	case errors.Is(err, trace.ErrTooMuch):
		return hint(fmt.Errorf("%s: %w", in.name, err), "allow for more with --max-size, if the file is what it should be")
	case errors.Is(err, trace.ErrChanged):
		return hint(fmt.Errorf("%s: %w", in.name, err), "wait until the profiler has finished writing it")
	}
	return fmt.Errorf("%s: %w", in.name, err)
}

// settled reports that a file was written to while it was read: what was made of
// two readings is then of two traces.
func (in *input) settled() error {
	if in.was == nil || in.file == nil {
		return nil
	}
	now, err := in.file.Stat()
	if err == nil && (now.Size() != in.was.Size() || !now.ModTime().Equal(in.was.ModTime())) {
		err = trace.ErrChanged
	}
	return err
}

func (in *input) fail(err error) error {
	in.Close()
	return err
}

// Close closes the input.
func (in *input) Close() {
	if in.meter != nil {
		in.meter.Stop()
	}
	if in.Source != nil {
		in.Source.Close()
	}
	if in.file != nil {
		in.file.Close()
	}
}

// plainPathError says what is wrong with a path without naming a system call.
func plainPathError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}

// output is where a verb writes. A file appears under its name only when it is
// whole.
type output struct {
	io.Writer
	name   string         // as the user calls it
	packer io.WriteCloser // nil if the output is not compressed
	file   *os.File       // nil for standard output
	path   string         // where the file goes; empty if it is written in place
	Bytes  int64          // written, after compression
}

// openOutput prepares the output of a verb that reads in.
func openOutput(c *cli.Context, std streams, in *input) (*output, error) {
	name := c.String("output")
	kind, err := compression(c.String("compress"), name)
	if err != nil {
		return nil, err
	}
	o := &output{name: "standard output"}
	var w io.Writer = std.out
	if name != "" && name != "-" {
		o.name = name
		if err := o.create(name, in); err != nil {
			return nil, err
		}
		w = o.file
	}
	o.Writer = counted{w, o.name, &o.Bytes}
	switch kind {
	case trace.Gzip:
		o.packer = newGzip(o)
	case trace.Zstd:
		if o.packer, err = zstd.NewWriter(o.Writer, zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
			o.Abort()
			return nil, err
		}
	}
	if o.packer != nil {
		o.Writer = o.packer
	}
	return o, nil
}

func compression(kind, name string) (trace.Format, error) {
	switch kind {
	case "gzip", "gz":
		return trace.Gzip, nil
	case "zstd", "zst":
		return trace.Zstd, nil
	case "none":
		return trace.Plain, nil
	case "":
	default:
		return 0, hint(usage("--compress %q", kind), "gzip, zstd or none")
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".gz":
		return trace.Gzip, nil
	case ".zst":
		return trace.Zstd, nil
	}
	return trace.Plain, nil
}

// create opens a temporary file beside the one that it will become. What is
// neither absent nor a regular file, a device or a FIFO, is written in place.
func (o *output) create(name string, in *input) error {
	name = target(name)
	info, err := os.Stat(name)
	if err == nil {
		if in.file != nil {
			if source, err := in.file.Stat(); err == nil && os.SameFile(source, info) {
				return hint(fmt.Errorf("%s: is the input", name), "write to another file; the input is read until the end")
			}
		}
		if info.IsDir() {
			return hint(fmt.Errorf("%s: is a directory", name), "name a file in it")
		}
		if !info.Mode().IsRegular() {
			o.file, err = os.OpenFile(name, os.O_WRONLY, 0)
			return plainPathError(err)
		}
	}
	if o.file, err = createBeside(name); err != nil {
		return err
	}
	o.path = name
	return nil
}

// target is where a path leads, by way of links, even if nothing is there yet.
func target(name string) string {
	if at, err := filepath.EvalSymlinks(name); err == nil {
		return at
	}
	if to, err := os.Readlink(name); err == nil {
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		return to
	}
	return name
}

// temporaryPrefix begins the names of temporary files for the file base. A name may
// be as long as the system allows, so not all of it is in that of a temporary one.
func temporaryPrefix(base string) string {
	return "." + strings.ToValidUTF8(base[:min(len(base), 200)], "") + "."
}

// createBeside makes a temporary file in the folder of name.
func createBeside(name string) (*os.File, error) {
	dir, base := filepath.Split(name)
	prefix := dir + temporaryPrefix(base)
	for try := 0; ; try++ {
		f, err := os.OpenFile(fmt.Sprintf("%s%d-%d.tmp", prefix, os.Getpid(), try), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		var p *fs.PathError
		if errors.As(err, &p) && (!errors.Is(err, fs.ErrExist) || try == 100) {
			return nil, fmt.Errorf("%s: can't be made: %w", name, p.Err)
		}
		if err == nil {
			return f, nil
		}
	}
}

// Commit ends the output and gives the file its name.
func (o *output) Commit() error {
	if o.packer != nil {
		if err := o.packer.Close(); err != nil {
			o.packer = nil
			o.Abort()
			return writingTo(o.name, err)
		}
	}
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	if err == nil && o.path != "" {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil && o.path != "" {
		os.Remove(o.file.Name())
	}
	return writingTo(o.name, err)
}

// Abort leaves nothing behind.
func (o *output) Abort() {
	if p, ok := o.packer.(interface{ Abort() }); ok {
		p.Abort()
	}
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.path != "" {
		os.Remove(o.file.Name())
	}
}

// counted counts what goes through it, and knows a reader that has gone.
type counted struct {
	w    io.Writer
	name string // of w, as the user calls it
	n    *int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	*c.n += int64(n)
	return n, writingTo(c.name, err)
}

// errInterrupted says that the user has had enough.
var errInterrupted = errors.New("interrupted")

// outputError is what went wrong where output goes to.
type outputError struct{ error }

func (e outputError) Unwrap() error { return e.error }

// writeError is an error of writing to standard output.
func writeError(err error) error { return writingTo("standard output", err) }

// writingTo is an error of writing to what the user calls name.
func writingTo(name string, err error) error {
	var known outputError
	switch {
	case err == nil, errors.Is(err, errPipeClosed):
		return err
	case errors.As(err, &known):
		return known
	case isPipeClosed(err):
		return errPipeClosed
	case errors.Is(err, syscall.ENOSPC):
		return outputError{hint(fmt.Errorf("%s: %w", name, withoutPath(err)), "make room, or write to another disk")}
	}
	return outputError{fmt.Errorf("%s: can't be written: %w", name, withoutPath(err))}
}

// isPipeClosed reports that nobody reads a pipe any more.
func isPipeClosed(err error) bool {
	const noData, broken = syscall.Errno(232), syscall.Errno(109) // what Windows says
	return errors.Is(err, syscall.EPIPE) || runtime.GOOS == "windows" && (errors.Is(err, noData) || errors.Is(err, broken))
}

// withoutPath is the cause of an error with a path, which may be a temporary one.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readRequests reads a file of requests.
func readRequests(name string, o requests.FileOptions) ([]requests.Record, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plainPathError(err)
	}
	defer f.Close()
	records, err := requests.ReadFile(f, o)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %w", name, err), "it shall be CSV with a header, JSON lines or OpenTelemetry JSON, with an id, a start and an end")
	}
	return records, nil
}
