package main

import (
	"os"
	"path/filepath"
	"strings"

	"tracekit/internal/manual"
	"tracekit/trace"

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
			_, script, err := manual.Completion(c.App, c.Args().First())
			if err != nil {
				return hint(usage("%v", err), "%s are known", strings.Join(manual.Shells(), ", "))
			}
			return std.print(script)
		},
	}
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
