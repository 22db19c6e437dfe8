package manual

import (
	"fmt"
	"strings"
)

func fish(name string, verbs []Verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# completion of %s for fish: put this file into ~/.config/fish/completions\n", name)
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, "complete -c %s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("-n __fish_use_subcommand -f -s h -l help -d 'show help'")
	line("-n __fish_use_subcommand -f -s v -l version -d 'print the version'")
	for _, v := range verbs {
		line("-n __fish_use_subcommand -f -a %s -d %s", v.Name, fishQuote(v.Usage))
	}
	for _, v := range verbs {
		seen := fishQuote("__fish_seen_subcommand_from " + v.Name)
		if words := v.operands(verbs); words != nil {
			line("-n %s -f -a %s", seen, fishQuote(strings.Join(words, " ")))
		}
		for _, f := range v.Flags {
			line("-n %s %s -d %s", seen, fishFlag(f), fishQuote(f.Text))
		}
	}
	return b.String()
}

func fishFlag(f Flag) string {
	s := "-l " + f.Name
	if f.Short != "" {
		s = "-s " + f.Short + " " + s
	}
	switch c := f.Choices(); {
	case c != nil:
		s += " -x -a " + fishQuote(strings.Join(c, " "))
	case f.Value == "DIR":
		s += " -x -a '(__fish_complete_directories)'"
	case f.Value == "FILE":
		s += " -r -F"
	case f.Value != "":
		s += " -x"
	}
	return s
}

func fishQuote(text string) string {
	return quote(strings.ReplaceAll(text, `\`, `\\`), `\'`)
}
