package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tracekit/filter"
	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/trace"
	keepfilter "tracekit/transform/filter"
	"tracekit/transform/pipeline"

	"github.com/urfave/cli/v2"
)

func filterCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "filter",
		Usage:     "keep the events that an expression describes",
		UsageText: "tracekit filter 'EXPRESSION' [FLAGS] [FILE|-]",
		Description: `Keeps the events that meet a condition: an expression, flags, or both. Begins and
ends are kept or dropped as pairs, by the begin and the time between them. Flows
are kept if both of their slices are, and are written last. Processes and threads
that have events keep their names. The order of other events does not change.

Values of one flag are alternatives; different flags must all be met. --name,
--process and --thread look for a text, or for a regular expression if it is
written as /…/.

` + filter.Grammar + `
` + exitText + emptyText,
		Flags: append(append(append([]cli.Flag{
			&cli.StringSliceFlag{Name: "expr", Aliases: []string{"e"}, Usage: "keep events that meet `EXPR`: another way to give the expression"},
		}, shorthandFlags()...),
			&cli.BoolFlag{Name: "invert", Usage: "keep what does not meet the condition"},
			&cli.BoolFlag{Name: "with-parents", Usage: "also keep the slices around a kept one"},
			&cli.BoolFlag{Name: "with-children", Usage: "also keep the slices inside a kept one"},
			&cli.BoolFlag{Name: "with-device", Usage: "also keep the device work that a kept slice launched"},
			&cli.BoolFlag{Name: "with-flows", Usage: "also keep the slices that flows connect to a kept one"},
			&cli.BoolFlag{Name: "fail-empty", Usage: "end with status 4 if no event meets the condition; the output is written all the same"},
			statsFlag(), dryRunFlag(), tmpdirFlag(),
		), append(givenFlags(), outputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, name, err := filterOptions(c)
			if err != nil {
				return err
			}
			format, err := outputFormat(c)
			if err != nil {
				return err
			}
			in, err := openNamed(c, std, name, how{twice: true, to: format})
			if err != nil {
				return err
			}
			o.Spill = spill.In(c.String("tmpdir"))
			if c.Bool("stats") {
				o.Tally = &pipeline.Tally{}
				return tallied(c, std, in, o.Tally, func(in *input, w *trace.Writer, _ func() bool) (pipeline.Report, error) {
					return keepfilter.Run(c.Context, in.Source, w, o)
				})
			}
			return convertInput(c, std, in, func(in *input, w *trace.Writer, _ func() bool) (pipeline.Report, error) {
				return keepfilter.Run(c.Context, in.Source, w, o)
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
func filterOptions(c *cli.Context) (o keepfilter.Options, input string, err error) {
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
	words := c.Args().Slice()
	if err := severalBehind(words); err != nil {
		return o, "", err
	}
	if c.IsSet("expr") {
		x, err := anyOf(c.StringSlice("expr"))
		if err != nil {
			return o, "", err
		}
		if len(words) == 2 && !isFile(words[0]) {
			return o, "", hint(usage("two expressions: %s, and --expr", words[0]), "join them with &&")
		}
		flags = filter.And(x, flags)
	} else if err := checkWords(words, flags != nil); err != nil {
		return o, "", err
	}
	if !c.IsSet("expr") && (flags == nil || len(words) == 2 || len(words) == 1 && isExpression(words[0])) {
		x, err := parseExpression(words[0])
		if err != nil {
			return o, "", err
		}
		flags, words = filter.And(x, flags), words[1:]
	}
	if len(words) > 1 {
		return o, "", usage("too many arguments: %q", words)
	}
	if len(words) > 0 {
		input = words[0]
	}
	if c.Bool("invert") {
		flags = filter.Not(flags)
	}
	o.Expr = flags
	o.Related = keepfilter.Related{
		Parents: c.Bool("with-parents"), Children: c.Bool("with-children"),
		Device: c.Bool("with-device"), Flows: c.Bool("with-flows"),
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, "", err
	}
	return o, input, nil
}

// severalBehind is an error if an expression stands before several inputs, for which it goes behind
// -e: it says the command.
func severalBehind(words []string) error {
	if len(words) < 2 || isFile(words[0]) || len(words) == 2 && !isFolder(words[1]) && (isFile(words[1]) || !isPattern(words[1])) {
		return nil
	}
	x, err := filter.Parse(words[0])
	if err != nil || x == nil || !allInputs(words[1:]) {
		return nil
	}
	for i := range words {
		words[i] = quoteWord(words[i])
	}
	return hint(usage("an expression before several inputs"), "put it behind -e: tracekit filter -e %s -o OUT/ %s", words[0], strings.Join(words[1:], " "))
}

// checkWords tells mistakes in what stands besides flags: an expression, which
// may be missing where flags make a condition, and an input.
func checkWords(words []string, flags bool) error {
	const say = `say which events to keep, such as 'hardware && dur > 100us' or --name decode`
	switch {
	case len(words) > 2:
		return hint(usage("too many arguments: %q", words), "put the expression in quotes: one expression, one FILE; with several, say it by -e EXPR")
	case len(words) == 0 && !flags:
		return hint(usage("no condition"), say)
	case !flags && len(words) == 1 && isMissing(words[0]), len(words) == 2 && isMissing(words[0]):
		return hint(fmt.Errorf("%s: no such file or directory", words[0]), "is the name right, and seen from this folder? An expression stands before FILE, or behind -e")
	case len(words) == 1 && !flags && isFile(words[0]):
		return hint(usage("no condition for %s", words[0]), say)
	case len(words) == 2 && isFile(words[0]) && !isFile(words[1]):
		return hint(usage("%s stands where the expression should be", words[0]), "first the expression, then FILE")
	}
	return nil
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil || remote.Is(name)
}

// isMissing reports whether a word is the name of a trace that is not there, rather than an expression.
func isMissing(word string) bool {
	ending := strings.ToLower(filepath.Ext(word))
	_, packed := packings[ending]
	return !isFile(word) && !isExpression(word) && (packed || ending == ".json" || ending == ".zip") && !strings.ContainsAny(word, "\"'=<>!")
}

// isExpression tells a word beside flags from an input's name.
func isExpression(word string) bool {
	_, err := filter.Parse(word)
	return err == nil && !isFile(word)
}

// anyOf is the condition that one of several expressions is met.
func anyOf(sources []string) (*filter.Expr, error) {
	var all []*filter.Expr
	for _, source := range sources {
		x, err := parseExpression(source)
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return filter.Or(all...), nil
}

func parseExpression(source string) (*filter.Expr, error) {
	x, err := filter.Parse(source)
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		return nil, hint(usage("%s", wrong.Message+"\n"+indent(wrong.Show())), "tracekit help filter shows how expressions are written")
	}
	return x, err
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
