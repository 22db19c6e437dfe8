package main

import (
	"fmt"
	"io"

	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/transform/check"

	"github.com/urfave/cli/v2"
)

func checkCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check whether Perfetto loads a trace, and what it would drop",
		UsageText: "tracekit check [--json|--csv DIR] [FILE|-]",
		Description: `Reads a trace by the rules of Perfetto v58 and prints whether it loads, what would
be dropped or shown wrongly, what v51 to v56 also drop, and what other JSON
parsers reject. Each finding has a count and its first places. gzip, zstd, zip
and tar are unpacked. tracekit repair fixes what is found.

EXAMPLE
   tracekit check vllm.pt.trace.json.gz

EXIT STATUS
   0 nothing would be lost; 1 it does not load, or something would be dropped or
   shown wrongly (with --strict: or another parser would reject it), or the check
   itself failed; 2 wrong usage; 129, 130, 143 ended by a signal`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			csvFlag(),
			&cli.BoolFlag{Name: "strict", Usage: "status 1 also for what only other JSON parsers reject"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only the exit status"},
			tmpdirFlag(),
			maxSizeFlag(),
		},
		Action: func(c *cli.Context) error {
			if err := oneForScripts(c); err != nil {
				return err
			}
			o, err := sourceOptions(c)
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
			var csv *folder
			if c.IsSet("csv") {
				if csv, err = tableFolder(c, std, fileNames(new(check.Report).Tables())); err != nil {
					return err
				}
				defer csv.Close()
			}
			report, err := check.Run(c.Context, in.r, in.size, check.Options{
				Temp:    spill.In(c.String("tmpdir")),
				MaxText: o.MaxText,
			})
			if err == nil {
				err = in.checkUnchanged()
			}
			if err != nil {
				return in.wrap(err)
			}
			in.meter.Stop()
			if csv != nil {
				err = writeTables(c, std, csv, report.Tables())
			} else {
				err = writeError(writeCheck(c, std.out, in.name, report))
			}
			if err != nil {
				return err
			}
			err = verdict(c, in.name, report)
			if err != nil && c.Bool("quiet") {
				return noError{err, exitFailed}
			}
			return err
		},
	}
}

func writeCheck(c *cli.Context, w io.Writer, name string, r *check.Report) error {
	switch {
	case c.Bool("json"):
		return jsondoc.Write(w, r)
	case c.Bool("quiet"):
		return nil
	}
	verdict := "loads"
	if !r.Loads {
		verdict = "does not load"
	}
	if _, err := fmt.Fprintf(w, "%s: %s; %s, %s, %s, %s\n", term.Safe(name), verdict,
		term.Plural(r.Events, "event"), term.Plural(r.Slices, "slice"), term.Plural(r.Flows, "flow"), term.Plural(r.CounterSamples, "counter sample")); err != nil {
		return err
	}
	for _, f := range r.Findings {
		if _, err := fmt.Fprintf(w, "\n%-6s %s: %d × %s\n", f.Level, f.Kind, f.Count, f.What); err != nil {
			return err
		}
		for _, p := range f.First {
			if err := writePlace(w, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func writePlace(w io.Writer, p check.Place) error {
	at := fmt.Sprintf("byte %d, line %d", p.Offset, p.Line)
	if p.Member != "" {
		at = term.Short(p.Member, 60) + ": " + at
	}
	if p.Detail != "" {
		at += ": " + term.Safe(p.Detail)
	}
	_, err := fmt.Fprintf(w, "       %s\n           %s\n", at, term.Safe(p.Head))
	return err
}

// verdict makes the exit status.
func verdict(c *cli.Context, name string, r *check.Report) error {
	refused := false
	for _, f := range r.Findings {
		refused = refused || f.Level == check.Strict
	}
	advice := "tracekit repair writes a trace that loads, with everything that can be kept"
	switch {
	case r.Count(check.NoEvents) > 0:
		return fmt.Errorf("%s: not a trace", name)
	case !r.Loads:
		return hint(fmt.Errorf("%s: does not load", name), "%s", advice)
	case r.Lossy():
		return hint(fmt.Errorf("%s: something would be dropped or shown wrongly", name), "%s", advice)
	case refused && c.Bool("strict"):
		return hint(fmt.Errorf("%s: some JSON parsers reject it", name), "%s", advice)
	}
	return nil
}
