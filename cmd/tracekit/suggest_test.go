package main

import "testing"

func TestNearest(t *testing.T) {
	verbs := []string{"slice", "strip", "filter", "split", "index", "info", "report", "compare", "check", "repair", "help", "version"}
	for word, want := range map[string]string{
		"slcie": "slice", "slic": "slice", "sl": "slice", "SLICE": "slice", "slices": "slice",
		"filtre": "filter", "stripp": "strip", "rpair": "repair", "reprot": "report", "spilt": "split",
		"cut": "", "x": "", "": "", "downsample": "", "größe": "",
	} {
		if got := nearest(word, verbs); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestDistanceOfMistypedWords(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "ab", 2}, {"ab", "", 2}, {"from", "from", 0}, {"form", "from", 1},
		{"frm", "from", 1}, {"frxm", "from", 1}, {"fromm", "from", 1}, {"fmor", "from", 2}, {"ca", "abc", 3},
	} {
		if got := slips(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
