// Command tracekit turns traces that are too big to open into traces that open.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"tracekit/internal/term"

	"github.com/urfave/cli/v2"
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
		acceptMany(c, std)
		for _, f := range c.Flags {
			if b, is := f.(*cli.BoolFlag); is {
				b.DisableDefaultText = true
			}
		}
	}
	return app
}
