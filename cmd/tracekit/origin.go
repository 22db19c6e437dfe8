package main

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"tracekit/transform/origin"

	"github.com/urfave/cli/v2"
)

// immaterial are flags that do not matter to what a piece holds.
var immaterial = []string{"output", "compress", "quiet", "strict", "max-size", "max-memory", "tmpdir", "force", "dry-run", "summary", "jobs", "resume", "help",
	"index", "s3-endpoint", "offline"}

// callOf says of a piece what cuts it: the verb, the flags that matter, and the files that they
// name by their base names, so that the same call makes the same bytes wherever they are.
func callOf(c *cli.Context, in *input) *origin.Call {
	source := ""
	if in.arg != "" {
		source = baseName(in.arg)
	}
	words := []string{c.Command.Name}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !c.IsSet(name) || slices.Contains(immaterial, name) {
			continue
		}
		words = append(words, flagWords(c, f, name)...)
	}
	if source != "" {
		words = append(words, quoteWord(source))
	}
	info, _ := debug.ReadBuildInfo()
	number, _ := buildOf(info)
	if releaseVersion != "" {
		number = releaseVersion
	}
	return &origin.Call{Version: number, Source: source, Call: strings.Join(words, " ")}
}

// flagWords writes a flag as it would be typed.
func flagWords(c *cli.Context, f cli.Flag, name string) (words []string) {
	var values []string
	switch f.(type) {
	case *cli.BoolFlag:
		return []string{"--" + name}
	case *cli.StringSliceFlag:
		values = c.StringSlice(name)
	default:
		values = []string{fmt.Sprint(c.Value(name))}
	}
	for _, v := range values {
		if name == "requests" {
			v = baseName(v)
		}
		words = append(words, "--"+name, quoteWord(v))
	}
	return words
}

var plainWord = regexp.MustCompile(`^[\w.,:=@%/+-]+$`)

// quoteWord writes a word as a shell takes it.
func quoteWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
