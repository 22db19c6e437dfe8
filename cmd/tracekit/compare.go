package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tracekit/internal/budget"
	"tracekit/internal/jsondoc"
	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/compare"
	"tracekit/transform/page"
	measured "tracekit/transform/report"
	"tracekit/transform/requests"
	"tracekit/transform/steps"

	"github.com/urfave/cli/v2"
)

func compareCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      compareVerb,
		Usage:     "show what changed between two runs, and whether it is more than noise",
		UsageText: "tracekit compare [FLAGS] BEFORE AFTER\n   tracekit compare [FLAGS] BEFORE... -- AFTER...",
		Description: `Compares traces of the same work before and after a change: steps of the same
phase and bucket with each other, gaps, recompilations, and what the time of a
step was spent on, down to kernels, operators and functions of Python. A run is
a trace, a folder with those of its ranks, or what report --json wrote of one.
What is not significant is shown as ~. docs/compare.md has the definitions.

EXAMPLES
   tracekit compare before.json.gz after.json.gz
   tracekit compare a1.json.gz a2.json.gz a3.json.gz -- b1.json.gz b2.json.gz b3.json.gz
   tracekit compare --phase decode --fail-above 5% before/ after/

EXIT STATUS
   0 done; 1 failed, nothing written; 2 wrong usage; 3 done, but an input was
   damaged and something of it could not be kept (1 with --strict); 4 done, and a
   phase got slower by more than --fail-above; 129, 130, 143 ended by a signal,
   nothing written`,
		Flags: append(append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			csvFlag(),
			&cli.StringFlag{Name: "html", Usage: "write a page to `FILE` that draws both sides over time and what the change is made of"},
			&cli.IntFlag{Name: "rows", Value: 6, Usage: "show up to `N` rows of each list"},
			&cli.StringFlag{Name: "fail-above", Usage: "exit with 4 if the median of a phase got slower by more than `PERCENT`, such as 5%, and by more than noise"},
			&cli.StringFlag{Name: "step", Usage: "compare the steps `A..B` only, by the numbers of their markers or counted from 0"},
			&cli.StringFlag{Name: "phase", Usage: "compare steps of one `PHASE` only: prefill, decode, mixed or other"},
			&cli.StringFlag{Name: "bucket", Usage: "compare steps only whose bucket holds `TEXT`, such as bs8"},
			&cli.IntFlag{Name: "skip", Usage: "leave out the first `N` steps of each trace"},
			tmpdirFlag(),
		}, append(markerFlags(), givenFlags()...)...), inputFlags()...),
		Action: func(c *cli.Context) error { return compareRuns(c, std) },
	}
}

// comparing is what the flags of compare say.
type comparing struct {
	before, after []string
	report        measured.Options
	selection     compare.Selection
	limit         float64 // percent; negative if there is none
}

func comparingOf(c *cli.Context) (o comparing, err error) {
	if err := oneForScripts(c); err != nil {
		return o, err
	}
	if _, err := bounded(c, "rows", mostRows); err != nil {
		return o, err
	}
	if o.before, o.after, err = twoSides(c.Args().Slice()); err != nil {
		return o, err
	}
	if o.limit, err = limitOf(c); err != nil {
		return o, err
	}
	if o.report.Markers, err = markerOf(c); err != nil {
		return o, err
	}
	if o.report.Given, err = givenOf(c); err != nil {
		return o, err
	}
	if c.IsSet("step") {
		choice, err := steps.ParseChoice(c.String("step"))
		if err != nil {
			return o, usage("--step: %v", err)
		}
		o.selection.Steps = &choice
	}
	if c.IsSet("phase") {
		if _, err := steps.ParsePhase(c.String("phase")); err != nil {
			return o, usage("--phase: %v", err)
		}
	}
	if o.selection.Skip = c.Int("skip"); o.selection.Skip < 0 {
		return o, usage("--skip %d: it wants a number of steps", o.selection.Skip)
	}
	o.selection.Phase, o.selection.Bucket = c.String("phase"), c.String("bucket")
	o.report.Temp = spill.In(c.String("tmpdir"))
	return o, nil
}

// twoSides divides the inputs: at the --, or in the middle of two.
func twoSides(names []string) (before, after []string, err error) {
	at := slices.Index(names, "--")
	switch {
	case at < 0 && len(names) == 2:
		return names[:1], names[1:], nil
	case at < 0:
		return nil, nil, hint(usage("compare takes two inputs, or -- between those before and those after"), "tracekit compare a1.json b1.json, or tracekit compare a1.json a2.json -- b1.json b2.json")
	case at == 0 || at == len(names)-1 || slices.Contains(names[at+1:], "--"):
		return nil, nil, usage("compare takes inputs on both sides of one --")
	}
	return names[:at], names[at+1:], nil
}

func limitOf(c *cli.Context) (float64, error) {
	if !c.IsSet("fail-above") {
		return -1, nil
	}
	text, ok := strings.CutSuffix(c.String("fail-above"), "%")
	percent, err := strconv.ParseFloat(text, 64)
	if err != nil || !(percent >= 0 && percent < 1e6) {
		return 0, usage("--fail-above %q: write it as 5%%", c.String("fail-above"))
	}
	if !ok {
		return 0, hint(usage("--fail-above %q has no unit", c.String("fail-above")), "write %s%%", text)
	}
	return percent, nil
}

func compareRuns(c *cli.Context, std streams) error {
	o, err := comparingOf(c)
	if err != nil {
		return err
	}
	html, csv, err := tableOutputs(c, std, new(compare.Result).Tables())
	if err != nil {
		return err
	}
	if csv != nil {
		defer csv.Close()
	}
	reading := &comparisonReader{c: c, std: std, comparing: o, draw: html != nil}
	before, after, err := reading.sides()
	if err != nil {
		return err
	}
	r := compare.Compare(before, after)
	if html != nil {
		draw := func(w io.Writer) error { return r.WriteHTML(w, reading.drawn[0], reading.drawn[1]) }
		if err := commitPage(c, std, html, draw); err != nil {
			return err
		}
	}
	switch {
	case c.Bool("json"):
		err = writeError(jsondoc.Write(std.out, r))
	case csv != nil:
		err = writeTables(c, std, csv, r.Tables())
	default:
		err = writeError(r.WriteText(std.out, compare.TextOptions{Rows: c.Int("rows"), Screen: screen(std.out)}))
	}
	if err != nil {
		return err
	}
	if p := r.FailsAbove(o.limit); o.limit >= 0 && p != nil {
		return noError{fmt.Errorf("%s steps got slower by %.1f%%, more than --fail-above %s", p.Phase, *p.Median.Percent, c.String("fail-above")), exitNo}
	}
	return reading.damage
}

// comparisonReader reads the inputs of compare, those of a side one after the other.
type comparisonReader struct {
	c   *cli.Context
	std streams
	comparing
	damage error // the first
	draw   bool
	drawn  [2]*page.Data // of the first trace of each side, if they are to be drawn
}

// sides reads both sides at the same time. Each has a bound of memory of its own, and what is
// said of the side after is said last.
func (r *comparisonReader) sides() (before, after []compare.Run, err error) {
	limit, err := memoryLimit(r.c)
	if err != nil {
		return nil, nil, err
	}
	c := *r.c
	ctx, stop := context.WithCancel(r.c.Context)
	defer stop()
	bounded, held := budget.With(ctx, limit)
	c.Context = bounded
	var said bytes.Buffer
	other := &comparisonReader{c: &c, std: r.std, comparing: r.comparing, draw: r.draw}
	other.std.err = &said
	ended := make(chan error, 1)
	go func() {
		var err error
		after, err = other.side(1, r.after)
		ended <- memoryError(held, limit, err)
	}()
	if before, err = r.side(0, r.before); err != nil {
		stop()
		<-ended
		return nil, nil, err
	}
	if err = <-ended; err != nil {
		return nil, nil, err
	}
	if r.drawn[1] = other.drawn[1]; r.damage == nil {
		r.damage = other.damage
	}
	_, err = said.WriteTo(r.std.err)
	return before, after, err
}

// side reads the runs of a side: a folder is one of many ranks, each other file one by itself.
func (r *comparisonReader) side(side int, names []string) (runs []compare.Run, err error) {
	for _, name := range names {
		files, err := r.files(name)
		if err != nil {
			return nil, err
		}
		if isFolder(name) {
			run, err := r.run(side, name, files)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
			continue
		}
		for _, file := range files {
			run, err := r.run(side, file, []string{file})
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// files are those that an argument names. Of a folder without traces they are its partial reports.
func (r *comparisonReader) files(name string) ([]string, error) {
	files, err := expand(r.c, r.std, name)
	if err != nil && isFolder(name) {
		if partials, _ := filepath.Glob(filepath.Join(name, "*.partial*")); len(partials) > 0 {
			return partials, nil
		}
	}
	return files, err
}

func (r *comparisonReader) run(side int, name string, files []string) (compare.Run, error) {
	run := compare.Run{Name: remote.Shown(name)}
	for _, file := range files {
		some, err := r.inputs(side, file)
		if err != nil {
			return run, err
		}
		run.Inputs = append(run.Inputs, some...)
	}
	return run, nil
}

// inputs reads a file: a trace, a report, or a partial report of some traces.
func (r *comparisonReader) inputs(side int, name string) ([]*compare.Input, error) {
	var in *compare.Input
	var err error
	if name != "-" {
		p, err := partialFile(r.c, r.std, name)
		if err != nil {
			return nil, err
		}
		if p != nil {
			return compare.FromPartial(p, remote.Shown(name), r.selection)
		}
		in, err = r.reportFile(name)
		if err != nil {
			return nil, err
		}
	}
	if in == nil {
		in, err = r.input(side, name)
	}
	return []*compare.Input{in}, err
}

func (r *comparisonReader) input(side int, name string) (*compare.Input, error) {
	in, err := openNamed(r.c, r.std, name, how{twice: true})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	options := r.report
	var drawn *page.Collector
	if r.draw && r.drawn[side] == nil {
		if drawn, err = newPage(requests.Options{Marker: options.Markers}, options.Given); err != nil {
			return nil, err
		}
		options.Look = drawn.Part
		budget.Register(r.c.Context, drawn.AddMemory)
	}
	i, survey, err := compare.Measure(r.c.Context, in.Source, in.name, options, r.selection)
	if err == nil {
		err = in.checkUnchanged()
	}
	if err != nil {
		return nil, in.wrap(rangeError(err))
	}
	in.meter.Stop()
	if drawn != nil {
		r.drawn[side] = drawn.Finish(survey)
		r.drawn[side].Name = in.name
	}
	if err := strictly(r.c, in, i.Report.Damage); err != nil {
		return nil, err
	}
	err = damage(in, i.Report.Damage, r.c.Bool("quiet"), r.std)
	if r.damage == nil {
		r.damage = err
	}
	return i, nil
}

// reportFile reads a file that report --json wrote; nil if it is none.
func (r *comparisonReader) reportFile(name string) (*compare.Input, error) {
	in, err := openIf(r.c, r.std, name, reportHead, isReport)
	if in == nil || err != nil {
		return nil, err
	}
	defer in.Close()
	return compare.FromReport(in, remote.Shown(name), r.selection)
}

// reportHead is how much of a file tells that it is a report.
const reportHead = 1 << 10

func isReport(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || head[0] != '{' {
		return false
	}
	for m := range trace.Members(head) {
		return string(m.Key) == "zero_ns"
	}
	return false
}
