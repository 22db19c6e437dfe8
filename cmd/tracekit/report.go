package main

import (
	"fmt"
	"io"
	"os"

	"tracekit/internal/budget"
	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/transform/compare"
	"tracekit/transform/page"
	"tracekit/transform/ranks"
	measured "tracekit/transform/report"
	"tracekit/transform/requests"

	"github.com/urfave/cli/v2"
	xterm "golang.org/x/term"
)

func reportCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "measure steps, gaps, recompilations, Python, devices and kernels",
		UsageText: "tracekit report [--json|--csv DIR] [RANGE] [FLAGS] [FILE|-]\n   tracekit report [--json|--csv DIR|--partial FILE] [RANGE] [FLAGS] FILE...",
		Description: `Shows how long prefills and decodes take by bucket and how much of them is
padding, the gaps between steps and how far devices are idle in them,
recompilations, what Python and the devices spend their time on. Steps and gaps
count if they start in the range; everything else counts for the part of it that
is within the range. docs/report.md has the definitions.

Several inputs are taken for the ranks of one run, and each gets a row. If traces
are on different machines, run report --partial on each: it writes a small file,
and a later report takes these files as inputs, in any order, with or without
traces.

` + rangeHelp + `

EXAMPLES
   tracekit report vllm.pt.trace.json.gz
   tracekit report --step 120..128 --json vllm.pt.trace.json.gz
   tracekit report --from 10s --for 2s --csv numbers/ vllm.pt.trace.json.gz
   tracekit report ranks/
   tracekit report --partial 3.partial rank-3.json.gz
   tracekit report *.partial

` + exitText,
		Flags: append(append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			csvFlag(),
			&cli.IntFlag{Name: "rows", Value: 4, Usage: "show up to `N` rows of each list"},
			&cli.StringFlag{Name: "partial", Usage: "write what the inputs add to the report of all ranks to `FILE`, for a later report of such files"},
			&cli.BoolFlag{Name: "for-compare", Usage: "write into the JSON what the time of steps was spent on, for compare to read"},
			pageFlag(),
			tmpdirFlag(),
		}, append(append(append(rangeFlags(), markerFlags()...), requestFlags()...), givenFlags()...)...), inputFlags()...),
		Action: func(c *cli.Context) error {
			o, err := reportOptions(c, std)
			if err != nil {
				return err
			}
			partial, err := partialOutput(c, std)
			if err != nil {
				return err
			}
			read, err := partialFile(c, std, c.Args().First())
			switch {
			case err != nil:
				return err
			case read != nil && partial == nil:
				html, csv, err := tableOutputs(c, std, new(ranks.Result).Tables())
				if err != nil {
					return err
				}
				if csv != nil {
					defer csv.Close()
				}
				lacks, err := reportRanks(c, std, read, html, csv)
				if err != nil || lacks == exitDone {
					return err
				}
				return noError{errLackingSome, lacks}
			case read != nil:
				return writePartial(c, std, partial, read)
			}
			return reportTrace(c, std, o, partial)
		},
	}
}

func reportOptions(c *cli.Context, std streams) (o measured.Options, err error) {
	if err := oneForScripts(c); err != nil {
		return o, err
	}
	if c.Bool("for-compare") && !c.Bool("json") {
		return o, usage("--for-compare is of --json")
	}
	if _, err := bounded(c, "rows", mostRows); err != nil {
		return o, err
	}
	if o.Markers, err = markerOf(c); err != nil {
		return o, err
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, err
	}
	if err := needsRequest(c); err != nil {
		return o, err
	}
	if !namesRange(c) && !c.IsSet("pad") {
		return o, nil
	}
	r, err := rangeOf(c)
	if err != nil || !c.IsSet("request") {
		o.Range = &r
		return o, err
	}
	o.Request = c.String("request")
	from, err := requestsOf(c, std)
	if err == nil {
		o.Requests, err = requests.NewFinder(from)
	}
	return o, err
}

func reportTrace(c *cli.Context, std streams, o measured.Options, partial *output) error {
	in, err := openInput(c, std, how{twice: true})
	if err != nil {
		return err
	}
	defer in.Close()
	html, csv, err := tableOutputs(c, std, new(measured.Report).Tables())
	if err != nil {
		return err
	}
	if csv != nil {
		defer csv.Close()
	}
	var drawn *page.Collector
	if html != nil {
		if drawn, err = newPage(requests.Options{Marker: o.Markers}, o.Given); err != nil {
			return err
		}
		o.Look = drawn.Part
		budget.Register(c.Context, drawn.AddMemory)
	}
	o.Temp = spill.In(c.String("tmpdir"))
	var r *measured.Report
	var adds *ranks.Trace
	switch {
	case partial != nil:
		adds, r, err = ranks.Measure(c.Context, in.Source, in.name, o)
	case c.Bool("for-compare"):
		r, err = compare.ReportOf(c.Context, in.Source, o)
	default:
		r, err = measured.Run(c.Context, in.Source, o)
	}
	if err == nil {
		err = in.checkUnchanged()
	}
	if err != nil {
		return in.wrap(rangeError(err))
	}
	in.meter.Stop()
	if err := strictly(c, in, r.Damage); err != nil {
		return err
	}
	if drawn != nil {
		if err := writePage(c, std, in, html, reportPage(drawn, r, o)); err != nil {
			return err
		}
	}
	switch {
	case partial != nil:
		var p *ranks.Partial
		if p, err = ranks.Merge(&ranks.Partial{Traces: []*ranks.Trace{adds}}); err == nil {
			err = writePartial(c, std, partial, p)
		}
	case c.Bool("json"):
		err = writeError(writeReportJSON(std.out, r))
	case csv != nil:
		err = writeTables(c, std, csv, r.Tables())
	default:
		err = writeError(r.WriteText(std.out, measured.TextOptions{Rows: c.Int("rows"), Screen: screen(std.out)}))
	}
	if err != nil {
		return err
	}
	return damage(in, r.Damage, c.Bool("quiet"), std)
}

// pageRows is how many rows of each list a page has.
const pageRows = 100

// reportPage is the page of a report: its range is marked, and its tables stand below.
func reportPage(c *page.Collector, r *measured.Report, o measured.Options) *page.Data {
	d := c.Finish(r.Survey)
	if o.Range != nil {
		d.Asked = &page.Mark{Start: max(r.From, d.Zero), End: min(r.To, d.Last)}
	}
	for _, t := range r.TextTables(pageRows) {
		d.Tables = append(d.Tables, page.Table{Head: t.Head, Rows: t.Rows, Left: t.Left})
	}
	return d
}

func writeReportJSON(w io.Writer, r *measured.Report) error {
	return jsondoc.Write(w, struct {
		*measured.Report
		Damage string `json:"damage"`
	}{r, r.Damage.String()})
}

func csvFlag() cli.Flag {
	return &cli.StringFlag{Name: "csv", Usage: "write each list as a file of its own into the folder `DIR`"}
}

// oneForScripts refuses two forms of the same for scripts.
func oneForScripts(c *cli.Context) error {
	if c.Bool("json") && c.IsSet("csv") {
		return usage("--json and --csv exclude each other")
	}
	return nil
}

// table is a list of what a verb has measured, as CSV.
type table interface {
	FileName() string
	Write(w io.Writer) error
}

// tableOutputs are the page that --html asks for and the folder of --csv, nil for none. The
// files that will be in the folder are checked before anything is read.
func tableOutputs[T table](c *cli.Context, std streams, tables []T) (html *output, csv *folder, err error) {
	if !c.IsSet("csv") {
		if err := std.show(!c.IsSet("html")); err != nil {
			return nil, nil, err
		}
	}
	if html, err = pageOutput(c, std); err != nil || !c.IsSet("csv") {
		return html, nil, err
	}
	csv, err = tableFolder(c, std, fileNames(tables))
	return html, csv, err
}

func fileNames[T table](tables []T) (names []string) {
	for _, t := range tables {
		names = append(names, t.FileName())
	}
	return names
}

func tableFolder(c *cli.Context, std streams, names []string) (*folder, error) {
	dir, err := openFolder(std, c.String("csv"))
	if err != nil {
		return nil, err
	}
	if err := dir.Claim(names); err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

func writeTables[T table](c *cli.Context, std streams, dir *folder, tables []T) error {
	for _, t := range tables {
		if err := writeTable(dir, t); err != nil {
			return err
		}
	}
	if err := dir.Commit(); err != nil {
		return err
	}
	if !c.Bool("quiet") {
		fmt.Fprintf(std.err, "%s: %s in %s\n", c.Command.Name, term.Plural(len(tables), "table"), dir.path)
	}
	return nil
}

func writeTable(dir *folder, t table) error {
	f, err := dir.Create(t.FileName(), false)
	if err != nil {
		return err
	}
	err = t.Write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		_, err = f.Commit()
	} else {
		f.Abort()
	}
	return err
}

// screen is what w shows text on.
func screen(w io.Writer) (s term.Screen) {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return s
	}
	s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if width, _, err := xterm.GetSize(int(f.Fd())); err == nil {
		s.Width = width
	}
	return s
}
