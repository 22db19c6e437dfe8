package manual

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// What may stand where the cursor is, of the words behind the name of the command.
func TestComplete(t *testing.T) {
	values := func(verb, flag string) []string {
		if verb == "cut" && (flag == "sorts" || flag == "bare") {
			return []string{"one", "two", "three"}
		}
		return nil
	}
	demo := app()
	demo.Commands[0].Flags = append(demo.Commands[0].Flags, &cli.StringFlag{Name: "sorts", Usage: "`KINDS` of it"})
	for _, c := range []struct{ words, want string }{
		{"", "cut help shell --help --version"},
		{"c", "cut"},
		{"--v", "--version"},
		{"nonesuch --", ""},
		{"cut --k", "--kind"},
		{"cut --", "--kind --output --finest --tmp --bare --rows --quiet --sorts --help"},
		{"cut --kind k", "keep"},
		{"cut -k ", "clip keep drop"},
		{"cut --kind=k", "--kind=keep"},
		{"cut -k=", "-k=clip -k=keep -k=drop"},
		{"cut --kind keep,", ""},
		{"cut --sorts t", "two three"},
		{"cut --sorts two,t", "two,three"},
		{"cut --sorts=one,two,", "--sorts=one,two,three"},
		{"cut --bare one,", ""},
		{"cut --output ", "FILE"},
		{"cut --output=", "FILE"},
		{"cut --tmp x", "DIR"},
		{"cut --rows ", ""},
		{"cut --quiet ", "FILE"},
		{"cut --nonesuch=", ""},
		{"cut ", "FILE"},
		{"help c", "cut"},
		{"shell ", "sh ksh"},
		{"shell k", "ksh"},
	} {
		offers, path := Complete(demo, values, strings.Split(c.words, " "))
		var got []string
		for _, o := range offers {
			got = append(got, o.Word)
		}
		if path != "" {
			got = append(got, path)
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}

func TestScripts(t *testing.T) {
	for _, shell := range Shells() {
		if script, err := Completion("demo", shell); err != nil || !strings.Contains(script, "demo complete") && shell != "bash" || strings.Contains(script, "NAME") {
			t.Errorf("%s: %v\n%s", shell, err, script)
		}
	}
	if _, err := Completion("demo", "tcsh"); err == nil {
		t.Error("tcsh is no shell that is known")
	}
}
