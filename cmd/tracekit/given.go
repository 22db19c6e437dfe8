package main

import (
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
