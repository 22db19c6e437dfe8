package main

import (
	"slices"

	"tracekit/filter"

	"github.com/urfave/cli/v2"
)

// givenFlags say what events are, where nothing else tells.
func givenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "hardware-is", Usage: "events that meet `EXPR` ran on a device, besides those that are recognised; see tracekit help filter"},
		&cli.StringFlag{Name: "python-is", Usage: "events that meet `EXPR` are frames of Python stacks, besides those that are recognised"},
	}
}

func givenOf(c *cli.Context) (g filter.Given, err error) {
	for _, f := range []struct {
		name string
		to   **filter.Expr
	}{{"hardware-is", &g.Hardware}, {"python-is", &g.Python}} {
		if c.IsSet(f.name) {
			if *f.to, err = parseExpression(c.String(f.name)); err != nil {
				return g, err
			}
		}
	}
	if err := g.Check(); err != nil {
		return g, usage("%v", err)
	}
	return g, nil
}

// passedOn are flags of a call that hold for a verb too which cuts pieces of the same trace.
func passedOn(c *cli.Context, verb *cli.Command) (words []string) {
	held := []string{"boundary", "hardware-is", "python-is", "step-marker", "step-pid", "step-tid", "tmpdir", "max-size", maxMemory}
	for _, f := range verb.Flags {
		if name := f.Names()[0]; slices.Contains(held, name) && c.IsSet(name) {
			words = append(words, "--"+name, c.String(name))
		}
	}
	return words
}

// pieceFlags are those flags, by the verbs of which a page makes commands.
func pieceFlags(c *cli.Context) map[string][]string {
	all := map[string][]string{}
	for _, verb := range []string{"slice", "strip", "downsample"} {
		if words := passedOn(c, c.App.Command(verb)); len(words) > 0 {
			all[verb] = words
		}
	}
	return all
}
