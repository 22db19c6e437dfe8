// Package term writes for people at a terminal: tables as wide as it is ([Table]), progress
// ([Meter]), numbers and text that can't act on it. It does not know what it shows.
package term

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Screen is what text is written for. The zero value is a file.
type Screen struct {
	Width int  // in characters; 0 if it does not matter
	Color bool // it shows colours, and its user wants any
}

// Table is text in columns: the first Left of them are set to the left, the
// others, which are numbers, to the right.
type Table struct {
	Head []string
	Rows [][]string
	Left int
	// Spare are columns to leave out where there is no room for all, in that
	// order.
	Spare []int
	// Least is how wide columns of text stay before others are left out; 0 for
	// narrow.
	Least int
}

// Add appends a row, which must have as many cells as Head.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

const (
	aligned    = 56 // is how wide a column of text is in a file; what is wider moves the rest of its row
	narrow     = 20
	narrowest  = 8
	apart      = "  " // between columns
	bold, thin = "\x1b[1m", "\x1b[0m"
)

// Write writes the table, its heading bold in colour. On a screen it is as wide as that, and
// texts that are too long lose their end; in a file they are whole. What is not safe to show is
// shown otherwise.
func (t *Table) Write(w *bufio.Writer, s Screen) {
	rows := append([][]string{t.Head}, t.Rows...)
	wide := make([]int, len(t.Head))
	for k, row := range rows {
		rows[k] = slices.Clone(row)
		for i := range row {
			rows[k][i] = Safe(row[i])
			wide[i] = max(wide[i], width(rows[k][i]))
		}
	}
	if s.Width > 0 {
		t.fit(wide, s.Width)
		t.cut(rows, wide)
	} else {
		for i := range wide[:t.Left] {
			wide[i] = min(wide[i], aligned)
		}
	}
	for k, row := range rows {
		text := t.line(row, wide)
		if k == 0 && s.Color {
			text = bold + text + thin
		}
		fmt.Fprintln(w, text)
	}
}

// fit makes columns narrower until all have room. Those left out become 0 wide.
func (t *Table) fit(wide []int, room int) {
	t.shrink(wide, room, cmp.Or(t.Least, narrow))
	for _, i := range t.Spare {
		if total(wide) > room {
			wide[i] = 0
		}
	}
	t.shrink(wide, room, narrowest)
}

// shrink takes room from columns of text, always from the widest.
func (t *Table) shrink(wide []int, room, least int) {
	for over := total(wide) - room; over > 0; over-- {
		most := 0
		for i := range wide[:t.Left] {
			if wide[i] > wide[most] {
				most = i
			}
		}
		if wide[most] <= least {
			return
		}
		wide[most]--
	}
}

func total(wide []int) int {
	sum := -len(apart)
	for _, n := range wide {
		if n > 0 {
			sum += n + len(apart)
		}
	}
	return sum
}

func (t *Table) line(cells []string, wide []int) string {
	var line strings.Builder
	for i, c := range cells {
		if wide[i] == 0 {
			continue
		}
		if line.Len() > 0 {
			line.WriteString(apart)
		}
		pad := strings.Repeat(" ", max(0, wide[i]-width(c)))
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
