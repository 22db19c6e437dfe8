package main

import (
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/transform/ranks"

	"github.com/urfave/cli/v2"
)

func expectFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "expect", Usage: "warn about each original trace in `FILES` (a folder or quoted pattern) from which no input was made, or in merge only an outdated one; with --strict, fail; may be repeated"}
}

// errLacking says which traces have nothing among the inputs.
type errLacking struct{ error }

func (e errLacking) Unwrap() error { return e.error }

// errLackingSome says that it was said what is lacking.
var errLackingSome = errors.New("something is lacking")

// sayLacking warns of what is lacking, if that is an errLacking and --strict does not make an error
// of it, and returns the exit status that this makes.
func sayLacking(c *cli.Context, std streams, err error) (int, error) {
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
// all have. What was made is judged by its age if dated is set.
func lacking(c *cli.Context, std streams, inputs []string, dated bool) error {
	if !c.IsSet("expect") {
		return nil
	}
	traces, err := expandAll(c, std, c.StringSlice("expect"))
	if err != nil {
		return err
	}
	wanted := map[string]bool{} // by their own names, as partial reports have them
	for _, name := range traces {
		wanted[filepath.Clean(name)] = true
	}
	there := map[string][]string{}
	for _, name := range inputs {
		if clean := filepath.Clean(name); wanted[clean] {
			delete(wanted, clean)
			continue
		}
		stem := stemOf(baseName(name))
		there[stem] = append(there[stem], name)
	}
	var missing []string
	for _, name := range traces {
		if !wanted[filepath.Clean(name)] {
			continue
		}
		switch made := filesMadeOf(there, name); {
		case made == "":
			missing = append(missing, remote.Shown(name))
		case dated && !isNewer(c, std, made, name):
			missing = append(missing, fmt.Sprintf("%s (%s is older)", name, made))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err = fmt.Errorf("%d of %s have nothing among the inputs: %s", len(missing), term.Plural(len(traces), "trace"), listed(missing, len(missing)))
	return errLacking{hint(err, "run what makes them again; --resume leaves out what is there")}
}

// lackingShares is an error that names the shares of which p has nothing, if it is of some.
func lackingShares(p *ranks.Partial) error {
	var missing []string
	count := 0
	for rest := p.Shards; len(rest) > 0; {
		of, some := rest[0].Of, 0
		for some < len(rest) && rest[some].Of == of {
			some++
		}
		have := rest[:some]
		rest = rest[some:]
		count += of - some
		for n := 0; n < of && len(missing) < mostMissing; n++ {
			if len(have) > 0 && have[0].Number == n {
				have = have[1:]
				continue
			}
			missing = append(missing, fmt.Sprintf("%d/%d", n, of))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return errLacking{hint(fmt.Errorf("there is no partial report of %s: %s", term.Plural(count, "shard"), listed(missing, count)), "run those tasks again: --shard %s --partial FILE", missing[0])}
}

// reportLacks warns of what a report of p lacks, and returns the exit status that this makes.
func reportLacks(c *cli.Context, std streams, p *ranks.Partial) (status int, err error) {
	var files []string
	for _, t := range p.Traces {
		files = append(files, t.File)
	}
	status, err = sayLacking(c, std, lacking(c, std, files, false))
	if err != nil {
		return status, err
	}
	shares, err := sayLacking(c, std, lackingShares(p))
	return worse(status, shares), err
}

// listed is a list of names, of which there are count and the first are shown.
func listed(names []string, count int) string {
	list := strings.Join(names[:min(len(names), mostMissing)], ", ")
	if count > mostMissing {
		list += fmt.Sprintf(" and %d more", count-mostMissing)
	}
	return list
}

// filesMadeOf takes what was made of a trace from what is there, by its name.
func filesMadeOf(there map[string][]string, trace string) (made string) {
	tries := 0
	for out := range outputNames(trace, stemOf) {
		if some := there[out]; len(some) > 0 {
			there[out] = some[1:]
			return some[0]
		}
		if tries++; tries == mostNames {
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

// mostNames is how many of the names that an output may have are looked for.
const mostNames = 100

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
