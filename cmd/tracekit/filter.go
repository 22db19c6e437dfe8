package main

import (
	"errors"
	"os"
	"strings"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/cut"
	"tracekit/transform/pipeline"

	"github.com/urfave/cli/v2"
)

func filterCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "filter",
		Usage:     "keep the events that an expression describes",
		UsageText: "tracekit filter 'EXPRESSION' [FLAGS] [FILE|-]",
		Description: `Keeps events that meet a condition: an expression, flags, or both. Begins and
ends stay or go as pairs, by the begin and the time between them. Arrows stay
if both slices that they join do, names if what they name is left.

Values of one flag are alternatives; different flags must all be met. --name,
--process and --thread look for a text, or for a regular expression that is
written as /…/.

` + filter.Grammar + `
` + exitText,
		Flags: append(append(shorthandFlags(),
			&cli.BoolFlag{Name: "invert", Usage: "keep what does not meet the condition"},
			&cli.BoolFlag{Name: "with-parents", Usage: "also keep the slices around a kept one"},
			&cli.BoolFlag{Name: "with-children", Usage: "also keep the slices inside a kept one"},
			&cli.BoolFlag{Name: "with-device", Usage: "also keep what a kept slice launched on a device"},
			&cli.BoolFlag{Name: "with-flows", Usage: "also keep the slices that arrows join to a kept one"},
			statsFlag(), tmpdirFlag(),
		), outputFlags()...),
		Action: func(c *cli.Context) error {
			o, name, err := filterOptions(c)
			if err != nil {
				return err
			}
			in, err := openNamed(c, std, name, true)
			if err != nil {
				return err
			}
			if c.Bool("stats") {
				o.Tally = &pipeline.Tally{}
				return dryRun(c, std, in, o.Tally, func(in *input, w *trace.Writer) (pipeline.Report, error) {
					return cut.Filter(c.Context, in.Source, w, o)
				})
			}
			return convertInput(c, std, in, func(in *input, w *trace.Writer) (pipeline.Report, error) {
				return cut.Filter(c.Context, in.Source, w, o)
			})
		},
	}
}

// terms are the flags that stand for conditions, and what they say.
var terms = []struct{ name, usage string }{
	{"name", "name contains `TEXT`, or matches /REGEX/"},
	{"cat", "category is `NAME`"},
	{"process", "name of the process contains `TEXT`, or matches /REGEX/"},
	{"thread", "name of the thread contains `TEXT`, or matches /REGEX/"},
	{"pid", "process id is `ID`"},
	{"tid", "thread id is `ID`"},
	{"min-dur", "lasts `TIME` or longer"},
	{"max-dur", "lasts `TIME` or less"},
}

func shorthandFlags() []cli.Flag {
	var flags []cli.Flag
	for _, t := range terms {
		flags = append(flags, &cli.StringSliceFlag{Name: t.name, Usage: t.usage})
	}
	for _, t := range terms {
		flags = append(flags, &cli.StringSliceFlag{Name: "not-" + t.name, Usage: "leave out: " + t.usage})
	}
	return flags
}

// filterOptions reads the condition, and tells which argument is the input.
func filterOptions(c *cli.Context) (o cut.FilterOptions, input string, err error) {
	of := func(not string) filter.Terms {
		get := func(name string) []string { return c.StringSlice(not + name) }
		return filter.Terms{
			Name: get("name"), Cat: get("cat"), Process: get("process"), Thread: get("thread"),
			Pid: get("pid"), Tid: get("tid"), MinDur: get("min-dur"), MaxDur: get("max-dur"),
		}
	}
	flags, err := filter.Shorthand{Terms: of(""), Not: of("not-")}.Expr()
	if err != nil {
		return o, "", usage("%v", err)
	}
	source, input, err := sourceAndInput(c, flags != nil)
	if err != nil {
		return o, "", err
	}
	if source != "" {
		x, err := filter.Parse(source)
		var wrong *filter.Error
		if errors.As(err, &wrong) {
			return o, "", hint(usage("%s", wrong.Message+"\n"+indent(wrong.Show())), "tracekit help filter tells how expressions are written")
		}
		flags = filter.And(x, flags)
	}
	if c.Bool("invert") {
		flags = filter.Not(flags)
	}
	o.Expr = flags
	o.Kin = cut.Kin{
		Parents: c.Bool("with-parents"), Children: c.Bool("with-children"),
		Device: c.Bool("with-device"), Flows: c.Bool("with-flows"),
	}
	return o, input, nil
}

// sourceAndInput tells the expression from the input. Where flags make a
// condition, an argument alone is the input.
func sourceAndInput(c *cli.Context, flags bool) (source, input string, err error) {
	switch args := c.Args().Slice(); {
	case len(args) > 2:
		return "", "", hint(usage("too many arguments: %q", args), "put the expression in quotes: one expression, one FILE")
	case len(args) == 2:
		return args[0], args[1], nil
	case len(args) == 1 && flags:
		return "", args[0], nil
	case len(args) == 1:
		if _, err := os.Stat(args[0]); err == nil {
			return "", "", hint(usage("no condition for %s", args[0]), `say which events shall stay, such as 'cat == "kernel"' or --name decode`)
		}
		return args[0], "", nil
	case flags:
		return "", "", nil
	}
	return "", "", hint(usage("no condition"), `say which events shall stay, such as 'cat == "kernel"' or --name decode`)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
