package term

import (
	"bufio"
	"strings"
	"testing"
	"unicode/utf8"
)

func written(t *Table, s Screen) string {
	var text strings.Builder
	w := bufio.NewWriter(&text)
	t.Write(w, s)
	w.Flush()
	return text.String()
}

func TestColumnsAreAligned(t *testing.T) {
	table := &Table{Left: 1, Head: []string{"name", "count", "µs"}}
	table.Add("a\x1b[31m", "1", "2.00")
	table.Add("名前e\u0301", "1000", "")
	table.Add("a\u202egnp", "7", "")
	const want = "name    count    µs\na?[31m      1  2.00\n名前e\u0301    1000\na?gnp       7\n"
	if got := written(table, Screen{}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := written(table, Screen{Color: true}); !strings.HasPrefix(got, "\x1b[1mname") || strings.Count(got, "\x1b") != 2 {
		t.Errorf("in colour: %q", got)
	}
}

func TestLongNamesLoseTheirMiddle(t *testing.T) {
	table := &Table{Left: 1, Head: []string{"name"}}
	table.Add(strings.Repeat("a", 60) + "end")
	row := strings.Split(written(table, Screen{}), "\n")[1]
	if width(row) != widest || !strings.HasPrefix(row, "aaa") || !strings.HasSuffix(row, "aend") || !strings.Contains(row, "…") {
		t.Errorf("%q", row)
	}
}

func TestTablesFitTheirScreen(t *testing.T) {
	for _, name := range []string{strings.Repeat("void f<a, b>", 170), strings.Repeat("名前", 700), strings.Repeat("e\u0301\u0302", 90), "short"} {
		table := &Table{Left: 2, Head: []string{"name", "other", "count", "share", "max"}, Spare: []int{3, 2}}
		table.Add(name, name, "1000", "12.5%", "100 ms")
		table.Add("x", "y", "1", "1.5%", "1 ms")
		for _, w := range []int{30, 44, 60, 80, 200} {
			text := written(table, Screen{Width: w})
			for _, line := range strings.Split(text, "\n") {
				if width(line) > w || !utf8.ValidString(line) {
					t.Errorf("%d places, line of %d: %s", w, width(line), line)
				}
			}
			if !strings.Contains(text, "100 ms") || w >= 80 && !strings.Contains(text, "share") {
				t.Errorf("%d places: a column is missing\n%s", w, text)
			}
		}
	}
}

func TestShortIsSafeAndShort(t *testing.T) {
	for s, want := range map[string]string{
		"plain": "plain", "a\nb\tc\x7f\u0085": "a?b?c??", "\u2066ab\u2069\u200f": "?ab??", "longer than eight": "longer …", "名前名前名": "名前名…", "": "",
	} {
		if got := Short(s, 8); got != want {
			t.Errorf("%q, want %q", got, want)
		}
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
