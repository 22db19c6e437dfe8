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
	"sync/atomic"
	"syscall"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/trace"

	"github.com/klauspost/compress/zstd"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// errPipeClosed says that nobody reads the output any more, which is no failure.
var errPipeClosed = errors.New("the reader of the output has gone")

func outputFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, compressed if it ends in .gz or .zst (default: standard output)"},
		&cli.StringFlag{Name: "compress", Aliases: []string{"z"}, Usage: "`gzip|zstd|none`: how the output is compressed (default: by the ending of its name)"},
		summaryFlag(),
	}, inputFlags()...)
}

// output is where a verb writes. A file appears under its name only when it is
// whole.
type output struct {
	io.Writer
	places *places
	name   string          // as the user calls it
	format trace.Format    // how it is compressed
	gzip   *gzwrite.Writer // nil if the output is not compressed by gzip
	zstd   *zstd.Encoder   // the same of zstd
	stdout io.Writer       // nil for any other output
	head   *head           // of what goes there, where it may have to be taken back; else nil
	file   *os.File        // nil for standard output, and until a file is opened
	path   string          // where the file goes; empty if it is written in place
	mode   fs.FileMode     // of the file that it takes the place of, 0 if there is none
	Bytes  int64           // written, after compression
	dry    bool            // it keeps nothing
}

// dryOutput takes a trace, and writes it nowhere.
func dryOutput(std streams) *output {
	o := &output{places: std.places, dry: true}
	o.Writer = counted{io.Discard, "", &o.Bytes}
	return o
}

// unwritten says so in a summary.
func (o *output) unwritten() string {
	if o.dry {
		return "; nothing written"
	}
	return ""
}

// openOutput opens the output of a verb that writes a trace.
func openOutput(c *cli.Context, std streams) (*output, error) {
	o, err := traceOutput(c, std)
	if err != nil {
		return nil, err
	}
	if c.Command.Name == "strip" && o.stdout != nil {
		o.head = &head{w: o.stdout}
		o.stdout = o.head
	}
	return o, o.open()
}

// outputFormat is how the output is compressed that --output and --compress describe.
func outputFormat(c *cli.Context) (trace.Format, error) {
	return formatOf(c.String("compress"), c.String("output"))
}

// head holds back the start of an output.
type head struct {
	w      io.Writer
	held   []byte
	passed atomic.Bool // they have gone out; asked while a packer writes
}

const headBytes = 256 << 10

func (h *head) Write(p []byte) (int, error) {
	if !h.passed.Load() && len(h.held)+len(p) <= headBytes {
		h.held = append(h.held, p...)
		return len(p), nil
	}
	if err := h.flush(); err != nil {
		return 0, err
	}
	return h.w.Write(p)
}

func (h *head) flush() error {
	if h == nil || h.passed.Load() {
		return nil
	}
	h.passed.Store(true)
	_, err := h.w.Write(h.held)
	h.held = nil
	return err
}

// traceOutput is the output that --output and --compress describe. Nothing is made
// before it is opened.
func traceOutput(c *cli.Context, std streams) (*output, error) {
	format, err := outputFormat(c)
	if err != nil {
		return nil, err
	}
	name := c.String("output")
	if name == "" || name == "-" || descriptor(name) == 1 {
		return std.output(format)
	}
	return newOutput(std, "--output", name, format)
}

// newOutput is the output that a flag names, for a file called name.
func newOutput(std streams, flag, name string, format trace.Format) (o *output, err error) {
	o = &output{places: std.places, name: name, format: format}
	if fd := descriptor(name); fd >= 0 {
		return o, o.inherit(fd)
	}
	var was fs.FileInfo
	if o.path, was, err = std.places.writes("what "+flag+" writes", name); err == nil && was != nil {
		o.mode = was.Mode().Perm()
	}
	return o, err
}

// inherit writes to a descriptor that the process was started with, as that of
// >(cmd) in a shell.
func (o *output) inherit(fd int) (err error) {
	if o.file, err = inherited(fd, o.name); err != nil {
		return hint(fmt.Errorf("%s: can't be written: %w", o.name, withoutPath(err)), "the process has no such descriptor; name a file")
	}
	info, err := o.file.Stat()
	if err == nil && fd != 2 { // whoever asks for standard error wants the two together
		err = o.places.claim(o.name, endpoint{what: o.name, info: info})
	}
	if err != nil {
		o.file.Close()
	}
	return err
}

// output is standard output, for a trace.
func (std streams) output(format trace.Format) (*output, error) {
	o := &output{places: std.places, name: standardOutput, format: format, stdout: std.out}
	if err := std.show(true); err != nil {
		return nil, err
	}
	if name := fileName(std.out); name != "" {
		if named, err := formatOf("", name); err != nil || named != format && named != trace.Plain {
			fmt.Fprintf(std.err, "hint: %s is %s, but what is written is %s; write with -o %[2]s\n", o.name, name, packedAs(format))
		}
	}
	return o, o.sparing(std.out)
}

// show notes that a verb writes to standard output, and fails if that is closed and
// all that there will be.
func (std streams) show(all bool) error {
	std.places.shows()
	if !all || !isClosed(std.out) {
		return nil
	}
	return outputError{hint(fmt.Errorf("%s: is closed", standardOutput), "write to a file or a pipe; to keep only the exit status, > %s", os.DevNull)}
}

// print writes a text that is all there will be.
func (std streams) print(text string) error {
	if err := std.show(true); err != nil {
		return err
	}
	_, err := io.WriteString(std.out, text)
	return writeError(err)
}

// sparing refuses to write to a terminal what is no text.
func (o *output) sparing(w any) error {
	if o.format == trace.Plain || !isTerminal(w) {
		return nil
	}
	return hint(usage("%s: is a terminal, which can't show what is compressed", o.name), "write to a file, with -o FILE, or into a pipe")
}

// open makes the file, under another name until it is whole. What is there and no
// regular file, a device or a FIFO, is written in place.
func (o *output) open() (err error) {
	w := o.stdout
	switch {
	case w != nil:
	case o.path != "":
		o.file, err = o.places.makeTemporary(o.path, temporaryPrefix(o.path))
	case o.file == nil:
		o.file, err = os.OpenFile(o.name, os.O_WRONLY, 0)
	}
	if err != nil {
		return unmade(o.name, err)
	}
	if o.file != nil {
		w = o.file
		if err := o.sparing(o.file); err != nil {
			o.Abort()
			return err
		}
	}
	o.Writer = counted{w, o.name, &o.Bytes}
	switch o.format {
	case trace.Gzip:
		o.gzip = gzwrite.NewWriter(o.Writer, gzwrite.Options{})
		o.Writer = o.gzip
	case trace.Zstd:
		if o.zstd, err = zstd.NewWriter(o.Writer, zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
			o.Abort()
			return err
		}
		o.Writer = o.zstd
	}
	return nil
}

// trace returns what writes a trace to o.
func (o *output) trace() *trace.Writer {
	if o.gzip != nil {
		return trace.NewPackedWriter(o.gzip)
	}
	return trace.NewWriter(o.Writer)
}

// endPacking writes the end of what is packed.
func (o *output) endPacking() error {
	switch {
	case o.gzip != nil:
		return o.gzip.Close()
	case o.zstd != nil:
		return o.zstd.Close()
	}
	return nil
}

// restart throws away what was written, for why, and begins again.
func (o *output) restart(why error) error {
	if o == nil {
		return nil
	}
	if !o.restarts() {
		return hint(fmt.Errorf("%s: what was written can't be taken back: %w", o.name, why), "write to a file, with -o FILE")
	}
	if o.head != nil {
		o.head.held = o.head.held[:0]
	}
	o.Abort()
	o.Bytes, o.gzip, o.zstd, o.file = 0, nil, nil, nil
	if o.dry {
		return nil
	}
	return o.open()
}

// restarts reports whether what was written can be thrown away.
func (o *output) restarts() bool {
	return o.dry || o.path != "" || o.head != nil && !o.head.passed.Load()
}

// Commit ends the output and gives the file its name.
func (o *output) Commit() error {
	if err := o.endPacking(); err != nil {
		o.Abort()
		return writingTo(o.name, err)
	}
	if err := o.head.flush(); err != nil {
		return writingTo(o.name, err)
	}
	if o.file == nil {
		return nil
	}
	if o.path == "" {
		return writingTo(o.name, o.file.Close())
	}
	var err error
	if o.mode != 0 {
		err = o.file.Chmod(o.mode)
	}
	if closed := o.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		o.places.remove(o.file.Name())
	} else {
		err = o.places.rename(o.file.Name(), o.path)
	}
	return writingTo(o.name, err)
}

// Abort leaves nothing behind.
func (o *output) Abort() {
	if o.gzip != nil {
		o.gzip.Abort()
	}
	if o.file == nil {
		return
	}
	o.file.Close()
	o.places.remove(o.file.Name())
}

// writeFile writes a file that is whole as soon as it has its name.
func (o *output) writeFile(data []byte) error {
	if err := o.open(); err != nil {
		return err
	}
	if _, err := o.Write(data); err != nil {
		o.Abort()
		return err
	}
	return o.Commit()
}

// temporaryPrefix begins the names of temporary files for the file path. A name may
// be as long as the system allows, so not all of it is in that of a temporary one.
func temporaryPrefix(path string) string {
	base := filepath.Base(path)
	return "." + strings.ToValidUTF8(base[:min(len(base), 200)], "") + "."
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
	case isFull(err):
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
	return ok && term.IsTerminal(int(f.Fd()))
}
