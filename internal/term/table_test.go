package term

import (
	"bufio"
	"math/rand/v2"
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

func TestLongNames(t *testing.T) {
	long := strings.Repeat("a", 60)
	table := &Table{Left: 1, Head: []string{"name", "n"}}
	for _, name := range []string{"short", long + "end", long + "other", long + "otherwise", long + "end", "short"} {
		table.Add(name, "1")
	}
	for _, c := range []struct {
		what, want string
		width      int
	}{
		{"in a file they are whole", "name" + strings.Repeat(" ", 52) + "  n\nshort" + strings.Repeat(" ", 51) + "  1\n" + long + "end  1\n" + long + "other  1\n" + long + "otherwise  1\n" + long + "end  1\nshort" + strings.Repeat(" ", 51) + "  1\n", 0},
		{"on a wide screen too", "", 100},
		{"on a narrow one they lose their end, and those that differ there what they have in common", `name               n
short              1
aaaaa…end          1
aaaaa…other        1
aaaaa…otherwise    1
aaaaa…end          1
short              1
`, 20},
	} {
		got := written(table, Screen{Width: c.width})
		if c.want == "" && strings.Contains(got, "…") || c.want != "" && got != c.want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.what, got, c.want)
		}
	}
	alone := &Table{Left: 1, Head: []string{"name", "n"}}
	alone.Add(long+"end", "1")
	if got, want := written(alone, Screen{Width: 20}), "name               n\n"+long[:16]+"…  1\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// No two rows that differ look the same, as far as there is room to show where.
func TestRowsThatDifferAreShownApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		table := &Table{Left: 1 + rng.IntN(2), Head: []string{"name", "other"}}
		seen := map[string]bool{}
		for range 2 + rng.IntN(6) {
			word := func() string {
				return strings.Repeat("名x", 20) + strings.Repeat("é", rng.IntN(3)) + strings.Repeat("y", 20*rng.IntN(2)) + string(rune('a'+rng.IntN(3)))
			}
			cells := []string{word(), "1"}
			if table.Left == 2 {
				cells[1] = word()
			}
			if key := strings.Join(cells, "|"); !seen[key] {
				seen[key] = true
				table.Add(cells...)
			}
		}
		lines := strings.Split(strings.TrimSpace(written(table, Screen{Width: 60})), "\n")[1:]
		shown := map[string]bool{}
		for _, l := range lines {
			shown[l] = true
			if width(l) > 60 {
				t.Errorf("line of %d: %s", width(l), l)
			}
		}
		if len(shown) < len(lines) {
			t.Fatalf("rows look the same:\n%s\nof\n%q", strings.Join(lines, "\n"), table.Rows)
		}
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

func TestHeadingsSayHowMuchIsLeftOut(t *testing.T) {
	if got := Heading("kernels", 9, 4); got != "kernels, 4 of 9" {
		t.Error(got)
	}
	if got := Heading("kernels", 4, 4); got != "kernels" {
		t.Error(got)
	}
}
