package main

import (
	"errors"

	"tracekit/trace"
	"tracekit/transform/cut"
	"tracekit/transform/pipeline"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

func sliceCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "slice",
		Usage:     "keep a range of time",
		UsageText: "tracekit slice [--from BOUND] [--to BOUND | --for TIME] [FLAGS] [FILE|-]",
		Description: `Keeps what happens in [from, to). Slices that reach over an edge are cut there
and tell their original times in the args tracekit.ts and tracekit.dur; begins
that were open at the start begin there again; every counter has its value at
the start; arrows stay if both of their ends do; the names of processes and
threads that are left stay. Arrows that hang in the air are left out, whatever
the range.

BOUNDS
   10s 1m30s 250ms 1us 40ns   after the start of the trace, as Perfetto's ruler
                              shows it
   -2s                        before its end
   25%                        of its duration
   @6520430064204.583         on the trace's own clock, in microseconds
   2026-03-17T01:09:02Z       wall clock, if the trace knows it

EXAMPLE
   tracekit slice --from 10s --for 250ms -o piece.json.gz vllm.pt.trace.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "start of the range (default: start of the trace)"},
			&cli.StringFlag{Name: "to", Usage: "end of the range (default: end of the trace)"},
			&cli.StringFlag{Name: "for", Usage: "length of the range, instead of --to"},
			&cli.StringFlag{Name: "boundary", Value: "clip", Usage: "what reaches over an edge: clip (cut it there), keep (leave it whole) or drop"},
			tmpdirFlag(),
		}, outputFlags()...),
		Action: func(c *cli.Context) error {
			o, err := sliceOptions(c)
			if err != nil {
				return err
			}
			err = convert(c, std, true, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				return cut.Slice(c.Context, in.Source, w, o)
			})
			if errors.Is(err, cut.ErrRange) {
				return hint(err, "tracekit info shows where the trace begins and ends")
			}
			if errors.Is(err, cut.ErrBackwards) {
				return usageError{err}
			}
			return err
		},
	}
}

func sliceOptions(c *cli.Context) (o cut.SliceOptions, err error) {
	if !c.IsSet("from") && !c.IsSet("to") && !c.IsSet("for") {
		return o, hint(usage("no range"), "say --from, --to or --for, such as --from 10s --for 250ms")
	}
	if c.IsSet("to") && c.IsSet("for") {
		return o, usage("--to and --for exclude each other")
	}
	for name, b := range map[string]*window.Bound{"from": &o.From, "to": &o.To} {
		if c.IsSet(name) {
			if *b, err = window.Parse(c.String(name)); err != nil {
				return o, usage("--%s: %v", name, err)
			}
		}
	}
	if c.IsSet("for") {
		if o.For, err = window.ParseDuration(c.String("for")); err == nil && o.For == 0 {
			err = errors.New("a range of no length holds nothing")
		}
		if err != nil {
			return o, usage("--for %q: %v", c.String("for"), err)
		}
	}
	switch b := c.String("boundary"); b {
	case "clip":
		o.Boundary = cut.Clip
	case "keep":
		o.Boundary = cut.Whole
	case "drop":
		o.Boundary = cut.Drop
	default:
		return o, hint(usage("--boundary %q", b), "clip, keep or drop")
	}
	return o, nil
}
