package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

//go:embed calls.txt
var callList string

// call is a verb with its flags.
type call struct {
	text  string
	args  []string
	alone bool // it takes no input
}

func (c call) verb() string { return c.args[0] }

// forPeople says that what the call prints is laid out for reading.
func (c call) forPeople() bool {
	for _, flag := range c.args {
		switch flag {
		case "--stats", "--dry-run":
			return true
		case "--json":
			return false
		}
	}
	return slices.Contains([]string{"info", "report", "compare", "check", "split"}, c.verb())
}

// takesInput lists the verbs that read a trace.
var takesInput = []string{"slice", "strip", "filter", "downsample", "split", "index", "info", "report", "compare", "check", "repair", "open"}

// parseCalls reads a list of calls, one a line, with words as a shell has them
// between single quotes.
func parseCalls(text string) (calls []call, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		args, err := words(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		calls = append(calls, call{line, args, !slices.Contains(takesInput, args[0])})
	}
	return calls, nil
}

func words(line string) (all []string, err error) {
	var word strings.Builder
	quoted := false
	for _, r := range line + " " {
		switch {
		case r == '\'':
			quoted = !quoted
		case r == ' ' && !quoted:
			if word.Len() > 0 {
				all = append(all, word.String())
			}
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote without its end")
	}
	return all, nil
}

// calls are those that were asked for. It fails if a flag that both programs have is
// in none of them.
func (c *config) calls(ctx context.Context, out io.Writer) (chosen []call, err error) {
	all, err := parseCalls(callList)
	if err != nil {
		return nil, err
	}
	for _, verb := range takesInput {
		old, err := flagsOf(ctx, c.old, verb)
		if err != nil {
			return nil, err
		}
		now, err := flagsOf(ctx, c.new, verb)
		if err != nil {
			return nil, err
		}
		for _, flag := range now {
			switch {
			case !slices.Contains(old, flag):
				fmt.Fprintf(out, "guard: %s %s is new, nothing to compare it with\n", verb, flag)
			case !used(all, verb, flag):
				return nil, fmt.Errorf("no call in internal/testkit/guard/calls.txt has %s %s", verb, flag)
			}
		}
	}
	for _, k := range all {
		if matches(c.call, k) {
			chosen = append(chosen, k)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no call in internal/testkit/guard/calls.txt is like %q", c.call)
	}
	return chosen, nil
}

// used says that some call of a verb has a flag, by one of its names.
func used(all []call, verb, flag string) bool {
	short, long, _ := strings.Cut(flag, "--")
	return slices.ContainsFunc(all, func(c call) bool {
		return c.verb() == verb && slices.ContainsFunc(c.args, func(arg string) bool {
			name, _, _ := strings.Cut(arg, "=")
			return name == "--"+long || short != "" && name == short
		})
	})
}

var flagLine = regexp.MustCompile(`(?m)^   (-\w, )?(--[a-z0-9-]+)`)

// flagsOf lists the flags of a verb by its help, such as --step and -o--output.
func flagsOf(ctx context.Context, program, verb string) (flags []string, err error) {
	help, err := exec.CommandContext(ctx, program, verb, "--help").Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s --help: %w", program, verb, err)
	}
	_, list, _ := strings.Cut(string(help), "\nFLAGS\n")
	for _, m := range flagLine.FindAllStringSubmatch(list, -1) {
		if m[2] != "--help" {
			flags = append(flags, strings.TrimSuffix(m[1], ", ")+m[2])
		}
	}
	return flags, nil
}
