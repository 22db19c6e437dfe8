package term

import (
	"strings"
	"testing"
)

func TestCell(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"aten::mm", "aten::mm"}, {`a "b", c`, `a "b", c`}, {"日本 é", "日本 é"}, {`C:\new`, `C:\new`},
		{"a\x1b[2Jb\u009bc\x7f\x00", `a\u001b[2Jb\u009bc\u007f\u0000`}, {"one\r\ntwo\tthree", `one\r\ntwo\tthree`},
		{"a\u202eb\u2066\u2028", `a\u202eb\u2066\u2028`}, {"bad\xffbyte\x9b", "bad\ufffdbyte\ufffd"},
		{"=1+1", "'=1+1"}, {"@SUM(A1)", "'@SUM(A1)"}, {"-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"}, {"+a", "'+a"}, {"-", "'-"},
		{"-5", "-5"}, {"+1.5e-3", "+1.5e-3"}, {"-0.001", "-0.001"}, {"a=b", "a=b"}, {"\t=1", `\t=1`}, {"'=1", "'=1"},
	} {
		if got := Cell(c.text); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestCSV(t *testing.T) {
	var b strings.Builder
	c := NewCSV(&b)
	c.Row([]string{"name", "count"})
	c.Row([]string{"=a\n\"b\",", "-3"})
	if err := c.Close(); err != nil || b.String() != "name,count\n\"'=a\\n\"\"b\"\",\",-3\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
