package manual

import (
	"fmt"
	"strings"
)

// bash leaves files to readline, which completes them where there is no reply;
// it gets by with the bash 3.2 of macOS.
func bash(name string, verbs []Verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# completion of %[1]s for bash: source this file
_%[1]s() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} flags= words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "%[2]s --help --version" -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
`, name, strings.Join(names(verbs), " "))
	for _, v := range verbs {
		bashVerb(&b, v, v.operands(verbs))
	}
	fmt.Fprintf(&b, `  esac
  case $cur in
  -*) words=$flags ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _%[1]s %[1]s
`, name)
	return b.String()
}

func bashVerb(b *strings.Builder, v Verb, operands []string) {
	fmt.Fprintf(b, "  %s)\n    words=%s\n    case $prev in\n", v.Name, quote(strings.Join(operands, " "), `'\''`))
	var all []string
	for _, f := range v.Flags {
		all = append(all, "--"+f.Name)
		if f.Value == "" {
			continue
		}
		then := "return"
		if c := f.Choices(); c != nil {
			then = fmt.Sprintf(`COMPREPLY=($(compgen -W "%s" -- "$cur")); return`, strings.Join(c, " "))
		}
		fmt.Fprintf(b, "    %s) %s ;;\n", strings.Join(f.dashed(), "|"), then)
	}
	fmt.Fprintf(b, "    esac\n    flags='%s' ;;\n", strings.Join(all, " "))
}
