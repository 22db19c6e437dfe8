package manual

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// Columns of help on a terminal.
const (
	width     = 80
	textStart = 27 // where the text of a flag begins
)

// Overview is the help of the whole command.
func Overview(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUSAGE\n   %s\n\nVERBS\n", app.Name, app.Usage, app.UsageText)
	for _, v := range Verbs(app) {
		fmt.Fprintf(&b, "   %-12s %s\n", v.Name, v.Usage)
	}
	if app.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(app.Description))
	}
	return b.String()
}

// Help is the help of one verb of the command called name.
func (v Verb) Help(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n\nUSAGE\n", name, v.Name, v.Usage)
	for line := range strings.Lines(v.Synopsis) {
		fmt.Fprintf(&b, "   %s", strings.TrimLeft(line, " "))
	}
	fmt.Fprintf(&b, "\n\n%s\n\nFLAGS\n", strings.TrimSpace(v.Text))
	for _, f := range v.Flags {
		f.help(&b)
	}
	return b.String()
}

func (f Flag) help(b *strings.Builder) {
	head := "   " + strings.Join(f.dashed(), ", ")
	if f.Value != "" {
		head += " " + f.Value
	}
	text := f.Text
	if f.Default != "" && !strings.Contains(text, "(default") {
		text += " (default: " + f.Default + ")"
	}
	b.WriteString(head)
	at := utf8.RuneCountInString(head)
	if at > textStart-2 {
		b.WriteByte('\n')
		at = 0
	}
	b.WriteString(strings.Repeat(" ", textStart-at))
	at = textStart
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", textStart))
			at = textStart
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteByte('\n')
}
