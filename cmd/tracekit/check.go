package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"tracekit/internal/columns"
	"tracekit/internal/progress"
	"tracekit/internal/spill"
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
   itself failed; 2 wrong usage`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			&cli.BoolFlag{Name: "strict", Usage: "status 1 also for what only other readers of JSON refuse"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only the exit status"},
			tmpdirFlag(),
		},
		Action: func(c *cli.Context) error {
			in, err := openUnread(c, std)
			if err != nil {
				return err
			}
			defer in.Close()
			report, err := check.Run(c.Context, in.r, in.size, check.Options{
				Temp: func() (*spill.File, error) { return spill.Create(c.String("tmpdir")) },
			})
			if err != nil {
				return in.wrap(err)
			}
			in.meter.Stop()
			if err := writeCheck(c, std.out, in.name, report); err != nil {
				return writeError(err)
			}
			return verdict(c, in.name, report)
		},
	}
}

// unread is an input of which nothing is read or known yet.
type unread struct {
	input
	r    io.Reader
	size int64
}

// openUnread opens the verb's FILE, or standard input, whatever is in it.
func openUnread(c *cli.Context, std streams) (*unread, error) {
	if c.NArg() > 1 {
		return nil, usage("one input at a time: %q and %q", c.Args().Get(0), c.Args().Get(1))
	}
	u := &unread{input: input{name: c.Args().First()}, r: std.in, size: -1}
	if u.name == "" || u.name == "-" {
		if u.name == "" && isTerminal(std.in) {
			return nil, hint(usage("no input"), "name a FILE, or pipe a trace in")
		}
		u.name = "standard input"
	} else {
		f, err := os.Open(u.name)
		if err != nil {
			return nil, plainPathError(err)
		}
		u.file, u.r = f, f
	}
	if f, is := u.r.(*os.File); is {
		info, err := f.Stat()
		switch {
		case err != nil:
			return nil, u.fail(err)
		case info.IsDir():
			return nil, u.fail(hint(fmt.Errorf("%s: is a directory", u.name), "name one trace file in it"))
		case info.Mode().IsRegular() && atStart(f):
			u.size = info.Size()
		}
	}
	u.meter = progress.New(std.err, u.size, !c.Bool("quiet") && isTerminal(std.err))
	if u.size >= 0 {
		u.r = u.meter.File(u.r.(*os.File))
	} else {
		u.r = newInterruptible(c.Context, u.meter.Reader(u.r))
	}
	return u, nil
}

func writeCheck(c *cli.Context, w io.Writer, name string, r *check.Report) error {
	switch {
	case c.Bool("json"):
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	case c.Bool("quiet"):
		return nil
	}
	verdict := "loads"
	if !r.Loads {
		verdict = "does not load"
	}
	if _, err := fmt.Fprintf(w, "%s: %s; %d events, %d slices, %d flows, %d counter samples\n",
		columns.Short(name, 60), verdict, r.Events, r.Slices, r.Flows, r.CounterSamples); err != nil {
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
		at = columns.Short(p.Member, 60) + ": " + at
	}
	if p.Detail != "" {
		at += ": " + p.Detail
	}
	_, err := fmt.Fprintf(w, "       %s\n           %s\n", at, p.Head)
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
	case !r.Loads:
		return hint(fmt.Errorf("%s: does not load", name), "%s", mend)
	case r.Lossy():
		return hint(fmt.Errorf("%s: something would be dropped or shown wrongly", name), "%s", mend)
	case refused && c.Bool("strict"):
		return hint(fmt.Errorf("%s: some readers of JSON refuse it", name), "%s", mend)
	}
	return nil
}
