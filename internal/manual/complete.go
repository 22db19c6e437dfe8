package manual

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// shells are those that Completion knows, each with the file name under which
// the shell looks for the completion of a command called name.
var shells = []struct {
	name  string
	file  func(name string) string
	write func(name string, verbs []Verb) string
}{
	{"bash", func(name string) string { return name + ".bash" }, bash},
	{"zsh", func(name string) string { return "_" + name }, zsh},
	{"fish", func(name string) string { return name + ".fish" }, fish},
	{"powershell", func(name string) string { return name + ".ps1" }, powershell},
}

// Shells are the names of the shells that Completion knows.
func Shells() []string {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

// Completion is the script that makes a shell complete the verbs and flags of
// app, and the name of the file in which the shell looks for it.
func Completion(app *cli.App, shell string) (file, script string, err error) {
	for _, s := range shells {
		if s.name == shell {
			return s.file(app.Name), s.write(app.Name, Verbs(app)), nil
		}
	}
	return "", "", fmt.Errorf("there is no completion for %q", shell)
}

// names of verbs.
func names(verbs []Verb) []string {
	var all []string
	for _, v := range verbs {
		all = append(all, v.Name)
	}
	return all
}

// operands are the words that may follow the verb besides flags, if it takes no
// file: its synopsis ends with [VERB], or with a list such as bash|zsh.
func (v Verb) operands(verbs []Verb) []string {
	words := strings.Fields(v.Synopsis)
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	switch {
	case last == "[VERB]":
		return names(verbs)
	case !strings.ContainsAny(last, "[]") && strings.Contains(last, "|"):
		return strings.Split(last, "|")
	}
	return nil
}

// quote is text in single quotes, for a shell in which escape stands for one
// within them.
func quote(text, escape string) string {
	return "'" + strings.ReplaceAll(text, "'", escape) + "'"
}
