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
		Usage:     "remove kinds of events, such as hardware or Python stacks",
		UsageText: "tracekit strip [--hardware] [--python] [--KIND]… [--cat NAME]… [--args NAME]… [FLAGS] [FILE|-]",
		Description: `Removes events by kind, in one pass, and the names of processes and threads that
have no events left. Ends are removed together with their begins.

ARGS
   shapes     Input Dims, Input Strides, Input type, Concrete Inputs
   stack      Call stack, Module Hierarchy, Python id, parent and module id;
              --python removes them too
   all        all args, except those of counters and metadata
   NAME       the arg of that name

EXAMPLES
   tracekit strip --python --hardware -o host.json.gz vllm.pt.trace.json.gz
   tracekit strip --args shapes --instants -o small.json.gz big.json.gz
   tracekit strip --python --stats big.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "hardware", Usage: "device work, and the flows to it"},
			&cli.BoolFlag{Name: "python", Usage: "frames of Python stacks, and args that repeat them"},
			&cli.BoolFlag{Name: "runtime", Usage: "calls into the runtime or driver of a device"},
			&cli.BoolFlag{Name: "memory", Usage: "allocations and releases of memory"},
			&cli.BoolFlag{Name: "counters", Usage: "counter samples"},
			&cli.BoolFlag{Name: "instants", Usage: "instant events"},
			&cli.BoolFlag{Name: "flows", Usage: "flow events"},
			&cli.StringSliceFlag{Name: "cat", Usage: "events of the category `NAME`; may be repeated"},
			&cli.StringSliceFlag{Name: "args", Usage: "args of events: shapes, stack, all or `NAME`; may be repeated"},
			statsFlag(), dryRunFlag(), tmpdirFlag(),
		}, append(givenFlags(), outputFlags()...)...),
		Action: func(c *cli.Context) error {
			o := strip.Options{
				Hardware: c.Bool("hardware"), Python: c.Bool("python"), Runtime: c.Bool("runtime"), Memory: c.Bool("memory"),
				Counters: c.Bool("counters"), Instants: c.Bool("instants"), Flows: c.Bool("flows"),
				Cats: c.StringSlice("cat"), Args: c.StringSlice("args"),
			}
			var err error
			if o.Given, err = givenOf(c); err != nil {
				return err
			}
			if !o.Any() {
				return hint(usage("nothing to strip"), "name what to remove: --hardware, --python, --cat NAME, --args NAME or another kind")
			}
			if c.Bool("stats") {
				o.Tally = &pipeline.Tally{}
			}
			format, err := outputFormat(c)
			if err != nil {
				return err
			}
			in, err := openInput(c, std, how{to: format, again: o.DropsBegins()})
			if err != nil {
				return err
			}
			work := func(in *input, w *trace.Writer, restarts func() bool) (pipeline.Report, error) {
				r, err := in.Read()
				if err != nil {
					return pipeline.Report{}, err
				}
				defer r.Close()
				o.Restarts = restarts
				rep, err := strip.Run(c.Context, r, w, o)
				if strip.Relearns(err) {
					return pipeline.Report{}, againError{err, func() (err error) {
						o.Known, err = strip.Learn(c.Context, in.readings(c), o)
						return err
					}}
				}
				return rep, err
			}
			if o.Tally != nil {
				return tallied(c, std, in, o.Tally, work)
			}
			return convertInput(c, std, in, work)
		},
	}
}
