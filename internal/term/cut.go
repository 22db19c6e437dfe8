package term

import (
	"slices"
	"strings"
)

// cut shortens cells that are wider than their columns, at their end. Rows whose texts would
// look the same then, and are not, lose what they have in common instead.
func (t *Table) cut(rows [][]string, wide []int) {
	whole := make([][]string, len(rows))
	for k, row := range rows {
		whole[k] = slices.Clone(row)
		for i := range row {
			row[i] = Short(row[i], max(wide[i], 1))
		}
	}
	for range rounds {
		same := map[string][]int{}
		for k := range rows {
			key := strings.Join(rows[k][:t.Left], "\x00")
			same[key] = append(same[key], k)
		}
		changed := false
		for _, group := range same {
			changed = t.tellApart(rows, whole, group, wide) || changed
		}
		if !changed {
			return
		}
	}
}

// rounds bound how often rows are compared: those that were told apart may look like others.
const rounds = 4

// tellApart shows where rows of a group differ, and reports whether some do.
func (t *Table) tellApart(rows, whole [][]string, group []int, wide []int) (some bool) {
	for i := range t.Left {
		var cells []string
		for _, k := range group {
			cells = append(cells, whole[k][i])
		}
		common := commonPrefix(cells)
		if wide[i] == 0 || !slices.ContainsFunc(cells, func(c string) bool { return c != cells[0] }) {
			continue
		}
		for _, k := range group {
			if cell := without(whole[k][i], common, wide[i]); cell != rows[k][i] {
				rows[k][i], some = cell, true
			}
		}
	}
	return some
}

// without is a text of n characters at most, of which something of the first common bytes is
// left out before what follows them.
func without(s string, common, n int) string {
	if width(s) <= n {
		return s
	}
	begin := head(s[:common], n/3)
	return begin + "…" + Short(s[common:], n-1-width(begin))
}

// commonPrefix is how many bytes all texts have in common at their start, whole characters.
func commonPrefix(all []string) int {
	n := len(all[0])
	for _, s := range all[1:] {
		at := 0
		for i, r := range s {
			if i >= n || !strings.HasPrefix(all[0][i:], string(r)) {
				break
			}
			at = i + len(string(r))
		}
		n = min(n, at)
	}
	return n
}
