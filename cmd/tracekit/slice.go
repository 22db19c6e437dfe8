package main

import (
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/requests"
	"tracekit/transform/slice"

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

` + rangeHelp + `

EXAMPLES
   tracekit slice --from 10s --for 250ms -o piece.json.gz vllm.pt.trace.json.gz
   tracekit slice --step 120..128 -o steps.json.gz vllm.pt.trace.json.gz
   tracekit slice --around 'GRAPH COMPILE' --pad 5ms -o compile.json.gz big.json.gz
   tracekit slice --from 25% --to 30% --device launched -o steps.json.gz big.json.gz

` + exitText,
		Flags: append(append(append(append(rangeFlags(), markerFlags()...), requestFlags()...),
			&cli.StringFlag{Name: "boundary", Value: "clip", Usage: "`clip|keep|drop`: what reaches over an edge is cut there, stays whole, or goes"},
			&cli.StringFlag{Name: "device", Value: "time", Usage: "`time|launched`: judge what ran on a device by its own time, or as launched: it stays, whole, if the call that launched it does"},
			tmpdirFlag(),
		), append(givenFlags(), outputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := sliceOptions(c, std)
			if err != nil {
				return err
			}
			o.Spill = spill.In(c.String("tmpdir"))
			return rangeError(convert(c, std, true, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				o.Origin = callOf(c, in)
				return slice.Run(c.Context, in.Source, w, o)
			}))
		},
	}
}

func sliceOptions(c *cli.Context, std streams) (o slice.Options, err error) {
	if o.Range, err = rangeOf(c); err != nil {
		return o, err
	}
	if c.IsSet("request") {
		o.Request = c.String("request")
		from, err := requestsOf(c, std)
		if err != nil {
			return o, err
		}
		if o.Requests, err = requests.NewFinder(from); err != nil {
			return o, usage("%v", err)
		}
	}
	switch b := c.String("boundary"); b {
	case "clip":
		o.Boundary = slice.Clip
	case "keep":
		o.Boundary = slice.Whole
	case "drop":
		o.Boundary = slice.Drop
	default:
		return o, hint(usage("--boundary %q", b), "clip, keep or drop")
	}
	switch d := c.String("device"); d {
	case "time":
		o.Device = slice.ByTime
	case "launched":
		o.Device = slice.Launched
	default:
		return o, hint(usage("--device %q", d), "time or launched")
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, err
	}
	return o, nil
}
