package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"tracekit/internal/term"
	"tracekit/transform/pipeline"

	"github.com/urfave/cli/v2"
)

func statsFlag() cli.Flag {
	return &cli.BoolFlag{Name: "stats", Usage: "print what would be kept and removed by category, write no trace"}
}

// tallied runs a verb that turns one trace into another, and prints what tally has counted
// instead of writing the other.
func tallied(c *cli.Context, std streams, in *input, tally *pipeline.Tally, work attempt) error {
	defer in.Close()
	if err := std.show(true); err != nil {
		return err
	}
	told, err := summaryTo(c, std, "the table")
	if err != nil {
		return err
	}
	out := dryOutput(std)
	rep, err := work(in, out.trace(), out.restarts)
	var again againError
	if errors.As(err, &again) {
		tally.Reset()
		if err = again.prepare(c, in, nil); err == nil {
			rep, err = work(in, out.trace(), out.restarts)
		}
	}
	if err == nil {
		err = in.checkUnchanged()
	}
	if err != nil {
		return in.wrap(err)
	}
	in.meter.Stop()
	if err := strictly(c, in, rep.Damage); err != nil {
		return err
	}
	if err := printTally(std.out, tally.Rows()); err != nil {
		return writeError(err)
	}
	d := summaryOf(c, in, rep, "", rep.BytesOut)
	d.DryRun = true
	if err := told.write(d); err != nil {
		return err
	}
	return ended(c, std, in, rep)
}

func printTally(w io.Writer, rows []pipeline.Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "events\tbytes\tkept\tbytes\tremoved\tbytes\t  category\t")
	line := func(r pipeline.Row) {
		fmt.Fprintf(t, "%d\t%s\t%d\t%s\t%d\t%s\t  %s\t\n", r.Events, term.Bytes(r.Bytes), r.KeptEvents, term.Bytes(r.KeptBytes),
			r.Events-r.KeptEvents, term.Bytes(r.Bytes-r.KeptBytes), term.Safe(r.Category))
	}
	all := pipeline.Row{Category: "all"}
	for _, r := range rows {
		line(r)
		all.Events += r.Events
		all.Bytes += r.Bytes
		all.KeptEvents += r.KeptEvents
		all.KeptBytes += r.KeptBytes
	}
	line(all)
	return t.Flush()
}
