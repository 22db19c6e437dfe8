package main

import (
	"errors"
	"strconv"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/downsample"
	"tracekit/transform/pipeline"
	"tracekit/transform/steps"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

func downsampleCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "downsample",
		Usage:     "thin out events so that a viewer draws the same",
		UsageText: "tracekit downsample [--KIND VALUE]… [FLAGS] [FILE|-]",
		Description: `Drops or merges slices that are too short to be seen. Begins and ends are kept or
dropped as pairs. Flows are kept with the slices that they connect, and follow these
into merged slices. With a budget, flows of merged slices are dropped.

KINDS, which are applied in this order
   --every N             keeps every Nth step, with the device work that it launched
   --max-depth N         keeps up to N levels of nested slices
   --counters TIME       keeps four samples of each counter series in each TIME: the
                         first, the smallest, the largest and the last
   --min-dur TIME        keeps slices of TIME or longer
   --resolution TIME     merges neighbouring slices shorter than TIME, at the same
                         depth, into runs. Neither a run nor a gap in it is wider
                         than TIME, so a viewer draws the same until you zoom in
                         further. The args of a run have the number of its slices
                         (tracekit.count), their durations (tracekit.busy, .min
                         and .max, in microseconds), and both by name
                         (tracekit.names)
   --max-events N, --target-size SIZE
                         finds the finest resolution for a budget of N events, or
                         of SIZE of JSON; the output takes 95 to 100 % of it. Steps,
                         annotations, recompilations and instants are kept. If they
                         would take more than half of the budget, instants are
                         thinned first, then annotations and recompilations are
                         merged like other slices, then steps

EXAMPLES
   tracekit downsample --target-size 200MB -o small.json.gz big.json.gz
   tracekit downsample --resolution 20us -o merged.json.gz big.json.gz
   tracekit downsample --target-size 50MB --favour 'thread =~ "MainThread"' big.json.gz > fits.json
   tracekit downsample --every 10 --min-dur 5us big.json.gz > some.json

` + exitText,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "min-dur", Usage: "drop slices shorter than `TIME`"},
			&cli.StringFlag{Name: "resolution", Aliases: []string{"merge"}, Usage: "merge neighbouring slices shorter than `TIME`; with --max-events or --target-size, longer ones too if needed to fit"},
			&cli.StringFlag{Name: "max-events", Usage: "keep up to `N` events, such as 500K or 1M"},
			&cli.StringFlag{Name: "target-size", Usage: "write up to `SIZE` of JSON, such as 200MB"},
			&cli.StringFlag{Name: "favour", Usage: "ten times finer resolution for slices that match `EXPR`; see tracekit help filter"},
			&cli.BoolFlag{Name: "picture", Usage: "print how much the drawn output differs from the drawn input"},
			&cli.StringFlag{Name: "max-depth", Usage: "drop slices inside of `N` others"},
			&cli.StringFlag{Name: "counters", Usage: "thin counters to four samples a series in each `TIME`"},
			&cli.StringFlag{Name: "every", Usage: "keep every `N`th step"},
			dryRunFlag(), tmpdirFlag(),
		}, append(append(markerFlags(), givenFlags()...), outputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := downsampleOptions(c)
			if err != nil {
				return err
			}
			return convert(c, std, true, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				o.Worked = expectPasses(in, &o)
				rep, err := downsample.Run(c.Context, in.Source, w, o)
				return rep, downsampleError(err)
			})
		},
	}
}

func downsampleOptions(c *cli.Context) (o downsample.Options, err error) {
	o.Spill = spill.In(c.String("tmpdir"))
	var resolution trace.Time
	for _, f := range []struct {
		name  string
		to    *trace.Time
		least trace.Time
	}{{"min-dur", &o.MinDur, 1}, {"counters", &o.Counters, 1}, {"resolution", &resolution, 0}} {
		if !c.IsSet(f.name) {
			continue
		}
		if *f.to, err = window.ParseDuration(c.String(f.name)); err != nil || *f.to < f.least {
			return o, hint(usage("--%s %q", f.name, c.String(f.name)), "write it as 20us or 1ms")
		}
	}
	if c.IsSet("resolution") {
		o.Resolution = &resolution
	}
	o.Stats = c.Bool("picture")
	if o.Favour, err = favourOf(c); err != nil {
		return o, err
	}
	for name, to := range map[string]*int{"max-depth": &o.MaxDepth, "every": &o.Every} {
		if c.IsSet(name) {
			if *to, err = strconv.Atoi(c.String(name)); err != nil || *to < 1 || *to > mostSteps {
				return o, usage("--%s %q: it wants a number from 1 to %d", name, c.String(name), mostSteps)
			}
		}
	}
	if c.IsSet("max-events") {
		if o.MaxEvents, err = parseAmount(c.String("max-events"), ""); err != nil {
			return o, usage("--max-events %v", err)
		}
	}
	if c.IsSet("target-size") {
		if o.TargetSize, err = parseAmount(c.String("target-size"), "B"); err != nil {
			return o, usage("--target-size %v", err)
		}
	}
	marker, err := markerOf(c)
	if err != nil {
		return o, err
	}
	o.Steps = marker
	for _, f := range markerFlags() {
		if name := f.Names()[0]; c.IsSet(name) && o.Every == 0 && o.MaxEvents == 0 && o.TargetSize == 0 {
			return o, usage("--%s goes with --every, --max-events or --target-size", name)
		}
	}
	if !o.Any() {
		return o, hint(usage("nothing to do"), "say what to drop, such as --min-dur 20us, --resolution 20us or --target-size 200MB")
	}
	if (c.IsSet("favour") || o.Stats) && o.Resolution == nil && o.MaxEvents == 0 && o.TargetSize == 0 {
		return o, usage("--favour and --picture go with --resolution, --max-events or --target-size")
	}
	if resolution == 0 && o.Resolution != nil && o.MaxEvents == 0 && o.TargetSize == 0 {
		return o, hint(usage("--resolution %q merges nothing", c.String("resolution")), "without a budget it wants a time above zero, such as 20us")
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, err
	}
	return o, nil
}

// expectPasses has the line of progress know how often downsample reads the trace and goes
// through its records, which takes about half as long. What it returns is told of the latter.
func expectPasses(in *input, o *downsample.Options) func(share float64) {
	if in.size < 0 {
		return nil
	}
	readings, expected, worked := 2.0, 1.0, 0.0
	if o.Favour.Needs()&(filter.NeedsNames|filter.NeedsZero) != 0 {
		readings++
	}
	if o.Every > 0 {
		readings += 2
	}
	if o.MaxEvents > 0 || o.TargetSize > 0 {
		expected = 4 // an estimate and about three resolutions
	}
	of := func(passes float64) int64 { return int64(passes / 2 * float64(in.size)) }
	expect := func() { in.meter.Expect(int64(readings*float64(in.size)) + of(expected)) }
	expect()
	return func(share float64) {
		if worked += share; worked > expected {
			expected++
			expect()
		}
		in.meter.Work(of(share))
	}
}

// favourOf reads the expression of --favour.
func favourOf(c *cli.Context) (*filter.Expr, error) {
	if !c.IsSet("favour") {
		return nil, nil
	}
	x, err := parseExpression(c.String("favour"))
	if err != nil {
		return nil, err
	}
	if x.Needs()&filter.NeedsDepth != 0 {
		return nil, usage("--favour can't ask for depth")
	}
	return x, nil
}

// downsampleError adds what to do about it.
func downsampleError(err error) error {
	switch {
	case errors.As(err, new(*downsample.BudgetError)):
		return hint(err, "ask for more, or take something out first: --min-dur, --counters, --max-depth, tracekit strip")
	case errors.As(err, new(*steps.NoMarkersError)):
		return noSteps(err, "")
	}
	return err
}
