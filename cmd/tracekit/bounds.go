package main

import (
	"github.com/urfave/cli/v2"
)

// mostRows and mostSteps bound what flags may ask for.
const (
	mostRows  = 1_000_000
	mostSteps = 1_000_000_000
)

// bounded is the number that a flag gives, if it is from 1 to most.
func bounded(c *cli.Context, flag string, most int) (int, error) {
	n := c.Int(flag)
	if n < 1 || n > most {
		return 0, usage("--%s %d: it wants a number from 1 to %d", flag, n, most)
	}
	return n, nil
}

// noEmptyNames refuses names of files that are empty, as those of a variable that is
// not set: to take them for none would be to write or read somewhere else.
func noEmptyNames(c *cli.Context) error {
	for _, f := range c.Command.Flags {
		if s, is := f.(*cli.StringFlag); is && c.IsSet(s.Name) && c.String(s.Name) == "" {
			return usage("--%s is given an empty value", s.Name)
		}
	}
	if n := c.NArg(); n > 0 && c.Args().Get(n-1) == "" {
		return hint(usage("the name of the input is empty"), "for standard input, write -")
	}
	return nil
}
