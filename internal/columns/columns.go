// Package columns writes tables of text for eyes.
package columns

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// Table is text in columns: the first Left of them are set to the left, the
// others, which are numbers, to the right.
type Table struct {
	Head []string
	Rows [][]string
	Left int
}

// Add appends a row, which shall have as many cells as Head.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// widest is the most that a column of text takes.
const widest = 56

// Write writes the table, its heading bold if color is set. What is too long for
// a column, or not safe to show, is changed in place.
func (t *Table) Write(w *bufio.Writer, color bool) {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i := range row {
			row[i] = within(row[i], widest)
			width[i] = max(width[i], runes(row[i]))
		}
	}
	bold, plain := "", ""
	if color {
		bold, plain = "\x1b[1m", "\x1b[0m"
	}
	fmt.Fprintf(w, "%s%s%s\n", bold, t.line(t.Head, width), plain)
	for _, row := range t.Rows {
		fmt.Fprintln(w, t.line(row, width))
	}
}

func (t *Table) line(cells []string, width []int) string {
	var line strings.Builder
	for i, c := range cells {
		pad := strings.Repeat(" ", width[i]-runes(c))
		if i > 0 {
			line.WriteString("  ")
		}
		if i < t.Left {
			line.WriteString(c + pad)
		} else {
			line.WriteString(pad + c)
		}
	}
	return strings.TrimRight(line.String(), " ")
}

// Heading tells, where not all of a list of n is shown, how much is.
func Heading(what string, n, shown int) string {
	if n <= shown {
		return what
	}
	return fmt.Sprintf("%s, %d of %d", what, shown, n)
}

// Short makes text of a trace safe to show on a terminal, and at most as long
// as n characters.
func Short(s string, n int) string {
	r := []rune(s)
	for i, c := range r {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			r[i] = '?'
		}
	}
	if len(r) > n {
		r = append(r[:n-1], '…')
	}
	return string(r)
}

// within is Short, with what is left out in the middle: names that begin alike
// often differ at their end.
func within(s string, n int) string {
	r := []rune(Short(s, len(s)))
	if len(r) <= n {
		return string(r)
	}
	tail := n / 3
	return string(r[:n-1-tail]) + "…" + string(r[len(r)-tail:])
}

func runes(s string) int { return len([]rune(s)) }

// Count writes a number: all of it if it is small, else with three digits.
func Count(n int64) string {
	if n < 10_000 {
		return strconv.FormatInt(n, 10)
	}
	v, unit := float64(n)/1e3, 0
	for v >= 999.5 && unit < len(units)-1 {
		v, unit = v/1e3, unit+1
	}
	digits := 2
	for limit := 9.995; v >= limit && digits > 0; limit *= 10 {
		digits--
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + units[unit]
}

var units = [...]string{" k", " M", " G"}
