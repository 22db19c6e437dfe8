package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// wrongFlag turns what the library says of a flag that it can't take into the
// manner of this command.
func wrongFlag(c *cli.Context, err error, isVerb bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return noSuchFlag(c, name, isVerb)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return usage("%s wants a value", dashes(name))
	}
	for _, kind := range []string{" for flag -", " for -"} {
		before, after, ok := strings.Cut(text, kind)
		if name, _, isName := strings.Cut(after, ":"); ok && isName {
			value := strings.TrimPrefix(strings.TrimPrefix(before, "invalid value "), "invalid boolean value ")
			return usage("%s does not take %s", dashes(name), value)
		}
	}
	return usage("%v", err)
}

func noSuchFlag(c *cli.Context, name string, isVerb bool) error {
	flags := append(c.App.VisibleFlags(), cli.HelpFlag, cli.VersionFlag)
	help := "tracekit help"
	if isVerb {
		flags = append(c.Command.Flags[:len(c.Command.Flags):len(c.Command.Flags)], cli.HelpFlag)
		help += " " + c.Command.Name
	}
	err := usage("there is no flag %s", dashes(name))
	var names []string
	for _, f := range flags {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	for _, other := range flagsMeant[name] {
		if slices.Contains(names, other) {
			return hint(err, "did you mean %s?", dashes(other))
		}
	}
	if name == "verbose" || name == "v" && isVerb {
		return hint(err, "summaries and warnings are printed unless -q is given; tracekit info says what is in a trace")
	}
	if near := nearest(name, names); near != "" {
		return hint(err, "did you mean %s?", dashes(near))
	}
	if !isVerb {
		return hint(err, "flags come behind the verb: tracekit VERB %s", dashes(name))
	}
	return hint(err, "%s lists the flags", help)
}

// verbsMeant are verbs that other tools have, and ours for the same.
var verbsMeant = map[string]string{
	"view": "open", "show": "open", "serve": "open", "ui": "open", "perfetto": "open",
	"cut": "slice", "trim": "slice", "crop": "slice", "extract": "slice", "head": "slice", "tail": "slice", "range": "slice",
	"validate": "check", "verify": "check", "lint": "check",
	"fix": "repair", "recover": "repair", "clean": "repair",
	"diff": "compare", "cmp": "compare",
	"stats": "info", "stat": "info", "summary": "info", "inspect": "info", "ls": "info",
	"analyze": "report", "analyse": "report", "profile": "report", "top": "report",
	"grep": "filter", "select": "filter", "query": "filter",
	"remove": "strip", "drop": "strip", "delete": "strip",
	"chunk": "split", "shard": "split", "partition": "split",
	"sample": "downsample", "thin": "downsample", "reduce": "downsample", "shrink": "downsample",
	"concat": "merge", "cat": "merge", "join": "merge", "combine": "merge",
}

// flagsMeant are flags that other tools have, and ours for the same: the first that the verb
// has.
var flagsMeant = map[string][]string{
	"start": {"from"}, "begin": {"from"}, "since": {"from"}, "end": {"to"}, "until": {"to"}, "stop": {"to"},
	"duration": {"for"}, "length": {"for"}, "len": {"for"},
	"hw": {"hardware"}, "gpu": {"hardware"}, "hpu": {"hardware"}, "device": {"hardware"}, "devices": {"hardware"}, "kernels": {"hardware"}, "kernel": {"hardware"},
	"stacks": {"python"}, "stack": {"python"}, "py": {"python"}, "frames": {"python"},
	"out": {"output"}, "outfile": {"output"}, "silent": {"quiet"}, "gzip": {"compress"}, "zip": {"compress"},
	"stats": {"picture", "dry-run"}, "step": {"every"}, "steps": {"step", "every"}, "iteration": {"step", "every"}, "category": {"cat"}, "categories": {"cat"}, "match": {"expr"}, "where": {"expr"},
	"tmp": {"tmpdir"}, "temp": {"tmpdir"}, "threads": {"tid"}, "thread": {"tid"}, "memory": {"max-memory"},
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// nearest is the one of names that word most likely stands for, or nothing if
// none is near: one that word begins, or one with a slip of the fingers or two.
func nearest(word string, names []string) string {
	word = strings.ToLower(word)
	if len(word) > 40 {
		return ""
	}
	best, least := "", 1+max(1, len(word)/3)
	for _, name := range names {
		d := slips(word, name)
		if len(word) > 1 && strings.HasPrefix(name, word) {
			d = 1
		}
		if d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// slips counts the letters that are missing, too many, wrong, or in the place of
// the next one, on the way from a to b.
func slips(a, b string) int {
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
