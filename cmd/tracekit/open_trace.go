package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/index"
	"tracekit/transform/open"
	"tracekit/transform/page"
	"tracekit/transform/requests"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

// prepare makes the piece that is opened at once.
func (o *opener) prepare(ctx context.Context) (*open.Made, error) {
	if err := o.keepPipe(); err != nil {
		return nil, err
	}
	o.std.index = o.in.index
	o.reading.Ready()
	verbs, title := o.asked()
	return o.server.Prepare(ctx, verbs, title)
}

// asked are the commands for what flags name, and what to call it.
func (o *opener) asked() (verbs [][]string, title string) {
	verb := []string{"slice"}
	for _, f := range append(append(rangeFlags(), markerFlags()...), requestFlags()...) {
		name := f.Names()[0]
		if !o.IsSet(name) {
			continue
		}
		switch f.(type) {
		case *cli.BoolFlag:
			verb = append(verb, "--"+name)
		case *cli.StringSliceFlag:
			for _, v := range o.StringSlice(name) {
				verb = append(verb, "--"+name, v)
			}
		default:
			verb = append(verb, "--"+name, o.String(name))
		}
	}
	title = strings.Join(append([]string{filepath.Base(o.in.name)}, verb[1:]...), " ")
	if len(verb) > 1 {
		if o.IsSet("device") {
			verb = append(verb, "--device", o.String("device"))
		}
		verbs = append(verbs, verb)
	}
	if len(o.stripped) > 0 {
		verb = []string{"strip"}
		for _, kind := range o.stripped {
			verb = append(verb, "--"+kind)
		}
		verbs = append(verbs, verb)
	}
	return verbs, title
}

// keepPipe keeps what comes through a pipe, so that it can be read again.
func (o *opener) keepPipe() error {
	if o.in.size >= 0 {
		return nil
	}
	return o.in.reopen(o.Context)
}

// read gathers the overview, and makes the index in the same reading unless there is one.
func (o *opener) read(ctx context.Context) error {
	if err := o.keepPipe(); err != nil {
		return err
	}
	if o.std.index = o.in.index; o.std.index != nil {
		o.reading.Ready()
	}
	g := &open.Gather{Collector: page.NewCollector(o.finder, o.given), Reading: o.reading, Finish: o.complete}
	g.GatherNames()
	budget.Register(ctx, g.AddMemory)
	survey, err := o.readParts(ctx, func(p *trace.Part) error {
		o.learn(p)
		return g.Part(ctx, p)
	})
	if err == nil {
		err = o.in.checkUnchanged()
	}
	if err == nil {
		err = strictly(o.Context, o.in, survey.Damage)
	}
	if err == nil {
		err = o.mark(survey)
	}
	if err != nil {
		return err
	}
	return g.End(survey)
}

// readParts reads the whole trace. The index that it makes of it is kept where it is
// asked for.
func (o *opener) readParts(ctx context.Context, look func(*trace.Part) error) (*trace.Survey, error) {
	if o.in.index != nil {
		return o.in.SurveyParts(look)
	}
	x, err := o.in.makeIndex(func(id trace.Identity) (*trace.Index, error) {
		if o.saved != nil {
			return index.Build(ctx, o.in.Source, id, look)
		}
		return o.in.Index(ctx, id, look) // pieces are cut by time
	})
	if errors.Is(err, trace.ErrNoIndex) && o.saved == nil {
		return o.in.SurveyParts(look)
	}
	if err != nil {
		return nil, err
	}
	o.std.index = x
	if o.saved != nil {
		if err := o.saved.writeFile(x.Append(nil)); err != nil {
			return nil, err
		}
	}
	return &x.Survey, nil
}

// learn looks for the range that is marked at first.
func (o *opener) learn(p *trace.Part) {
	if o.ranged == nil || !o.ranged.Learns() {
		return
	}
	if p.Text != nil {
		o.ranged.LearnDocument(p.Text)
	}
	for i := range p.Events {
		o.ranged.Learn(&p.Events[i])
	}
}

// mark finds the range that is marked at first.
func (o *opener) mark(v *trace.Survey) error {
	switch {
	case o.IsSet("request"):
		found, err := o.finder.Find(requests.Clock{Zero: v.Zero, Last: v.Last, Base: window.BaseOf(v)})
		if err != nil {
			return err
		}
		r, err := found.Get(o.String("request"))
		if err != nil {
			return err
		}
		o.marked = &page.Mark{Start: r.Start, End: r.End}
	case o.ranged != nil:
		from, to, _, err := o.ranged.Resolve(v)
		if err != nil {
			return err
		}
		o.marked = &page.Mark{Start: max(from, v.Zero), End: min(to, v.Last)}
	}
	return nil
}

// complete adds to what the page shows what is not of the trace itself.
func (o *opener) complete(d *page.Data) {
	d.Name, d.Packed, d.Asked, d.Flags = o.name(), o.in.Size(), o.marked, o.flags
	d.Strip, d.Launched = o.stripped, o.String("device") == "launched"
}

// whole gives the trace as it is; nil if a viewer does not read it so.
func (o *opener) whole() func() (open.Piece, error) {
	name := filepath.Base(o.name())
	switch format := o.in.Format(); {
	case format == trace.Zstd:
		return nil
	case o.name() == "":
		name = "trace.json" + map[trace.Format]string{trace.Gzip: ".gz", trace.Zip: ".zip"}[format]
	}
	return func() (open.Piece, error) {
		at := io.NewSectionReader(o.at(), 0, o.in.size)
		return open.Piece{ReaderAt: at, Size: o.in.size, Name: name, Close: func() {}}, o.in.checkUnchanged()
	}
}

// at is the trace as it is packed.
func (o *opener) at() io.ReaderAt {
	switch {
	case o.in.file != nil:
		return o.in.file
	case o.in.named():
		return o.in.far.ranged
	case o.in.of != nil:
		return o.in.of
	}
	return o.in.kept
}

// address is what a verb opens the trace by, empty for standard input.
func (o *opener) address() string {
	if !o.in.named() {
		return ""
	}
	return o.in.arg
}

// stdin is what a verb finds on standard input.
func (o *opener) stdin() io.Reader {
	if o.in.named() {
		return strings.NewReader("")
	}
	return io.NewSectionReader(o.at(), 0, o.in.size)
}

// source opens the trace to be read in parts.
func (o *opener) source() (*trace.Source, *trace.Survey, func(), error) {
	std := newStreams(o.stdin(), io.Discard, io.Discard)
	std.index, std.net = o.std.index, o.std.net.alone(o.in.arg)
	in, err := openNamed(o.Context, std, o.address(), how{twice: true})
	if err != nil {
		return nil, nil, nil, err
	}
	v, err := in.Survey(nil)
	if err != nil {
		return nil, nil, nil, in.fail(err)
	}
	return in.Source, v, in.Close, nil
}

// make runs verbs as a shell does that joins them by pipes, the first of them on the
// trace. What comes out is gzip.
func (o *opener) make(ctx context.Context, verbs [][]string, w io.Writer) (note string, err error) {
	var (
		running sync.WaitGroup
		errs    = make([]error, len(verbs))
		said    = make([]bytes.Buffer, len(verbs))
	)
	stdin := o.stdin()
	for i, words := range verbs {
		last := i == len(verbs)-1
		args := append([]string{"tracekit"}, words...)
		to, next, pipe := w, io.Reader(nil), (*io.PipeWriter)(nil)
		if last {
			args = append(args, "--compress", "gzip")
		} else {
			next, pipe = io.Pipe()
			to = pipe
		}
		std := newStreams(stdin, to, &said[i])
		std.net = o.std.net.alone(o.in.arg)
		if i == 0 {
			std.index = o.std.index
		}
		app := appOf(std)
		args = append(args, passedOn(o.Context, app.Command(words[0]))...)
		if i == 0 && o.in.named() {
			args = append(args, "--", o.in.arg)
		}
		before := stdin
		running.Go(func() {
			errs[i] = app.RunContext(ctx, args)
			if pipe != nil {
				pipe.CloseWithError(failure(errs[i]))
			}
			if r, ok := before.(*io.PipeReader); ok {
				r.Close()
			}
		})
		stdin = next
	}
	running.Wait()
	return said2note(said), firstFailure(errs)
}

// failure is err unless that says only that the input was damaged.
func failure(err error) error {
	if errors.As(err, new(damagedError)) {
		return nil
	}
	return err
}

// firstFailure is the error of the first verb that failed by itself.
func firstFailure(errs []error) error {
	var late error
	for _, err := range errs {
		switch err = failure(err); {
		case err == nil:
		case errors.Is(err, io.ErrClosedPipe):
			late = err
		default:
			return err
		}
	}
	return late
}

func said2note(said []bytes.Buffer) string {
	var lines []string
	for i := range said {
		if text := strings.TrimSpace(said[i].String()); text != "" {
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, "\n")
}

// readable says an error with what to do about it, on a page.
func readable(err error) error {
	var h hinted
	if errors.As(err, &h) {
		return fmt.Errorf("%w\nhint: %s", err, h.hint)
	}
	return err
}
