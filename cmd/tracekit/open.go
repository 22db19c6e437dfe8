package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/open"
	"tracekit/transform/page"
	"tracekit/transform/requests"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

func openCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "open",
		Usage:     "look at a trace of any size in the browser, and open pieces of it in Perfetto",
		UsageText: "tracekit open [--perfetto] [RANGE] [FLAGS] [FILE|-]",
		Description: `Serves a page on this machine that shows the run over time while the trace is
still being read, and opens it in the browser. Choose a range there, or a step, a
request or a recompilation, and what to leave out: "Open in Perfetto" cuts that
piece, as slice and strip do, and hands it to Perfetto's page in the same browser.
Nothing leaves the machine. The server ends with ^C, or an hour after the last
request. A RANGE is preselected on the page; with --perfetto it is opened at once.
--strip and --device set the page's initial choices, --boundary applies to every
piece.

` + rangeHelp + `

EXAMPLES
   tracekit open big.json.gz
   tracekit open --strip python --device launched big.json.gz
   tracekit open --perfetto --step 120..128 big.json.gz
   tracekit open --no-browser --listen 127.0.0.1:8080 big.json.gz

` + exitText,
		Flags: append(append(append(append([]cli.Flag{
			&cli.BoolFlag{Name: "perfetto", Usage: "open the trace or the RANGE in Perfetto at once, without an overview"},
			&cli.StringFlag{Name: "ui", Value: open.Perfetto, Usage: "the viewer is at `URL`"},
			&cli.BoolFlag{Name: "no-browser", Usage: "start no browser, only print the address"},
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:0", Usage: "serve at `ADDRESS:PORT`; port 0 stands for any free port"},
			&cli.BoolFlag{Name: "save-index", Usage: "write the index that is built to FILE.tkx"},
			tmpdirFlag(),
		}, rangeFlags()...), markerFlags()...), requestFlags()...), append(append(cutFlags(), givenFlags()...), inputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := newOpener(c, std)
			if err != nil {
				return err
			}
			defer o.in.Close()
			return o.run()
		},
	}
}

// opener is a run of open.
type opener struct {
	*cli.Context
	std      streams
	in       *input
	listen   net.Listener
	viewer   open.Viewer
	reading  *open.Reading
	server   *open.Server
	finder   *requests.Finder
	ranged   *window.Finder // nil unless it finds the range that is marked at first
	marked   *page.Mark     // that range
	saved    *output        // where the index is kept, nil if it is not
	given    filter.Given
	stripped []string            // kinds that are left out at first
	flags    map[string][]string // of the verbs that cut pieces
}

// idle is after how long without a request the server ends.
const idle = time.Hour

func newOpener(c *cli.Context, std streams) (o *opener, err error) {
	o = &opener{Context: c, std: std}
	if o.viewer, err = open.ParseViewer(c.String("ui")); err != nil {
		return nil, usage("--ui %q: %v", c.String("ui"), err)
	}
	if o.given, err = givenOf(c); err != nil {
		return nil, err
	}
	if err := o.ranges(); err != nil {
		return nil, err
	}
	if err := o.cuts(); err != nil {
		return nil, err
	}
	o.flags = pieceFlags(c)
	if err := std.show(true); err != nil {
		return nil, err
	}
	if o.in, err = openInput(c, std, how{again: true, seek: true, index: true}); err != nil {
		return nil, err
	}
	if c.Bool("save-index") {
		if remote.Is(o.in.arg) {
			return nil, o.in.fail(hint(usage("--save-index: nothing is written to %s", o.in.name), "make it first: %s", o.in.indexCall()))
		}
		if o.in.file == nil {
			return nil, o.in.fail(usage("--save-index: standard input has no name to keep an index under"))
		}
		if o.saved, err = newOutput(std, "--save-index", o.in.name+indexSuffix, trace.Plain); err != nil {
			return nil, o.in.fail(err)
		}
	}
	if o.listen, err = listenAt(c.String("listen")); err != nil {
		return nil, o.in.fail(err)
	}
	return o, nil
}

// ranges reads the flags that name one.
func (o *opener) ranges() error {
	from, err := requestsOf(o.Context, o.std)
	if err != nil {
		return err
	}
	if o.finder, err = requests.NewFinder(from); err != nil {
		return usage("%v", err)
	}
	some := o.IsSet("pad")
	for _, w := range ways {
		some = some || o.IsSet(w.name)
	}
	if !some {
		return nil
	}
	r, err := rangeOf(o.Context)
	if err != nil {
		return err
	}
	if !o.IsSet("request") {
		o.ranged, err = window.NewFinder(r)
	}
	return err
}

// cuts reads the flags that say how pieces are cut.
func (o *opener) cuts() error {
	if _, _, err := cutOf(o.Context); err != nil {
		return err
	}
	if o.Bool("perfetto") {
		if err := cutsRange(o.Context); err != nil {
			return err
		}
	}
	kinds, err := stripKinds(o.Context)
	if kinds != nil {
		o.stripped = kinds.Kinds()
	}
	return err
}

// listenAt listens at an address, which fails where that would keep Perfetto from
// listening to the page.
func listenAt(address string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return nil, hint(usage("--listen %q: %v", address, err), "such as 127.0.0.1:8080, or 0.0.0.0:8080 for other machines too")
	case port == open.ProcessorPort:
		return nil, hint(usage("--listen %s: Perfetto looks for a trace processor of its own at that port", address), "name another port")
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, hint(fmt.Errorf("--listen %s: %w", address, err), "name another port, or 0 for any that is free")
	}
	return l, nil
}

// run serves until the user, or an hour without a request, ends it.
func (o *opener) run() error {
	o.reading = open.NewReading(o.in.meter.Far)
	o.server = open.New(open.Options{
		Name: o.name(), Listen: o.String("listen"), Viewer: o.viewer, Reading: o.reading, Idle: idle,
		Make: o.make, Counts: o.in.Format() != trace.Zstd, Whole: o.whole(), Source: o.source,
		Spill: func() (*spill.File, error) { return spill.Create(o.String("tmpdir")) },
	})
	defer o.server.Close()
	defer o.listen.Close()
	ctx, end := o.serving()
	defer end(nil)
	var made *open.Made
	if o.Bool("perfetto") {
		var err error
		if made, err = o.prepare(ctx); err == nil {
			err = o.serveLarge(ctx, made)
		}
		if err != nil {
			return o.in.wrap(rangeError(err))
		}
	} else {
		go func() {
			err := o.in.wrap(rangeError(o.read(ctx)))
			o.in.meter.Stop()
			o.reading.End(readable(err))
			if err != nil && ctx.Err() == nil {
				time.Sleep(failureShown) // so that the page can tell why
				end(err)
			}
		}()
	}
	if err := o.announce(made); err != nil {
		return err
	}
	if made != nil && !o.Bool("quiet") && made.Note != "" {
		fmt.Fprintln(o.std.err, made.Note)
	}
	err := o.server.Serve(ctx, o.listen)
	if cause := context.Cause(ctx); err == nil && cause != nil && (o.Context.Context.Err() == nil || isExceeded(cause)) {
		err = cause
	}
	return err
}

// serving returns a context that ends with that of the command; a while later if its bound of
// memory was exceeded, so that the page can tell why.
func (o *opener) serving() (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(context.WithoutCancel(o.Context.Context))
	stop := context.AfterFunc(o.Context.Context, func() {
		cause := context.Cause(o.Context.Context)
		if isExceeded(cause) {
			time.Sleep(failureShown)
		}
		end(cause)
	})
	return ctx, func(cause error) {
		stop()
		end(cause)
	}
}

func isExceeded(err error) bool { return errors.As(err, new(*budget.Error)) }

// failureShown is how long the server stays when the trace can't be read.
const failureShown = 3 * time.Second

// name is what commands call the trace by, empty if it has no name.
func (o *opener) name() string {
	if !o.in.named() {
		return ""
	}
	return o.in.name
}

// serveLarge lets the viewer fetch what is too large for a page to hand over.
func (o *opener) serveLarge(ctx context.Context, made *open.Made) error {
	if !o.isLarge(made) {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+open.ProcessorPort)
	if err != nil {
		return outputError{hint(fmt.Errorf("the viewer fetches from port %s of this machine only: %w", open.ProcessorPort, err), "end what listens there, such as a trace processor, or choose a smaller range")}
	}
	go open.Serve(ctx, l, o.server.Pieces())
	return nil
}

// isLarge reports whether the viewer has to fetch a piece.
func (o *opener) isLarge(made *open.Made) bool {
	return made != nil && made.Bytes > open.MostHanded && o.viewer.Shakes
}
