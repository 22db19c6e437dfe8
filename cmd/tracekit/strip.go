package main

import (
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/strip"

	"github.com/urfave/cli/v2"
)

func stripCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "strip",
		Usage:     "take kinds of events out of a trace",
		UsageText: "tracekit strip [--hardware] [--python] [--cat NAME]… [FLAGS] [FILE|-]",
		Description: `Takes events out by kind, in one pass, and with them the names of processes
and threads that are left without any.

EXAMPLE
   tracekit strip --python --hardware -o host.json.gz vllm.pt.trace.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "hardware", Usage: "what ran on a device, and the arrows to it"},
			&cli.BoolFlag{Name: "python", Usage: "frames of Python stacks"},
			&cli.StringSliceFlag{Name: "cat", Usage: "events of the category `NAME`; may be given again"},
		}, outputFlags()...),
		Action: func(c *cli.Context) error {
			o := strip.Options{Hardware: c.Bool("hardware"), Python: c.Bool("python"), Cats: c.StringSlice("cat")}
			if !o.Hardware && !o.Python && len(o.Cats) == 0 {
				return hint(usage("nothing to strip"), "name what shall go: --hardware, --python or --cat NAME")
			}
			return convert(c, std, false, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				r, err := in.Read()
				if err != nil {
					return pipeline.Report{}, err
				}
				defer r.Close()
				return strip.Run(c.Context, r, w, o)
			})
		},
	}
}
