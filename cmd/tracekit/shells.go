package main

import (
	"os"
	"path/filepath"
	"strings"

	"tracekit/internal/manual"
	"tracekit/trace"
	"tracekit/transform/repair"
	"tracekit/transform/strip"

	"github.com/urfave/cli/v2"
)

func completionCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the script that completes verbs and flags in a shell",
		UsageText: "tracekit completion " + strings.Join(manual.Shells(), "|"),
		Description: `Prints a script for a shell.

EXAMPLES
   bash        echo 'source <(tracekit completion bash)' >> ~/.bashrc
   zsh         tracekit completion zsh > "${fpath[1]}/_tracekit"
   fish        tracekit completion fish > ~/.config/fish/completions/tracekit.fish
   PowerShell  tracekit completion powershell >> $PROFILE`,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return hint(usage("which shell?"), "name one: %s", strings.Join(manual.Shells(), ", "))
			}
			script, err := manual.Completion(c.App.Name, c.Args().First())
			if err != nil {
				return hint(usage("%v", err), "%s are known", strings.Join(manual.Shells(), ", "))
			}
			return std.print(script)
		},
	}
}

// completeCommand prints what may stand where the cursor is, for the scripts of shells.
func completeCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: manual.CompleteVerb, Hidden: true, SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			words := c.Args().Slice()
			if n := len(words); n == 0 || !strings.HasPrefix(words[n-1], ":") {
				return usage("%s wants words, the last behind a colon", manual.CompleteVerb)
			} else {
				words[n-1] = words[n-1][1:]
			}
			var lines strings.Builder
			offers, path := manual.Complete(c.App, valuesOf, words)
			for _, o := range offers {
				lines.WriteString(o.Word + "\t" + o.Text + "\n")
			}
			if path != "" {
				lines.WriteString(":" + path + "\n")
			}
			return std.print(lines.String())
		},
	}
}

// valuesOf are the values that flags take whose usage does not list them.
func valuesOf(verb, flag string) (values []string) {
	switch flag {
	case "skip", "only":
		if verb == "repair" {
			for _, k := range repair.Switchable() {
				values = append(values, string(k))
			}
		}
	case "strip":
		values = strip.Kinds
	case "phase":
		values = []string{"prefill", "decode", "mixed"}
	}
	return values
}

func manCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "man",
		Usage:     "print a man page",
		UsageText: "tracekit man [-o DIR] [VERB]",
		Description: `Prints the man page of a verb, or without VERB that of the command; with -o,
writes all of them into a folder.

EXAMPLES
   tracekit man slice | man -l -
   tracekit man -o ~/.local/share/man/man1`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write every page into the folder `DIR`"},
		},
		Action: func(c *cli.Context) error {
			if c.IsSet("output") {
				if c.NArg() > 0 {
					return usage("-o writes all pages: a VERB has no place here")
				}
				return writePages(std, c.String("output"), c.App)
			}
			page, err := manPage(c.App, c.Args().Slice())
			if err != nil {
				return err
			}
			return std.print(page)
		},
	}
}

func manPage(app *cli.App, args []string) (string, error) {
	switch len(args) {
	case 0:
		return manual.Man(app), nil
	case 1:
		for _, v := range manual.Verbs(app) {
			if v.Name == args[0] {
				return v.Man(app.Name), nil
			}
		}
		return "", noSuchVerb(app, args[0])
	}
	return "", usage("one page at a time: %q", args)
}

func writePages(std streams, dir string, app *cli.App) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return unmade(dir, err)
	}
	pages := map[string]string{app.Name: manual.Man(app)}
	for _, v := range manual.Verbs(app) {
		pages[app.Name+"-"+v.Name] = v.Man(app.Name)
	}
	for name, text := range pages {
		page, err := newOutput(std, "--output", filepath.Join(dir, name+".1"), trace.Plain)
		if err == nil {
			err = page.writeFile([]byte(text))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
