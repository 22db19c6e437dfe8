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
		Description: `Keeps the events in [from, to). Slices that cross an edge are cut there, and their
original times are added to their args as tracekit.ts and tracekit.dur. Begins
that are open at the start begin there again, every counter has a sample at the
start, and flows are kept if both of their ends are. Processes and threads that
have events keep their names. Dangling flows are dropped.

` + rangeHelp + `

EXAMPLES
   tracekit slice --from 10s --for 250ms -o piece.json.gz vllm.pt.trace.json.gz
   tracekit slice --step 120..128 -o steps.json.gz vllm.pt.trace.json.gz
   tracekit slice --around 'GRAPH COMPILE' --pad 5ms -o compile.json.gz big.json.gz
   tracekit slice --from 25% --to 30% --device launched -o steps.json.gz big.json.gz

` + exitText,
		Flags: append(append(append(append(append(rangeFlags(), markerFlags()...), requestFlags()...), cutFlags()...),
			dryRunFlag(), tmpdirFlag(),
		), append(givenFlags(), outputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := sliceOptions(c, std)
			if err != nil {
				return err
			}
			kinds, err := stripKinds(c)
			if err != nil {
				return err
			}
			o.Spill = spill.In(c.String("tmpdir"))
			return rangeError(convert(c, std, true, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				o.Origin = callOf(c, in)
				cut := func(w *trace.Writer) (pipeline.Report, error) { return slice.Run(c.Context, in.Source, w, o) }
				if kinds != nil {
					return stripAfter(c.Context, c, *kinds, w, cut)
				}
				return cut(w)
			}))
		},
	}
}

func sliceOptions(c *cli.Context, std streams) (o slice.Options, err error) {
	if o.Range, err = rangeOf(c); err != nil {
		return o, err
	}
	if err := needsRequest(c); err != nil {
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
	if o.Boundary, o.Device, err = cutOf(c); err != nil {
		return o, err
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, err
	}
	return o, nil
}

// cutFlags say how a range is cut, and what of it is left out.
func cutFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "boundary", Value: "clip", Usage: "`clip|keep|drop`: slices that cross an edge are cut there, kept whole, or dropped"},
		&cli.StringFlag{Name: "device", Value: "time", Usage: "`time|launched`: keep device work by its own time, or, whole, if the call that launched it is kept"},
		stripKindsFlag(),
	}
}

// cutOf reads --boundary and --device.
func cutOf(c *cli.Context) (b slice.Boundary, d slice.Device, err error) {
	switch v := c.String("boundary"); v {
	case "clip":
		b = slice.Clip
	case "keep":
		b = slice.Whole
	case "drop":
		b = slice.Drop
	default:
		return b, d, hint(usage("--boundary %q", v), "clip, keep or drop")
	}
	switch v := c.String("device"); v {
	case "time":
		d = slice.ByTime
	case "launched":
		d = slice.Launched
	default:
		return b, d, hint(usage("--device %q", v), "time or launched")
	}
	return b, d, nil
}

// cutsRange refuses flags that say how a range is cut where none is named.
func cutsRange(c *cli.Context) error {
	for _, name := range []string{"boundary", "device"} {
		if c.IsSet(name) && !namesRange(c) {
			return hint(usage("--%s goes with a range", name), "such as --from 10s --for 250ms, or --step 120")
		}
	}
	return nil
}
