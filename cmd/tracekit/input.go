package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/requests"

	"github.com/urfave/cli/v2"
)

// streams are the three standard ones. What is said on err may name things of a
// trace, so that it is made safe to show; the line of progress goes past that.
type streams struct {
	in        io.Reader
	out, err  io.Writer
	unguarded io.Writer // err as it is
	places    *places   // what is read and written
	net       *network  // what is far away

	index *trace.Index // of the input, where this process has made one; else nil

	summary *bytes.Buffer // takes what --summary asks for, of one of several inputs; else nil
	part    *term.Part    // of the progress of a call that has several inputs; else nil
}

// inputFlags are the flags of every verb, outputFlags those of verbs that write
// a trace.
func inputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print only warnings and errors on standard error"},
		&cli.BoolFlag{Name: "strict", Usage: "fail, and write nothing, if something of the input can't be kept or is not valid JSON"},
		maxSizeFlag(),
	}
}

func maxSizeFlag() cli.Flag {
	return &cli.StringFlag{Name: "max-size", Usage: "refuse an input of more than `SIZE` of JSON, such as 100GB"}
}

func tmpdirFlag() cli.Flag {
	return &cli.StringFlag{Name: "tmpdir", Usage: "keep temporary data in `DIR`"}
}

// input is the trace a verb reads.
type input struct {
	*trace.Source // nil if the verb looks at the packing itself
	name          string
	arg           string   // what names it in the call, with what may be secret in it; empty for standard input
	file          *os.File // nil for standard input, and what is far away
	far           *farFile // nil for what is at hand
	net           *network
	r             io.Reader
	size          int64       // of r, negative for a pipe
	of            *os.File    // the regular file that r reads, nil for all else
	was           os.FileInfo // of it, before anything was read
	how           how
	index         *trace.Index // that it relies on, nil if there is none
	kept          *spill.File  // what came through a pipe, if it may be read again; else nil
	meter         *term.Meter
	places        *places
}

// how a verb reads its input.
type how struct {
	twice  bool         // it reads it two times
	to     trace.Format // what it makes of it: gzip may be copied as it is packed
	verify bool         // it tells what is no JSON to the letter, as --strict does
	again  bool         // it may have to begin again: what comes through a pipe is kept, as it is packed
	seek   bool         // it goes to parts of it, by an index if there is one
	index  bool         // it makes an index of it
	file   bool         // it opens it several times
}

// usesIndex reports whether an index is looked for. One does not say what is JSON.
func (h how) usesIndex(c *cli.Context) bool {
	return h.seek || h.twice && !c.Bool("strict") && !h.verify
}

// openInput opens the verb's FILE, or standard input.
func openInput(c *cli.Context, std streams, h how) (*input, error) {
	name, err := oneInput(c)
	if err != nil {
		return nil, err
	}
	return openNamed(c, std, name, h)
}

func oneInput(c *cli.Context) (string, error) {
	if c.NArg() > 1 {
		return "", usage("one input at a time: %q and %q", remote.Shown(c.Args().Get(0)), remote.Shown(c.Args().Get(1)))
	}
	return c.Args().First(), nil
}

// openNamed is openInput for the input called name.
func openNamed(c *cli.Context, std streams, name string, h how) (*input, error) {
	in, err := openUnread(c, std, name)
	if err != nil {
		return nil, err
	}
	in.how = h
	if in.far != nil {
		if err := in.approach(c, std); err != nil {
			return nil, in.fail(in.wrap(err))
		}
	}
	if h.again && in.size < 0 {
		if in.kept, err = spill.Create(c.String("tmpdir")); err != nil {
			return nil, in.fail(err)
		}
		in.r = io.TeeReader(in.r, in.kept)
	}
	if err := in.open(c); err != nil {
		return nil, in.fail(err)
	}
	if h.twice && std.index != nil {
		if err := in.rely(std.index); err != nil {
			return nil, in.fail(err)
		}
		return in, nil
	}
	if h.usesIndex(c) && in.size >= 0 {
		if err := in.useIndex(c, std); err != nil {
			return nil, in.fail(err)
		}
	}
	if h.twice && in.index == nil && in.size > 0 {
		in.meter.Expect(2 * in.size)
	}
	return in, nil
}

// open makes in's Source.
func (in *input) open(c *cli.Context) error {
	o, err := sourceOptions(c)
	if err != nil {
		return err
	}
	o.Verify = o.Verify || in.how.verify
	if in.how.twice {
		o.Spool = spill.In(c.String("tmpdir"))
	}
	o.Record = in.how.to == trace.Gzip
	if in.far != nil {
		o.Packed = func() int64 { return in.far.Size }
		if in.size >= 0 && in.far.ranged != nil {
			o.Far = in.far
		}
	}
	in.Source, err = trace.NewSource(in.r, in.size, o)
	return in.wrap(err)
}

// reopen lets an input be read from its start once more.
func (in *input) reopen(c *cli.Context) error {
	in.Source.Close()
	if in.size < 0 {
		if _, err := io.Copy(io.Discard, in.r); err != nil {
			return in.wrap(err)
		}
		in.size = in.kept.Size()
		in.r = io.NewSectionReader(in.kept, 0, in.size)
	}
	return in.open(c)
}

// readings returns what reads the input from its start each time, the first time without
// opening it again.
func (in *input) readings(c *cli.Context) pipeline.Reading {
	opened := true
	return func() (trace.Stream, error) {
		if !opened {
			if err := in.reopen(c); err != nil {
				return nil, err
			}
		}
		opened = false
		return in.Read()
	}
}

// openUnread opens the input called name, whatever is in it.
func openUnread(c *cli.Context, std streams, name string) (*input, error) {
	if remote.Is(name) {
		return openFar(c, std, name)
	}
	in := &input{name: name, r: std.in, size: -1, places: std.places}
	if name == "" || name == "-" {
		if err := noInput(name, std.in); err != nil {
			return nil, err
		}
		in.name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, unread(err)
		}
		in.arg, in.file, in.r = name, f, f
	}
	if f, ok := in.r.(*os.File); ok {
		if err := in.inspect(f); err != nil {
			return nil, in.fail(err)
		}
	}
	kept, isKept := in.r.(*io.SectionReader) // what came through a pipe before
	if isKept {
		in.size = kept.Size()
	}
	in.meter = std.meter(c, in.size)
	switch {
	case isKept:
	case in.size >= 0:
		in.r = in.meter.File(in.r.(*os.File))
	default:
		in.r = newInterruptible(c.Context, in.meter.Reader(in.r))
	}
	return in, nil
}

// named reports whether the input can be opened again by its name.
func (in *input) named() bool { return in.file != nil || in.far != nil && in.far.ranged != nil }

// noInput tells that there is nothing on standard input, from which a trace is
// expected: nobody is meant to type one, unless it is asked for with a dash.
func noInput(name string, stdin io.Reader) error {
	switch {
	case isClosed(stdin):
		return hint(usage("no input: standard input is closed"), "name a FILE, or pipe a trace in")
	case name == "" && isTerminal(stdin):
		return hint(usage("no input"), "name a FILE, or pipe a trace in")
	}
	return nil
}

// inspect notes what f is. A file of no size may be one that the system makes up as it
// is read, such as those in /proc, and is read like a pipe.
func (in *input) inspect(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return in.wrap(err)
	case info.IsDir():
		return hint(fmt.Errorf("%s: is a directory", in.name), "name one trace file in it")
	case info.Mode().IsRegular() && info.Size() > 0 && atStart(f):
		in.size, in.of, in.was = info.Size(), f, info
	}
	return in.places.reads("the input", info)
}

func sourceOptions(c *cli.Context) (o trace.SourceOptions, err error) {
	o.Verify = c.Bool("strict")
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
	case errors.As(err, new(*remote.Error)):
		return farError(in.name, err)
	case errors.Is(err, trace.ErrEmpty) && in.arg == "" && in.of == nil:
		return fmt.Errorf("%s: nothing came through the pipe: did the command before it fail?", in.name)
	case errors.Is(err, trace.ErrEmpty), errors.Is(err, trace.ErrNotTrace), errors.Is(err, trace.ErrNoEvents):
		return hint(fmt.Errorf("%s: %w", in.name, err), "a trace is JSON with a traceEvents array, or an array of events; it may be packed with gzip, zstd or zip")
	case errors.Is(err, trace.ErrTooMuch):
		return hint(fmt.Errorf("%s: %w", in.name, err), "allow for more with --max-size, if the file is what it should be")
	case errors.Is(err, trace.ErrMisfit):
		return hint(fmt.Errorf("%s: %w", in.name, err), "make a new one: %s", in.indexCall())
	case errors.Is(err, trace.ErrChanged):
		return hint(fmt.Errorf("%s: %w", in.name, err), "wait until the profiler has finished writing it")
	}
	return fmt.Errorf("%s: %w", in.name, err)
}

// checkUnchanged reports that a file was written to while it was read: what was made of
// it is then of not a trace that ever was.
func (in *input) checkUnchanged() error {
	if in.was == nil {
		return nil
	}
	now, err := in.of.Stat()
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
	if in.far != nil {
		in.far.Close()
	}
	if in.kept != nil {
		in.kept.Close()
	}
}

// readRequests reads a file of requests.
func readRequests(c *cli.Context, std streams, name string, o requests.FileOptions) ([]requests.Record, error) {
	f, err := openText(c, std, "what --requests reads", name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := requests.ReadFile(f, o)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %s", remote.Shown(name), term.Short(err.Error(), 300)), "it has to be CSV with a header, JSON lines, OpenTelemetry JSON or a result of vllm bench serve, with an id, a start and an end; "+requestTimes)
	}
	return records, nil
}

// openText opens a file that is not a trace, wherever it is.
func openText(c *cli.Context, std streams, what, name string) (io.ReadCloser, error) {
	if remote.Is(name) {
		return std.net.text(c, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = plainPathError(err)
	case info.IsDir():
		err = hint(fmt.Errorf("%s: is a directory", name), "name one file in it")
	default:
		err = std.places.reads(what, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// openIf opens an input whose first bytes, so many of them, are what is looked for; nil if they
// are not, and for what may be read once only.
func openIf(c *cli.Context, std streams, name string, size int, is func(head []byte) bool) (io.ReadCloser, error) {
	if remote.Is(name) {
		head, err := std.net.peek(c, name)
		if err != nil || !is(head[:min(len(head), size)]) {
			return nil, err
		}
		return std.net.text(c, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil
	}
	in := bufio.NewReaderSize(f, size)
	head, err := in.Peek(size)
	if err == nil || errors.Is(err, io.EOF) {
		err = nil
		if is(head) {
			if err = std.places.reads("the input", info); err == nil {
				return struct {
					io.Reader
					io.Closer
				}{in, f}, nil
			}
		}
	}
	f.Close()
	return nil, plainPathError(err)
}

// errInterrupted says that the user has had enough.
var errInterrupted = errors.New("interrupted")

// plainPathError says what is wrong with a path without naming a system call.
func plainPathError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}

// unread says why a file can't be opened to be read, and what to do about it.
func unread(err error) error {
	told := plainPathError(err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint(told, "is the name right, and seen from this folder?")
	case errors.Is(err, fs.ErrPermission):
		return hint(told, "ask whoever owns it for the right to read it")
	case errors.Is(err, syscall.ENXIO):
		return hint(told, "a socket is read by what connects to it; pipe that in")
	}
	return hint(told, "name a trace file")
}
