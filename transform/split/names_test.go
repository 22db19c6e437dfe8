package split

import (
	"fmt"
	"strings"
	"testing"
)

func TestFileNames(t *testing.T) {
	for _, c := range []struct{ template, label, want string }{
		{"", "step 7 decode", "0003-step_7_decode"},
		{"", "", "0003"},
		{"{label}", "../../etc/passwd", "_.____etc_passwd"},
		{"{label}", `C:\x`, "C__x"},
		{"{label}", "..", "_."},
		{"{label}", "-rf", "_rf"},
		{"{label}", "con", "_con"},
		{"{label}", "NUL.json.gz", "_NUL"},
		{"{label}", "", "piece"},
		{"{label}", "{index}", "_index_"},
		{"{label}", "\x00\xff\u202e日本", "_____"},
		{"{label}", strings.Repeat("long", 99), strings.Repeat("long", 30)},
		{"{kind}-{phase}-{start}.json.gz", "", "step-decode-12.500"},
	} {
		q := &Piece{Kind: "step", Phase: "decode", Index: 3, Label: c.label, Start: "12.500"}
		if got := newNames(c.template, "", 4).of(q); got != c.want+".json.gz" {
			t.Errorf("template %q of label %q: %q, want %q", c.template, c.label, got, c.want+".json.gz")
		}
	}
	for want, s := range map[string]*Steps{
		"0121-step-0120-decode":              {First: 120, Last: 120, Count: 1, phase: "decode"},
		"0121-steps-0120-0129-decode-warmup": {First: 120, Last: 129, Count: 10, phase: "decode", Warmup: true},
		"0121-step-1234567":                  {First: 1234567, Last: 1234567, Count: 1, phase: "other"},
	} {
		if got := newNames("", "", 4).of(&Piece{Kind: "step", Index: 121, Label: "step 120 decode", Steps: s}); got != want+".json.gz" {
			t.Errorf("%+v is called %q, want %q", s, got, want+".json.gz")
		}
	}
	if err := CheckTemplate("{index}{label}{kind}{phase}{start}"); err != nil {
		t.Error(err)
	}
	if err := CheckTemplate("{step}"); err == nil {
		t.Error("a placeholder that there is not was taken")
	}
}

func TestNoTwoFilesAreTheSame(t *testing.T) {
	n, seen := newNames("{label}", "", 9), map[string]bool{}
	for i, label := range []string{"a", "A", "a", "a-2", "a-2", "a-3", "A-2", "b", "a"} {
		name := n.of(&Piece{Label: label})
		if key := strings.ToLower(name); seen[key] {
			t.Errorf("piece %d, %q: %s is there already", i, label, name)
		} else {
			seen[key] = true
		}
	}
	n = newNames("same", "", 50_000)
	for i := range 50_000 {
		if name := n.of(&Piece{}); i > 0 && name != fmt.Sprintf("same-%d.json.gz", i+1) {
			t.Fatalf("piece %d: %s", i, name)
		}
	}
}
