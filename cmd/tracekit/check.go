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
		Usage:     "tell whether Perfetto loads a trace, and what it would drop",
		UsageText: "tracekit check [--json] [FILE|-]",
		Description: `Reads a trace as Perfetto v58 does and says whether it loads and why not, what
would be dropped or shown wrongly, what v51 to v56 drop besides, and what other
readers of JSON refuse. Each finding comes with its count and its first places.
gzip, zstd, zip and tar are looked into. tracekit repair mends what is found.

EXAMPLE
   tracekit check vllm.pt.trace.json.gz

EXIT STATUS
   0 nothing would be lost; 1 it does not load, or something would be dropped or
   shown wrongly (with --strict: or another reader would refuse it), or the check
   itself failed; 2 wrong usage; 129, 130, 143 ended by a signal`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			&cli.BoolFlag{Name: "strict", Usage: "status 1 also for what only other readers of JSON refuse"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only the exit status"},
			tmpdirFlag(),
			maxSizeFlag(),
		},
		Action: func(c *cli.Context) error {
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
			report, err := check.Run(c.Context, in.r, in.size, check.Options{
				Temp:    spill.In(c.String("tmpdir")),
				MaxText: o.MaxText,
			})
			if err == nil {
				err = in.settled()
			}
			if err != nil {
				return in.wrap(err)
			}
			in.meter.Stop()
			if err := writeCheck(c, std.out, in.name, report); err != nil {
				return writeError(err)
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
	if _, err := fmt.Fprintf(w, "%s: %s; %s, %s, %s, %s\n", term.Short(name, 60), verdict,
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
	mend := "tracekit repair makes a trace of it that loads with all that can be kept"
	switch {
	case r.Count(check.NoEvents) > 0:
		return fmt.Errorf("%s: is no trace", name)
	case !r.Loads:
		return hint(fmt.Errorf("%s: does not load", name), "%s", mend)
	case r.Lossy():
		return hint(fmt.Errorf("%s: something would be dropped or shown wrongly", name), "%s", mend)
	case refused && c.Bool("strict"):
		return hint(fmt.Errorf("%s: some readers of JSON refuse it", name), "%s", mend)
	}
	return nil
}
