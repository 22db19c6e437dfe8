package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"tracekit/internal/manual"

	"github.com/urfave/cli/v2"
)

const overviewText = `A trace is a file, comes through a pipe or is at an address (https://, http:// or
s3://BUCKET/KEY): JSON as PyTorch, vLLM, SGLang and others write it, plain or
compressed with gzip, zstd or zip. Every verb reads what the others write.

EXAMPLES
   tracekit info big.json.gz
   tracekit slice --from 10s --for 250ms -o piece.json.gz big.json.gz
   tracekit strip --python big.json.gz | tracekit slice --step 120 -o step.json.gz
   tracekit slice --step 120 -o step.json.gz s3://traces/run7/rank0.json.gz

tracekit help VERB shows the flags of a verb, with examples.`

func helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "show how a verb is used",
		UsageText: "tracekit help [VERB]",
		Description: `Shows what a verb does, its flags and examples; without VERB, the list of verbs.
tracekit VERB --help does the same.`,
		Action: func(c *cli.Context) error {
			switch c.NArg() {
			case 0:
				return cli.ShowAppHelp(c)
			case 1:
				if c.App.Command(c.Args().First()) == nil {
					return noSuchVerb(c.App, c.Args().First())
				}
				return cli.ShowCommandHelp(c, c.Args().First())
			}
			return usage("help for one verb at a time: %q", c.Args().Slice())
		},
	}
}

// mayShowHelp reports whether args may ask for help. To make that of all verbs takes
// longer than all else of a start.
func mayShowHelp(args []string) bool {
	if len(args) < 2 || args[1] == "help" || strings.HasPrefix(args[1], "-") {
		return true
	}
	return slices.ContainsFunc(args[2:], func(arg string) bool {
		return strings.HasPrefix(arg, "-") && strings.HasPrefix(strings.TrimLeft(arg, "-"), "h")
	})
}

// addHelp lays down the help of app and its verbs, in place of the library's own.
func addHelp(app *cli.App) {
	app.CustomAppHelpTemplate = verbatim(manual.Overview(app))
	for _, v := range manual.Verbs(app) {
		app.Command(v.Name).CustomHelpTemplate = verbatim(v.Help(app.Name))
	}
}

// verbatim is a template that makes text.
func verbatim(text string) string { return "{{" + strconv.Quote(text) + "}}" }

// noVerb is what happens where the first argument is no verb.
func noVerb(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.ShowAppHelp(c)
	}
	return noSuchVerb(c.App, c.Args().First())
}

func noSuchVerb(app *cli.App, name string) error {
	err := usage("there is no verb %q", name)
	var verbs []string
	for _, c := range app.Commands {
		verbs = append(verbs, c.Name)
	}
	if ours := verbsMeant[name]; slices.Contains(verbs, ours) {
		return hint(err, "did you mean %s?", ours)
	}
	if near := nearest(name, verbs); near != "" {
		return hint(err, "did you mean %s?", near)
	}
	if _, statErr := os.Stat(name); statErr == nil {
		return hint(err, "a verb comes before the file, such as %s", fmt.Sprintf("tracekit info %s", name))
	}
	return hint(err, "tracekit help lists the verbs")
}

// helpFor is the command that tells how what args call is used.
func helpFor(app *cli.App, args []string) string {
	if len(args) > 1 && app.Command(args[1]) != nil {
		return "tracekit help " + args[1]
	}
	return "tracekit help"
}
