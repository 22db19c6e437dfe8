package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/strip"

	"github.com/urfave/cli/v2"
)

// stripKindsFlag is for verbs that remove kinds of events on their way.
func stripKindsFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "strip", Usage: "remove kinds of events as well, as strip does: `KINDS` of " + strings.Join(strip.Kinds, ", ") + ", with commas between them"}
}

// stripKinds reads it; it is nil if nothing is to be removed.
func stripKinds(c *cli.Context) (*strip.Options, error) {
	if !c.IsSet("strip") {
		return nil, nil
	}
	o := &strip.Options{}
	for _, list := range c.StringSlice("strip") {
		for kind := range strings.SplitSeq(list, ",") {
			if !o.AddKind(strings.TrimSpace(kind)) {
				return nil, hint(usage("--strip %q", kind), "the kinds are %s", strings.Join(strip.Kinds, ", "))
			}
		}
	}
	var err error
	o.Given, err = givenOf(c)
	return o, err
}

// stripAfter removes what o says from what cut writes, as strip does of its file. That lies
// in a temporary file meanwhile, compressed: which ends close which begins, and what the names
// of processes say, may be known at its end only.
func stripAfter(ctx context.Context, c *cli.Context, o strip.Options, w *trace.Writer, cut func(*trace.Writer) (pipeline.Report, error)) (pipeline.Report, error) {
	file, err := spill.Create(c.String("tmpdir"))
	if err != nil {
		return pipeline.Report{}, err
	}
	defer file.Close()
	z := gzwrite.NewWriter(file, gzwrite.Options{})
	rep, err := cut(trace.NewWriter(z))
	if err != nil {
		z.Abort()
		return rep, err
	}
	if err := z.Close(); err != nil {
		return rep, err
	}
	left, err := strip.RunAgain(ctx, func() (*trace.Reader, error) {
		s, err := trace.NewSource(io.NewSectionReader(file, 0, file.Size()), file.Size(), trace.SourceOptions{Record: true})
		if err != nil {
			return nil, err
		}
		return s.Read()
	}, w, o)
	rep.EventsOut, rep.BytesOut = left.EventsOut, left.BytesOut
	rep.Dropped, rep.Notes = left.Dropped, append(rep.Notes, left.Notes...)
	return rep, err
}

// stripPieces has pieces of a split stripped of what o says, and adds up in rep what is dropped.
func stripPieces(c *cli.Context, o strip.Options, rep *pipeline.Report) func(context.Context, *trace.Writer, func(*trace.Writer) error) error {
	var adding sync.Mutex
	return func(ctx context.Context, w *trace.Writer, cut func(*trace.Writer) error) error {
		of, err := stripAfter(ctx, c, o, w, func(w *trace.Writer) (pipeline.Report, error) { return pipeline.Report{}, cut(w) })
		adding.Lock()
		defer adding.Unlock()
		for _, d := range of.Dropped {
			i := slices.IndexFunc(rep.Dropped, func(k pipeline.Dropped) bool { return k.Kind == d.Kind })
			if i < 0 {
				i = len(rep.Dropped)
				rep.Dropped = append(rep.Dropped, pipeline.Dropped{Kind: d.Kind})
			}
			rep.Dropped[i].Events += d.Events
			rep.Dropped[i].Bytes += d.Bytes
		}
		return err
	}
}
