package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"tracekit/trace"

	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v2"
)

// errPipeClosed says that nobody reads the output any more, which is no failure.
var errPipeClosed = errors.New("the reader of the output has gone")

func outputFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, compressed if it ends in .gz or .zst (default: standard output)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"z"}, Usage: "`gzip|zstd|none`: how the output is compressed (default: by the ending of its name)"},
	}, inputFlags()...)
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

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull
}
