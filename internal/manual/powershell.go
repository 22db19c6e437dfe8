package manual

import (
	"fmt"
	"strings"
)

// powershell completes files by itself where nothing is returned.
func powershell(name string, verbs []Verb) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# completion of %[1]s for PowerShell: dot-source this file in $PROFILE
Register-ArgumentCompleter -Native -CommandName %[1]s -ScriptBlock {
    param($word, $ast, $at)
    $verbs = [ordered]@{
`, name)
	for _, v := range verbs {
		fmt.Fprintf(&b, "        %s = %s\n", psQuote(v.Name), psQuote(v.Usage))
	}
	b.WriteString("    }\n    $flags = @{\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "        %s = [ordered]@{\n", psQuote(v.Name))
		for _, f := range v.Flags {
			fmt.Fprintf(&b, "            %s = %s\n", psQuote("--"+f.Name), psQuote(f.Text))
		}
		b.WriteString("        }\n")
	}
	b.WriteString("    }\n    $choices = @{\n")
	for _, v := range verbs {
		if words := v.operands(verbs); words != nil {
			fmt.Fprintf(&b, "        %s = %s\n", psQuote(v.Name), psList(words))
		}
		for _, f := range v.Flags {
			if c := f.Choices(); c != nil {
				fmt.Fprintf(&b, "        %s = %s\n", psQuote(v.Name+" --"+f.Name), psList(c))
			}
		}
	}
	b.WriteString(powershellEnd)
	return b.String()
}

// powershellEnd looks at the words before the cursor: the verb, and the flag that
// waits for its value.
const powershellEnd = `    }
    $before = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $at } | ForEach-Object { $_.ToString() })
    $offer = {
        param($text, $tip)
        if ($text.StartsWith($word)) {
            [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $tip)
        }
    }
    if ($before.Count -le 1) {
        foreach ($v in $verbs.GetEnumerator()) { & $offer $v.Key $v.Value }
        return
    }
    $verb = $before[1]
    $values = $choices["$verb $($before[-1])"]
    if ($values) {
        foreach ($v in $values) { & $offer $v $v }
    } elseif ($word.StartsWith('-') -and $flags.ContainsKey($verb)) {
        foreach ($f in $flags[$verb].GetEnumerator()) { & $offer $f.Key $f.Value }
    } elseif ($choices.ContainsKey($verb)) {
        foreach ($v in $choices[$verb]) { & $offer $v $v }
    }
}
`

func psQuote(text string) string { return quote(text, "''") }

func psList(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, psQuote(w))
	}
	return "@(" + strings.Join(quoted, ", ") + ")"
}
