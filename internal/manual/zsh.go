package manual

import (
	"fmt"
	"strings"
)

func zsh(name string, verbs []Verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, `#compdef %[1]s
# completion of %[1]s for zsh: put this file into a folder of $fpath

_%[1]s() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C '(- *)'{-h,--help}'[show help]' '(- *)'{-v,--version}'[print the version]' '1:verb:->verb' '*::argument:->rest'
  case $state in
  verb)
    local -a verbs
    verbs=(
`, name)
	for _, v := range verbs {
		fmt.Fprintf(&b, "      %s\n", quote(v.Name+":"+strings.ReplaceAll(v.Usage, ":", `\:`), `'\''`))
	}
	b.WriteString("    )\n    _describe verb verbs\n    ;;\n  rest)\n    case $words[1] in\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "    %s)\n      _arguments -S", v.Name)
		for _, f := range v.Flags {
			b.WriteString(" \\\n        " + zshFlag(f))
		}
		operand := "*:file:_files"
		if words := v.operands(verbs); words != nil {
			operand = "*:word:(" + strings.Join(words, " ") + ")"
		}
		fmt.Fprintf(&b, " \\\n        %s\n      ;;\n", quote(operand, `'\''`))
	}
	fmt.Fprintf(&b, "    esac\n    ;;\n  esac\n}\n\n_%[1]s \"$@\"\n", name)
	return b.String()
}

// zshFlag is a flag as _arguments takes it. The star lets it be given again.
func zshFlag(f Flag) string {
	ways := "*--" + f.Name
	if f.Short != "" {
		ways = "*{-" + f.Short + ",--" + f.Name + "}"
	}
	spec := "[" + zshEscape.Replace(f.Text) + "]"
	if f.Value != "" {
		action := " "
		if c := f.Choices(); c != nil {
			action = "(" + strings.Join(c, " ") + ")"
		} else if f.takesPath() {
			action = map[string]string{"FILE": "_files", "DIR": "_files -/"}[f.Value]
		}
		spec += ":" + zshEscape.Replace(f.Value) + ":" + action
	}
	return strings.Replace(ways, "*", "'*'", 1) + quote(spec, `'\''`)
}

var zshEscape = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`)
