package main

import (
	"io"
	"strings"

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
			if !o.Take(strings.TrimSpace(kind)) {
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
func stripAfter(c *cli.Context, o strip.Options, w *trace.Writer, cut func(*trace.Writer) (pipeline.Report, error)) (pipeline.Report, error) {
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
	left, err := strip.Again(c.Context, func() (*trace.Reader, error) {
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
