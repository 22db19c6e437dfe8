package manual

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"tracekit/internal/testkit/cmptest"
)

// app has in it what is awkward: quotes, brackets, colons, backslashes, dots at
// the start of a line, letters that are not ASCII.
func app() *cli.App {
	return &cli.App{
		Name: "demo", Usage: "show it", UsageText: "demo VERB [FLAGS] [FILE]", Description: "What it's for.",
		Commands: []*cli.Command{
			{
				Name: "cut", Usage: "don't keep: all", UsageText: "demo cut [FLAGS] [FILE]",
				Description: "First.\n\nEXAMPLES\n   demo cut 'a\\b' -o x…\n.not a request\n",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "kind", Aliases: []string{"k"}, Value: "clip", Usage: "`clip|keep|drop`: how it is cut"},
					&cli.StringFlag{Name: "output", Usage: "write to `FILE`, such as 'a [b]: $HOME \\w+' and a text that is much too long for a line of eighty columns"},
					&cli.StringFlag{Name: "finest", Aliases: []string{"fine"}, Usage: "down to `TIME`"},
					&cli.StringFlag{Name: "tmp", Usage: "keep in `DIR`"},
					&cli.StringFlag{Name: "bare"},
					&cli.IntFlag{Name: "rows", Usage: "`N` rows"},
					&cli.BoolFlag{Name: "quiet", Usage: "say nothing"},
				},
			},
			{Name: "secret", Hidden: true},
			{Name: "help", Usage: "help", UsageText: "demo help [VERB]"},
			{Name: "shell", Usage: "shell", UsageText: "demo shell sh|ksh"},
		},
	}
}

func cut(t *testing.T) Verb {
	verbs := Verbs(app())
	if len(verbs) != 3 || verbs[0].Name != "cut" {
		t.Fatalf("%v", verbs)
	}
	return verbs[0]
}

func TestFlagsAsTheirUserSeesThem(t *testing.T) {
	want := []Flag{
		{"kind", "k", "clip|keep|drop", "how it is cut", "clip"},
		{"output", "", "FILE", "write to FILE, such as 'a [b]: $HOME \\w+' and a text that is much too long for a line of eighty columns", ""},
		{"finest", "fine", "TIME", "down to TIME", ""},
		{"tmp", "", "DIR", "keep in DIR", ""},
		{"bare", "", "VALUE", "", ""},
		{"rows", "", "N", "N rows", ""},
		{"quiet", "", "", "say nothing", ""},
		{"help", "h", "", "show help", ""},
	}
	cmptest.Same(t, "the list of flags", want, cut(t).Flags)
}

func TestHelp(t *testing.T) {
	want := `demo cut: don't keep: all

USAGE
   demo cut [FLAGS] [FILE]

First.

EXAMPLES
   demo cut 'a\b' -o x…
.not a request

FLAGS
   -k, --kind clip|keep|drop
                           how it is cut (default: clip)
   --output FILE           write to FILE, such as 'a [b]: $HOME \w+' and a text
                           that is much too long for a line of eighty columns
   --finest, --fine TIME   down to TIME
   --tmp DIR               keep in DIR
   --bare VALUE            
   --rows N                N rows
   --quiet                 say nothing
   -h, --help              show help
`
	if got := cut(t).Help("demo"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	all := Overview(app())
	for _, part := range []string{"\n   demo VERB [FLAGS] [FILE]\n", "\n   cut          don't keep: all\n", "\nWhat it's for.\n"} {
		if !strings.Contains(all, part) {
			t.Errorf("%q is not in\n%s", part, all)
		}
	}
	if strings.Contains(all, "secret") {
		t.Error("a hidden verb is shown")
	}
}

func TestManPageIsASCIIAndEscaped(t *testing.T) {
	page := cut(t).Man("demo")
	for _, r := range page {
		if r > '~' {
			t.Errorf("%q is not ASCII", r)
		}
	}
	for _, part := range []string{
		".TH DEMO\\-CUT 1 \"\" demo\n", ".SH EXAMPLES\n.nf\n   demo cut 'a\\eb' \\-o x\\[u2026]\n.fi\n",
		"\n\\&.not a request\n", ".TP\n\\fB\\-k\\fR, \\fB\\-\\-kind\\fR \\fIclip|keep|drop\\fR\n", "(default: clip)\n",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not in\n%s", part, page)
		}
	}
	if all := Man(app()); !strings.Contains(all, ".BR demo\\-cut (1)\n") {
		t.Error(all)
	}
}
