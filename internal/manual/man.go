package manual

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// Man is the man page of the whole command.
func Man(app *cli.App) string {
	var b strings.Builder
	manHead(&b, app.Name, app.Usage, app.UsageText)
	b.WriteString(".SH VERBS\n")
	for _, v := range Verbs(app) {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s; see\n.BR %s\\-%s (1)\n", roff(v.Name), roff(v.Usage), roff(app.Name), roff(v.Name))
	}
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, app.Description)
	return b.String()
}

// Man is the man page of one verb of the command called name.
func (v Verb) Man(name string) string {
	var b strings.Builder
	manHead(&b, name+"-"+v.Name, v.Usage, v.Synopsis)
	b.WriteString(".SH DESCRIPTION\n")
	manText(&b, v.Text)
	b.WriteString(".SH FLAGS\n")
	for _, f := range v.Flags {
		b.WriteString(".TP\n")
		var ways []string
		for _, d := range f.dashed() {
			ways = append(ways, `\fB`+roff(d)+`\fR`)
		}
		b.WriteString(strings.Join(ways, ", "))
		if f.Value != "" {
			b.WriteString(` \fI` + roff(f.Value) + `\fR`)
		}
		fmt.Fprintf(&b, "\n%s\n", roff(f.Text))
		if f.Default != "" && !strings.Contains(f.Text, "(default") {
			fmt.Fprintf(&b, "(default: %s)\n", roff(f.Default))
		}
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", roff(name))
	return b.String()
}

func manHead(b *strings.Builder, name, usage, synopsis string) {
	fmt.Fprintf(b, ".TH %s 1 \"\" %s\n", roff(strings.ToUpper(name)), roff(strings.Split(name, "-")[0]))
	fmt.Fprintf(b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.nf\n", roff(name), roff(usage))
	for line := range strings.Lines(synopsis) {
		fmt.Fprintln(b, roff(strings.TrimSpace(line)))
	}
	b.WriteString(".fi\n")
}

// manText sets lines in capitals as headings, and indented ones as they are.
func manText(b *strings.Builder, text string) {
	asIs := false
	set := func(on bool) {
		if on != asIs {
			b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[on])
			asIs = on
		}
	}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
			set(false)
			b.WriteString(".PP\n")
		case isHeading(line):
			set(false)
			fmt.Fprintf(b, ".SH %s\n", roff(line))
		default:
			set(line[0] == ' ')
			fmt.Fprintln(b, roff(line))
		}
	}
	set(false)
}

func isHeading(line string) bool {
	for _, r := range line {
		if (r < 'A' || r > 'Z') && r != ' ' {
			return false
		}
	}
	return line[0] != ' '
}

// roff writes text so that nothing in it is taken for a request, and in ASCII,
// which every formatter reads.
func roff(text string) string {
	var b strings.Builder
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		b.WriteString(`\&`)
	}
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
