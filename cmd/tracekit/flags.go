package main

import (
	"flag"

	"github.com/urfave/cli/v2"
)

// ownFlag is a flag of the library's own, which all programs of a process share: open and
// calls with many inputs run several at the same time, and each of them notes in its flags
// what was given.
type ownFlag struct{ *cli.BoolFlag }

// Apply lets a copy of the flag note that.
func (f ownFlag) Apply(set *flag.FlagSet) error {
	own := *f.BoolFlag
	return own.Apply(set)
}

func init() {
	for _, shared := range []*cli.Flag{&cli.HelpFlag, &cli.VersionFlag} {
		if f, ok := (*shared).(*cli.BoolFlag); ok {
			*shared = ownFlag{f}
		}
	}
}
