// Command tracekit turns traces that are too big to open into traces that open.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"tracekit/internal/term"

	"github.com/urfave/cli/v2"
)

// Exit statuses, the same for every verb.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitDamaged = 3
	exitNo      = 4
)

func main() {
	ctx, stop := withSignals(context.Background())
	defer stop()
	spareMemory()
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command: everything that it reads and writes is handed in. When
// ctx ends, so does the work; what waits for others then, such as for the reader of
// a pipe, is left behind.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	std := newStreams(stdin, stdout, stderr)
	defer std.net.Close()
	std.places.hide(args)
	app := appOf(std)
	if mayShowHelp(args) {
		addHelp(app)
	}
	help := &failing{w: stdout}
	app.Writer = help
	signal.Ignore(syscall.SIGPIPE) // a write says so, and is no failure
	ended := make(chan error, 1)
	go func() { ended <- app.RunContext(ctx, flagsFirst(app, args)) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		select {
		case err = <-ended:
		case <-time.After(patience):
			std.places.abandon()
			err = errInterrupted
		}
	}
	if err == nil {
		err = writeError(help.err)
	}
	return report(ctx, err, helpFor(app, args), app.ErrWriter)
}

// failing remembers the first error of a writer, of which the command library
// takes no notice.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if f.err == nil {
		f.err = err
	}
	return n, err
}

func newStreams(stdin io.Reader, stdout, stderr io.Writer) streams {
	files := newPlaces(stdin, stdout, stderr)
	return streams{in: stdin, out: stdout, err: term.SafeLines{W: files.messages(stderr)}, unguarded: stderr, places: files, net: newNetwork()}
}

// appOf lists the verbs.
func appOf(std streams) *cli.App {
	app := &cli.App{
		Name:        "tracekit",
		Usage:       "turn traces that are too big to open into traces that open",
		UsageText:   "tracekit VERB [FLAGS] [FILE|-]",
		Description: overviewText,
		Version:     version(),
		Reader:      std.in, Writer: std.out, ErrWriter: std.err,
		Flags:                     []cli.Flag{cli.HelpFlag}, // the library adds it only where help is its own
		HideHelpCommand:           true,
		UseShortOptionHandling:    false,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              wrongFlag,
		Action:                    noVerb,
		Commands: []*cli.Command{
			sliceCommand(std),
			stripCommand(std),
			filterCommand(std),
			downsampleCommand(std),
			splitCommand(std),
			mergeCommand(std),
			indexCommand(std),
			openCommand(std),
			infoCommand(std),
			reportCommand(std),
			compareCommand(std),
			checkCommand(std),
			repairCommand(std),
			helpCommand(),
			versionCommand(),
			completionCommand(std),
			completeCommand(std),
			manCommand(std),
		},
	}
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
		c.Before = noEmptyNames
		c.HideHelpCommand = true // a file may be called help
		boundMemory(c)
		reachFar(c, std)
		takeMany(c, std)
		for _, f := range c.Flags {
			if b, is := f.(*cli.BoolFlag); is {
				b.DisableDefaultText = true
			}
		}
	}
	return app
}

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// damagedError says that the work is done, but not all of the input could be
// kept.
type damagedError struct{ error }

func (d damagedError) Unwrap() error { return d.error }

// noError says that the work is done, and that the answer is no: the status alone has yet to
// say so.
type noError struct {
	error
	status int
}

func (e noError) Unwrap() error { return e.error }

// folded breaks a long line of things between commas.
func folded(line string) string {
	const width, indent = 100, "\n      "
	var b strings.Builder
	at := 0
	for part := range strings.SplitAfterSeq(line, ", ") {
		n := utf8.RuneCountInString(part)
		if at > 0 && at+n > width {
			b.WriteString(indent)
			at = 0
		}
		b.WriteString(part)
		at += n
	}
	return strings.ReplaceAll(b.String(), " "+indent, indent)
}

// hinted carries lines on what to do about an error.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

// report says what went wrong and maps it to an exit status. help is the command
// that tells how to do it right.
func report(ctx context.Context, err error, help string, stderr io.Writer) int {
	if err == nil || errors.Is(err, errPipeClosed) {
		return exitDone
	}
	var (
		wrong   usageError
		damaged damagedError
		no      noError
		h       hinted
	)
	label := "error"
	status := exitFailed
	switch {
	case errors.As(err, &damaged):
		label, status = "warning", exitDamaged
	case errors.As(err, &no):
		return no.status
	case errors.As(err, &wrong):
		status = exitUsage
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		err, status = errInterrupted, statusOf(context.Cause(ctx))
	}
	fmt.Fprintf(stderr, "tracekit: %s: %v\n", label, err)
	if errors.As(err, &h) {
		for line := range strings.SplitSeq(h.hint, "\n") {
			fmt.Fprintf(stderr, "hint: %s\n", folded(line))
		}
	} else if status == exitUsage {
		fmt.Fprintf(stderr, "hint: %s shows how it is used\n", help)
	}
	return status
}
