package steps

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tracekit/trace"
)

// numbered makes a run whose markers have these numbers, each a µs long and
// two apart.
func numbered(n ...int64) *Run {
	r := &Run{}
	for i, n := range n {
		at := trace.Time(i) * 2000
		r.Steps = append(r.Steps, Step{Load: nothingKnown, Index: i, Number: n, Start: at, End: at + 1000})
	}
	return r
}

func TestChoicesAreParsedAndPrinted(t *testing.T) {
	byNumber, byIndex := numbered(101, 102, 103, 104, 105), numbered(Unknown, Unknown, Unknown)
	for _, c := range []struct {
		r          *Run
		text, want string
	}{
		{byNumber, "103", "[2]"},
		{byNumber, "102..104", "[1 2 3]"},
		{byNumber, "104..", "[3 4]"},
		{byNumber, "..101", "[0]"},
		{byNumber, "105, 101..102,101", "[0 1 4]"},
		{byNumber, "1..102", "[0 1]"},
		{byNumber, "0", "there is no such step: 0, the trace has 101 to 105"},
		{byNumber, "101,7..9", "there is no such step: 7..9, the trace has 101 to 105"},
		{byNumber, "106..", "there is no such step: 106.., the trace has 101 to 105"},
		{byIndex, "0..1", "[0 1]"},
		{byIndex, "2", "[2]"},
		{byIndex, "3", "there is no such step: 3, the trace has 0 to 2"},
		{numbered(5, Unknown), "0", "[0]"},
		{numbered(3, 4, 3), "3", "[0 2]"}, // two captures in one file
	} {
		choice, err := ParseChoice(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, err := choice.Indices(c.r)
		if s := fmt.Sprint(got); err == nil && s != c.want || err != nil && (err.Error() != c.want || !errors.Is(err, ErrNoStep)) {
			t.Errorf("%s: %v, %v, want %s", c.text, got, err, c.want)
		}
		if choice.String() != c.text {
			t.Errorf("%s is said to be %s", c.text, choice)
		}
	}
}

func TestBadChoices(t *testing.T) {
	for _, s := range []string{"", "..", "x", "1,", "-1", "1...2", "9..8", "1..2..3", "+1", "9223372036854775808", "1.5", "0x1"} {
		if _, err := ParseChoice(s); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
			t.Errorf("%q: error %v", s, err)
		}
	}
}

func TestStretchesOfNeighbouringIndices(t *testing.T) {
	if got := fmt.Sprint(Stretches([]int{0, 1, 2, 5, 7, 8}), Stretches(nil)); got != "[[0 2] [5 5] [7 8]] []" {
		t.Error(got)
	}
}

func TestPhases(t *testing.T) {
	r := numbered(Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown)
	for i, p := range []Phase{Prefill, Prefill, Prefill, Decode, Decode, Mixed, Decode} {
		r.Steps[i].Phase = p
	}
	r.Steps[0].Warmup = true
	got := fmt.Sprint(r.Phases())
	want := "[{prefill true 0 0 0 2000} {prefill false 1 2 2000 6000} {decode false 3 4 6000 10000} {mixed false 5 5 10000 12000} {decode false 6 6 12000 13000}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, p := range []Phase{Other, Prefill, Decode, Mixed} {
		if back, err := ParsePhase(p.String()); err != nil || back != p {
			t.Errorf("%v is read as %v, %v", p, back, err)
		}
	}
	if _, err := ParsePhase("idle"); err == nil || err.Error() != `unknown phase "idle": it is one of prefill, decode, mixed and other` {
		t.Errorf("error %v", err)
	}
}

func FuzzChoice(f *testing.F) {
	for _, s := range []string{"120..128", "3,5,7..9", "..4", "4..", ",", "1..0", "9223372036854775807.."} {
		f.Add(s)
	}
	r := numbered(3, 4, 5, 6, 7, 8, 9)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseChoice(s)
		if err != nil {
			return
		}
		at, err := c.Indices(r)
		if (err == nil) != (len(at) > 0) {
			t.Fatalf("%q: %v, %v", s, at, err)
		}
	})
}
