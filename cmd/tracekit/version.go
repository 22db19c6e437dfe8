package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// Set by the linker in a release. Other builds say what Go recorded of them.
var (
	releaseVersion string
	releaseCommit  string
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "print the version and the commit it was built from",
		UsageText: "tracekit version",
		Description: `Prints one line: the version, the commit that it was built from where that is
known, the version of Go, the system and the processor. tracekit --version does
the same.`,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage("tracekit version takes no arguments")
			}
			cli.ShowVersion(c)
			return nil
		},
	}
}

// version is the line without the name.
func version() string {
	info, _ := debug.ReadBuildInfo()
	number, commit := buildOf(info)
	if releaseVersion != "" {
		number, commit = releaseVersion, releaseCommit
	}
	if commit != "" {
		commit = "commit " + commit + ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)", number, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// buildOf tells the version and the commit that Go recorded in a build.
func buildOf(info *debug.BuildInfo) (number, commit string) {
	number = "(devel)"
	if info == nil {
		return number, ""
	}
	if info.Main.Version != "" {
		number = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			commit += "+changes"
		}
	}
	return number, commit
}
