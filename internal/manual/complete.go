package manual

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Offer is a word that may stand at the end of a command line, and what it means.
type Offer struct{ Word, Text string }

// Complete returns the words that the last of words, which are those behind the name of app,
// may become, and FILE or DIR where the name of one may stand there too. values are those
// of a flag that lists none in its usage.
func Complete(app *cli.App, values func(verb, flag string) []string, words []string) (offers []Offer, path string) {
	verbs, before, word := Verbs(app), words[:len(words)-1], words[len(words)-1]
	if len(before) == 0 {
		for _, v := range verbs {
			offers = append(offers, Offer{v.Name, v.Usage})
		}
		return startingWith(word, append(offers, Offer{"--help", "show help"}, Offer{"--version", "print the version"})), ""
	}
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == before[0] })
	if i < 0 {
		return nil, ""
	}
	v := verbs[i]
	if name, value, joined := strings.Cut(word, "="); joined {
		offers, path = v.valuesOf(name, value, values)
		for i := range offers {
			offers[i].Word = name + "=" + offers[i].Word
		}
		return offers, path
	}
	if f := v.flag(before[len(before)-1]); f != nil && f.Value != "" {
		return v.valuesOf("--"+f.Name, word, values)
	}
	if strings.HasPrefix(word, "-") {
		for _, f := range v.Flags {
			offers = append(offers, Offer{"--" + f.Name, f.Text})
		}
		return startingWith(word, offers), ""
	}
	operands := v.operands(verbs)
	if operands == nil && strings.Contains(v.Synopsis, "FILE") {
		path = "FILE"
	}
	return startingWith(word, offersOf(operands)), path
}

// valuesOf are the values of a flag that begin with a word. Of kinds it may take several,
// with commas between them.
func (v Verb) valuesOf(flag, word string, values func(verb, flag string) []string) (offers []Offer, path string) {
	f := v.flag(flag)
	switch {
	case f == nil:
		return nil, ""
	case f.Value == "FILE" || f.Value == "DIR":
		return nil, f.Value
	}
	all := f.Choices()
	if all == nil {
		all = values(v.Name, f.Name)
	}
	at := 0
	if strings.HasPrefix(f.Value, "KIND") {
		at = strings.LastIndexByte(word, ',') + 1
	}
	given := strings.Split(word[:at], ",")
	for _, value := range all {
		if !slices.Contains(given, value) {
			offers = append(offers, Offer{Word: word[:at] + value})
		}
	}
	return startingWith(word, offers), ""
}

// flag is the flag that a word such as --name or -n names, nil if there is none.
func (v Verb) flag(word string) *Flag {
	for i := range v.Flags {
		if f := &v.Flags[i]; slices.Contains(f.dashed(), word) {
			return f
		}
	}
	return nil
}

// operands are the words that may follow the verb besides flags, if it takes no
// file: its synopsis ends with [VERB], or with a list such as bash|zsh.
func (v Verb) operands(verbs []Verb) (words []string) {
	switch last := v.Synopsis[strings.LastIndexByte(v.Synopsis, ' ')+1:]; {
	case last == "[VERB]":
		for _, v := range verbs {
			words = append(words, v.Name)
		}
	case !strings.ContainsAny(last, "[]") && strings.Contains(last, "|"):
		words = strings.Split(last, "|")
	}
	return words
}

func offersOf(words []string) (offers []Offer) {
	for _, w := range words {
		offers = append(offers, Offer{Word: w})
	}
	return offers
}

func startingWith(word string, offers []Offer) []Offer {
	return slices.DeleteFunc(offers, func(o Offer) bool { return !strings.HasPrefix(o.Word, word) })
}

// shells are those that Completion knows. Each calls the command to complete, with
// CompleteVerb, the words before the cursor's, and that behind a colon. It shows the lines
// that come back: a word, a tab and its meaning, or a colon and what path may stand there.
var shells = []struct{ name, script string }{{"bash", bashScript}, {"zsh", zshScript}, {"fish", fishScript}, {"powershell", powershellScript}}

// CompleteVerb is the verb by which shells ask for words.
const CompleteVerb = "complete"

// Shells are the names of the shells that Completion knows.
func Shells() []string {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

// Completion is the script that makes a shell complete the words of the command name.
func Completion(name, shell string) (script string, err error) {
	for _, s := range shells {
		if s.name == shell {
			return strings.ReplaceAll(s.script, "NAME", name), nil
		}
	}
	return "", fmt.Errorf("there is no completion for %q", shell)
}

// bashScript gets by with the bash 3.2 of macOS, and takes --flag=value for three words.
const bashScript = `# completion of NAME for bash: source this file
_NAME() {
  local w n word meaning words
  words=()
  for w in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    n=${#words[@]}
    if [ "$n" -gt 0 ] && { [ "$w" = "=" ] || [ "${words[n-1]%=}" != "${words[n-1]}" ]; }; then
      words[n-1]=${words[n-1]}$w
    else
      words[n]=$w
    fi
  done
  n=$((${#words[@]}-1))
  w=${words[n]}
  words[n]=:$w
  COMPREPLY=()
  while IFS=$'\t' read -r word meaning; do
    case $word in
    :FILE) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY[${#COMPREPLY[@]}]=$word; done < <(compgen -f -- "${w##*=}") ;;
    :DIR) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY[${#COMPREPLY[@]}]=$word; done < <(compgen -d -- "${w##*=}") ;;
    --*=*) COMPREPLY[${#COMPREPLY[@]}]=${word#*=} ;;
    *) COMPREPLY[${#COMPREPLY[@]}]=$word ;;
    esac
  done < <("${COMP_WORDS[0]}" complete "${words[@]}" 2>/dev/null)
}
complete -F _NAME NAME
`

const zshScript = `#compdef NAME
# completion of NAME for zsh: put this file into a folder of $fpath
_NAME() {
  local line
  local -a offers
  for line in "${(@f)$(_call_program words NAME complete "${(@Q)words[2,CURRENT-1]}" ":${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
    :FILE) compset -P '--*='; _files ;;
    :DIR) compset -P '--*='; _files -/ ;;
    ?*) offers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( $#offers )) && _describe word offers
}
if [[ $funcstack[1] = _NAME ]]; then
  _NAME "$@"
else
  compdef _NAME NAME
fi
`

const fishScript = `# completion of NAME for fish: put this file into ~/.config/fish/completions
function __NAME_complete
  set -l words (commandline -opc)
  set -l word (commandline -ct)
  set -e words[1]
  set -l flag (string match -r -- '^--[^=]*=' "$word")
  set -l path (string replace -r -- '^--[^=]*=' '' "$word")
  for line in (NAME complete $words ":$word" 2>/dev/null)
    switch $line
      case :FILE
        string replace -r -- '^' "$flag" (__fish_complete_path "$path")
      case :DIR
        string replace -r -- '^' "$flag" (__fish_complete_directories "$path")
      case '*'
        echo $line
    end
  end
end
complete -c NAME -f -a '(__NAME_complete)'
`

// powershellScript gets the word before the cursor, which is what its results replace, the
// command as it is parsed and the place of the cursor in the line. PowerShell takes what stands
// between commas for a word of its own, so that what stands before them is cut off again. Where
// nothing is returned it completes files, and behind --flag= not even that; an empty text keeps
// it from doing so.
const powershellScript = `# completion of NAME for PowerShell: dot-source this file in $PROFILE
Register-ArgumentCompleter -Native -CommandName NAME -ScriptBlock {
    param($word, $ast, $at)
    $before = @()
    $whole = $word
    foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {
        $extent = $element.Extent
        if ($extent.EndOffset -lt $at) { $before += $extent.Text }
        elseif ($extent.StartOffset -lt $at) { $whole = $extent.Text.Substring(0, $at - $extent.StartOffset) -replace ',\s+', ',' }
    }
    $cut = 0
    if ($whole.EndsWith($word)) { $cut = $whole.Length - $word.Length }
    $lines = @(NAME complete @before ":$whole" 2>$null)
    $offers = @($lines | Where-Object { $_ -notmatch '^:' })
    foreach ($line in $offers) {
        $text, $tip = $line -split [char]9, 2
        $text = $text.Substring($cut)
        if (-not $tip) { $tip = $text }
        [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $tip)
    }
    if ($offers.Count) { return }
    if ($lines.Count -eq 0) { return '' }
    if ($whole -match '^(--[^=]+=)(.*)$') {
        $flag = $Matches[1]
        foreach ($path in [System.Management.Automation.CompletionCompleters]::CompleteFilename($Matches[2])) {
            [System.Management.Automation.CompletionResult]::new($flag + $path.CompletionText, $path.ListItemText, $path.ResultType, $path.ToolTip)
        }
    }
}
`
