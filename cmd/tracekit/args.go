package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// compareVerb is the verb that takes files on two sides of a --.
const compareVerb = "compare"

// flagsFirst moves flags that stand behind FILE before it. The command library
// would take them for further files, without a word.
func flagsFirst(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	verb := app.Command(args[1])
	if verb == nil || verb.SkipFlagParsing {
		return args
	}
	takesValue := map[string]bool{}
	for _, f := range verb.Flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			takesValue[name] = !isBool
		}
	}
	var flags, files []string
	rest := args[2:]
	for i := 0; i < len(rest); i++ {
		arg := rest[i]
		if arg == "--" && verb.Name == compareVerb { // it divides the files
			files = append(files, arg)
			continue
		}
		if arg == "--" {
			files = append(files, rest[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			files = append(files, arg)
			continue
		}
		flags = append(flags, arg)
		name, _, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name == "help" || name == "h" { // of the verb, and not of what else stands there
			return []string{args[0], args[1], "--help"}
		}
		if takesValue[name] && !joined {
			if i++; i == len(rest) {
				return append([]string{args[0], args[1]}, flags...) // the library says that the value is missing
			}
			flags = append(flags, rest[i])
		}
	}
	out := append([]string{args[0], args[1]}, flags...)
	return append(append(out, "--"), files...)
}
