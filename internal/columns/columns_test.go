package columns

import (
	"bufio"
	"strings"
	"testing"
)

func written(t *Table, color bool) string {
	var text strings.Builder
	w := bufio.NewWriter(&text)
	t.Write(w, color)
	w.Flush()
	return text.String()
}

func TestColumnsAreAligned(t *testing.T) {
	table := &Table{Left: 1, Head: []string{"name", "count", "µs"}}
	table.Add("a\x1b[31m", "1", "2.00")
	table.Add("名前", "1000", "")
	const want = "name    count    µs\na?[31m      1  2.00\n名前       1000\n"
	if got := written(table, false); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := written(table, true); !strings.HasPrefix(got, "\x1b[1mname") || strings.Count(got, "\x1b") != 2 {
		t.Errorf("in colour: %q", got)
	}
}

func TestLongNamesLoseTheirMiddle(t *testing.T) {
	table := &Table{Left: 1, Head: []string{"name"}}
	table.Add(strings.Repeat("a", 60) + "end")
	row := strings.Split(written(table, false), "\n")[1]
	if runes(row) != widest || !strings.HasPrefix(row, "aaa") || !strings.HasSuffix(row, "aend") || !strings.Contains(row, "…") {
		t.Errorf("%q", row)
	}
}

func TestHeadingsTellWhatIsLeftOut(t *testing.T) {
	if got := Heading("kernels", 9, 4); got != "kernels, 4 of 9" {
		t.Error(got)
	}
	if got := Heading("kernels", 4, 4); got != "kernels" {
		t.Error(got)
	}
}
