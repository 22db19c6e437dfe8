package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"tracekit/internal/remote"
	"tracekit/internal/term"

	"github.com/urfave/cli/v2"
)

func expectFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "expect", Usage: "the inputs were made of traces: name those of `FILES` (a folder or quoted pattern) of which none was, or an old one; with --strict, fail; may be repeated"}
}

// errLacking says which traces have nothing among the inputs.
type errLacking struct{ error }

func (e errLacking) Unwrap() error { return e.error }

// sayLacking warns of traces that have nothing among the inputs, which --strict makes an error,
// and returns the exit status that this makes.
func sayLacking(c *cli.Context, std streams, inputs []string) (status int, err error) {
	err = lacking(c, std, inputs)
	switch {
	case err == nil:
		return exitDone, nil
	case c.Bool("strict") || !errors.As(err, new(errLacking)):
		return exitFailed, err
	}
	return report(c.Context, damagedError{err}, "", std.err), nil
}

// mostMissing bounds how many traces a message names.
const mostMissing = 8

// lacking is an error that names the traces of --expect that have nothing among the inputs, nil if
// all have.
func lacking(c *cli.Context, std streams, inputs []string) error {
	if !c.IsSet("expect") {
		return nil
	}
	traces, err := expandAll(c, std, c.StringSlice("expect"))
	if err != nil {
		return err
	}
	there := map[string][]string{}
	for _, name := range inputs {
		stem := stemOf(baseName(name))
		there[stem] = append(there[stem], name)
	}
	var missing []string
	for _, name := range traces {
		switch made := takeMade(there, name); {
		case made == "":
			missing = append(missing, remote.Shown(name))
		case !isNewer(c, std, made, name):
			missing = append(missing, fmt.Sprintf("%s (%s is older)", name, made))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of %s have nothing among the inputs: ", len(missing), term.Plural(len(traces), "trace"))
	if n := len(missing); n > mostMissing {
		missing = append(missing[:mostMissing], fmt.Sprintf("%d more", n-mostMissing))
	}
	return errLacking{hint(fmt.Errorf("%s%s", text, strings.Join(missing, ", ")), "run what makes them again; --resume leaves out what is there")}
}

// takeMade takes what was made of a trace from what is there, by its name.
func takeMade(there map[string][]string, trace string) (made string) {
	tries := 0
	for out := range outputNames(trace, stemOf) {
		if some := there[out]; len(some) > 0 {
			there[out] = some[1:]
			return some[0]
		}
		if tries++; tries == mostAlike {
			break
		}
	}
	return ""
}

// stemOf is the name of a file without what says how its trace is written.
func stemOf(name string) string {
	for _, ending := range traceEndings {
		if len(name) > len(ending) && strings.EqualFold(name[len(name)-len(ending):], ending) {
			return name[:len(name)-len(ending)]
		}
	}
	return name
}

// mostAlike is how many of the names that an output may have are looked for.
const mostAlike = 100

// outputNames are what an output in a folder for many may be called, the first that no other has:
// as the input, with that one's folder before it, or with a number, too.
func outputNames(name string, rename func(string) string) iter.Seq[string] {
	base, dir := baseName(name), baseName(folderName(name))
	return func(yield func(string) bool) {
		if !yield(rename(base)) || !yield(rename(dir+"-"+base)) {
			return
		}
		for n := 2; yield(fmt.Sprintf("%d-%s", n, rename(dir+"-"+base))); n++ {
		}
	}
}
