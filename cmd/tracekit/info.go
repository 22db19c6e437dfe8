package main

import (
	"io"

	"tracekit/internal/budget"
	"tracekit/internal/jsondoc"
	"tracekit/transform/info"
	"tracekit/transform/page"

	"github.com/urfave/cli/v2"
)

func infoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "show what is in a trace, before you open it",
		UsageText: "tracekit info [--json|--csv DIR] [--html FILE] [FILE|-]",
		Description: `Shows what made the trace and when, steps, requests and recompilations, what
takes the most space by category and process, damage, and how much other commands
would keep, in one pass. docs/info.md has the definitions.

EXAMPLES
   tracekit info vllm.pt.trace.json.gz
   tracekit info --html page.html vllm.pt.trace.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			csvFlag(),
			&cli.IntFlag{Name: "rows", Value: 6, Usage: "show up to `N` rows of each list"},
			pageFlag(),
			tmpdirFlag(),
		}, append(append(append(markerFlags(), requestFlags()...), givenFlags()...), inputFlags()...)...),
		Action: func(c *cli.Context) error {
			rows, err := bounded(c, "rows", mostRows)
			if err != nil {
				return err
			}
			return infoOfTrace(c, std, rows)
		},
	}
}

func infoOfTrace(c *cli.Context, std streams, rows int) error {
	var o info.Options
	err := oneForScripts(c)
	if err != nil {
		return err
	}
	if o.Given, err = givenOf(c); err != nil {
		return err
	}
	if o.Requests, err = requestsOf(c, std); err != nil {
		return err
	}
	in, err := openInput(c, std, how{verify: true})
	if err != nil {
		return err
	}
	defer in.Close()
	html, csv, err := tableOutputs(c, std, new(info.Info).Tables())
	if err != nil {
		return err
	}
	if csv != nil {
		defer csv.Close()
	}
	var drawn *page.Collector
	if html != nil {
		if drawn, err = newPage(o.Requests, o.Given); err != nil {
			return err
		}
		o.Look = drawn.Part
		budget.Register(c.Context, drawn.AddMemory)
	}
	found, survey, err := info.Inspect(c.Context, in.Source, o)
	if err == nil {
		err = in.checkUnchanged()
	}
	if err != nil {
		return in.wrap(requestError(err))
	}
	in.meter.Stop()
	if err := strictly(c, in, found.Damage); err != nil {
		return err
	}
	if drawn != nil {
		if err := writePage(c, std, in, html, drawn.Finish(survey)); err != nil {
			return err
		}
	}
	switch {
	case c.Bool("json"):
		err = writeError(writeInfoJSON(std.out, found))
	case csv != nil:
		err = writeTables(c, std, csv, found.Tables())
	default:
		err = writeError(found.WriteText(std.out, info.TextOptions{Name: in.name, Rows: rows, Screen: screen(std.out)}))
	}
	if err != nil {
		return err
	}
	return damage(in, found.Damage, c.Bool("quiet"), std)
}

func writeInfoJSON(w io.Writer, i *info.Info) error {
	return jsondoc.Write(w, struct {
		*info.Info
		Damage string `json:"damage"`
	}{i, i.Damage.String()})
}
