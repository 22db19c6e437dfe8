// Package manual shows what commands say of themselves: help on a terminal, man pages, and
// completions for shells, all from the same cli.Commands. It does not know any command.
package manual

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// Verb is a verb as its user sees it.
type Verb struct {
	Name     string
	Usage    string // what it does, in a few words
	Synopsis string
	Text     string // all else that it says of itself; lines in capitals are headings
	Flags    []Flag
}

// Flag is a flag as its user sees it.
type Flag struct {
	Name    string // without dashes
	Short   string // its other name, mostly a letter, without a dash; empty if it has none
	Value   string // what stands for its value; empty for a switch
	Text    string
	Default string // as it is typed; empty if there is none to tell
}

// Verbs lists those of app that are not hidden.
func Verbs(app *cli.App) []Verb {
	var verbs []Verb
	for _, c := range app.Commands {
		if c.Hidden {
			continue
		}
		v := Verb{Name: c.Name, Usage: c.Usage, Synopsis: c.UsageText, Text: c.Description}
		for _, f := range append(c.Flags[:len(c.Flags):len(c.Flags)], cli.HelpFlag) {
			if !v.has(f.Names()[0]) {
				v.Flags = append(v.Flags, flagOf(f))
			}
		}
		verbs = append(verbs, v)
	}
	return verbs
}

func (v *Verb) has(flag string) bool {
	for _, f := range v.Flags {
		if f.Name == flag {
			return true
		}
	}
	return false
}

func flagOf(f cli.Flag) Flag {
	out := Flag{Name: f.Names()[0]}
	if names := f.Names(); len(names) > 1 {
		out.Short = names[1]
	}
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return out
	}
	var placeholder string
	placeholder, out.Text = unquote(doc.GetUsage())
	if !doc.TakesValue() {
		return out
	}
	if out.Value = placeholder; out.Value == "" {
		out.Value = "VALUE"
	}
	if text := strings.Trim(doc.GetDefaultText(), `"`); text != "0" {
		out.Default = text
	}
	return out
}

// unquote takes the backquotes off the word in usage that stands for a value. A
// list of choices at the start, as in `gzip|zstd`: how to pack, is not repeated in
// the text.
func unquote(usage string) (placeholder, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	placeholder, after, ok := strings.Cut(rest, "`")
	if !ok {
		return "", usage
	}
	if rest, ok := strings.CutPrefix(after, ": "); ok && before == "" {
		return placeholder, rest
	}
	return placeholder, before + placeholder + after
}

// Choices are the values that a flag takes, if it lists them.
func (f Flag) Choices() []string {
	if !strings.Contains(f.Value, "|") {
		return nil
	}
	return strings.Split(f.Value, "|")
}

// dashed are the ways to write the flag.
func (f Flag) dashed() []string {
	if f.Short == "" {
		return []string{"--" + f.Name}
	}
	if len(f.Short) > 1 {
		return []string{"--" + f.Name, "--" + f.Short}
	}
	return []string{"-" + f.Short, "--" + f.Name}
}
