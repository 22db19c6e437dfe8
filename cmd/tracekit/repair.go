package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/repair"

	"github.com/urfave/cli/v2"
)

func repairCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "repair",
		Usage:     "write a trace that loads, with everything that can be kept",
		UsageText: "tracekit repair [--rejects FILE] [--skip KIND]… [--only KIND]… [FLAGS] [FILE|-]",
		Description: `Repairs what tracekit check finds: invalid JSON, unreadable times, a damaged
document, overlapping slices, begins without an end. What cannot be kept is set
aside, and written to --rejects if that is given. Events without damage are
written byte for byte.

KINDS
` + kindsHelp() + `
   flows needs --flows. The document itself is always repaired. What a viewer
   could not load because a kind is turned off is set aside.

EXAMPLES
   tracekit repair --dry-run broken.json.gz
   tracekit repair --rejects rejects.json -o whole.json.gz broken.json.gz
   tracekit repair --skip overlaps,ends -o whole.json.gz broken.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "rejects", Usage: "write what is set aside to `FILE`, as a trace of its own"},
			&cli.BoolFlag{Name: "flows", Usage: "leave out dangling flow events too"},
			&cli.BoolFlag{Name: "dry-run", Usage: "only print what would be repaired"},
			&cli.StringSliceFlag{Name: "skip", Usage: "do not repair `KIND`; may be repeated, or a list"},
			&cli.StringSliceFlag{Name: "only", Usage: "repair only `KIND`; may be repeated, or a list"},
			tmpdirFlag(),
		}, outputFlags()...),
		Action: func(c *cli.Context) error {
			off, err := kindsOff(c)
			if err != nil {
				return err
			}
			name, err := oneInput(c)
			if err != nil {
				return err
			}
			in, err := openUnread(c, std, name)
			if err != nil {
				return err
			}
			defer in.Close()
			return repairInput(c, std, in, off)
		},
	}
}

func kindsHelp() string {
	var b strings.Builder
	for _, k := range repair.Switchable() {
		fmt.Fprintf(&b, "   %-12s %s\n", k, k.What())
	}
	return b.String()
}

// kindsOff reads --skip and --only.
func kindsOff(c *cli.Context) ([]repair.Kind, error) {
	all := repair.Switchable()
	read := func(flag string) (kinds []repair.Kind, err error) {
		for _, arg := range c.StringSlice(flag) {
			for name := range strings.SplitSeq(arg, ",") {
				k := repair.Kind(strings.TrimSpace(name))
				if !slices.Contains(all, k) {
					return nil, hint(usage("--%s %q: there is no such kind of repair", flag, name), "tracekit help repair lists them")
				}
				kinds = append(kinds, k)
			}
		}
		return kinds, nil
	}
	if c.IsSet("skip") && c.IsSet("only") {
		return nil, usage("--skip and --only exclude each other")
	}
	if !c.IsSet("only") {
		return read("skip")
	}
	only, err := read("only")
	return slices.DeleteFunc(all, func(k repair.Kind) bool { return slices.Contains(only, k) }), err
}

func repairInput(c *cli.Context, std streams, in *input, off []repair.Kind) error {
	temp := spill.In(c.String("tmpdir"))
	read, err := sourceOptions(c)
	if err != nil {
		return err
	}
	open, done, err := in.reopenable(temp, read)
	if err != nil {
		return in.wrap(err)
	}
	defer done()
	flows := c.Bool("flows") || c.IsSet("only") && !slices.Contains(off, repair.Flows)
	o := repair.Options{Off: off, Flows: flows, DryRun: c.Bool("dry-run"), Temp: temp}
	out, set := dryOutput(std), &output{}
	if !o.DryRun {
		if out, set, err = openRepaired(c, std); err != nil {
			return err
		}
	}
	told, err := summaryTo(c, std, out.shown())
	if err != nil {
		out.Abort()
		set.Abort()
		return err
	}
	met := false
	if set.Writer != nil {
		o.Rejects = func() (io.Writer, error) {
			met = true
			return set, nil
		}
	}
	rep, err := repair.Run(c.Context, open, out, o)
	if err == nil {
		err = in.checkUnchanged()
	}
	if err == nil && rep.Loses() && c.Bool("strict") {
		err = fmt.Errorf("something can't be kept: %s", lossLine(rep))
	}
	if err == nil && met {
		err = set.Commit()
	} else {
		set.Abort()
	}
	if err != nil {
		out.Abort()
		return in.wrap(err)
	}
	if err := out.Commit(); err != nil {
		return err
	}
	in.meter.Stop()
	if out.dry {
		out.Bytes = rep.BytesOut
	}
	return repaired(c, std, in.name, rep, told, summaryOfRepair(c, in, rep, out))
}

// openRepaired opens the output, and the file for what is set aside if there is
// to be one. Neither is made unless both can be.
func openRepaired(c *cli.Context, std streams) (out, set *output, err error) {
	if out, err = traceOutput(c, std); err != nil {
		return nil, nil, err
	}
	set = &output{}
	if name := c.String("rejects"); name != "" {
		if name == "-" {
			return nil, nil, hint(usage("--rejects names a file"), "standard output is for the trace; for a file of that name, ./-")
		}
		format, err := formatOf("", name)
		if err != nil {
			return nil, nil, err
		}
		if set, err = newOutput(std, "--rejects", name, format); err != nil {
			return nil, nil, err
		}
	}
	if err := out.open(); err != nil {
		return nil, nil, err
	}
	if set.name != "" {
		if err := set.open(); err != nil {
			out.Abort()
			return nil, nil, err
		}
	}
	return out, set, nil
}

// reopenable returns a function that gives the text from its start, again and
// again. A pipe is kept in a temporary file.
func (in *input) reopenable(temp func() (*spill.File, error), o trace.SourceOptions) (open func() (io.ReadCloser, error), done func(), err error) {
	done = func() {}
	at, is := in.r.(io.ReaderAt)
	if !is || in.size < 0 {
		file, err := temp()
		if err != nil {
			return nil, done, err
		}
		done = func() { file.Close() }
		pipe := in.r
		if o.MaxText > 0 { // packed text is no longer than that and a little more
			pipe = io.LimitReader(pipe, o.MaxText+o.MaxText/8+4096)
		}
		if in.size, err = io.Copy(file, pipe); err != nil {
			return nil, done, err
		}
		at = file
	}
	return func() (io.ReadCloser, error) {
		s, err := trace.NewSource(io.NewSectionReader(at, 0, in.size), in.size, o)
		if err != nil {
			return nil, err
		}
		return s.Text()
	}, done, nil
}

// repaired says what was done.
func repaired(c *cli.Context, std streams, name string, rep repair.Report, told summaryOutput, d *summaryDoc) error {
	verb, did := "repair", "repaired"
	if d.DryRun {
		did = "would be repaired"
	}
	if !c.Bool("quiet") {
		fmt.Fprintln(std.err, summary(verb, pipeline.Report{EventsIn: rep.EventsIn, BytesIn: rep.BytesIn, EventsOut: rep.EventsOut, BytesOut: rep.BytesOut}, rep.BytesOut)+(&output{dry: d.DryRun}).unwritten())
		if rep.Unchanged {
			fmt.Fprintln(std.err, "nothing to repair")
		}
		for _, k := range rep.Counts {
			fmt.Fprintf(std.err, "%s: %s: %d × %s\n", did, k.Kind, k.Count, k.Kind.What())
		}
	}
	if err := told.write(d); err != nil {
		return err
	}
	if rep.Loses() && !d.DryRun {
		err := damagedError{fmt.Errorf("%s is damaged, and something of it could not be kept: %s", name, lossLine(rep))}
		if c.IsSet("rejects") {
			return err
		}
		return hint(err, "--rejects FILE keeps what is set aside")
	}
	return nil
}

// summaryOfRepair is what --summary has of a repair.
func summaryOfRepair(c *cli.Context, in *input, rep repair.Report, out *output) *summaryDoc {
	d := summaryOf(c, in, pipeline.Report{EventsIn: rep.EventsIn, BytesIn: rep.BytesIn, EventsOut: rep.EventsOut, BytesOut: rep.BytesOut}, out.name, out.Bytes)
	for _, k := range rep.Counts {
		d.Repairs = append(d.Repairs, repairDoc{string(k.Kind), k.Count, k.Loses})
	}
	if rep.Loses() && !d.DryRun {
		d.Status = exitDamaged
	}
	return d
}

func lossLine(rep repair.Report) string {
	var parts []string
	for _, k := range rep.Counts {
		if k.Loses {
			parts = append(parts, fmt.Sprintf("%d %s", k.Count, k.Kind))
		}
	}
	return strings.Join(parts, ", ")
}
