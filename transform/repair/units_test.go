package repair

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Times in nanoseconds since 1970 are microseconds behind the year 30000 to a viewer, which
// shows nothing of them. All events are kept, a thousandth as late and as long.
func TestTimesInNanoseconds(t *testing.T) {
	sample := string(reported(t, "95-nvprof2json.json"))
	names := `{"ph":"M","name":"process_name","pid":1,"args":{"name":"p"}},`
	for name, in := range map[string]string{
		"as they are":   sample,
		"with names":    "[" + strings.Repeat(names, 20) + sample[1:],
		"in quotes":     regexp.MustCompile(`"ts": (\d+)`).ReplaceAllString(sample, `"ts": "$1"`),
		"one time of 0": "[" + `{"ph":"C","name":"a","pid":1,"ts":0,"args":{"x":1}},` + sample[1:],
	} {
		out, set, r, err := repairText(t, []byte(in), Options{Off: []Kind{Rebase}})
		if err != nil || len(set) > 0 && name != "one time of 0" {
			t.Fatalf("%s: %v, set aside: %s", name, err, set)
		}
		if !slices.ContainsFunc(r.Counts, func(c Count) bool { return c.Kind == Units }) {
			t.Errorf("%s: repairs %v", name, r.Counts)
		}
		for _, want := range []string{`"ts": 1496933426915778.221, "dur": 9,`, `"ts": 1496933426915818.221, "dur": 90,`} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: no %s in\n%s", name, want, out)
			}
		}
		if again, _, _, err := repairText(t, out, Options{Off: []Kind{Rebase}}); err != nil || string(again) != string(out) {
			t.Errorf("%s: repaired again it is another: %v\n%s", name, err, again)
		}
	}
	few := "[" + strings.Repeat(`{"ph":"X","name":"a","pid":1,"tid":1,"ts":5000,"dur":70},`, 20) + sample[1:]
	if out, _, r, err := repairText(t, []byte(few), Options{}); err != nil || r.EventsOut != 20 || !strings.Contains(string(out), `"ts":5000,"dur":70`) {
		t.Errorf("where most times are others: %v, %d events\n%s", err, r.EventsOut, out)
	}
}

func TestThousandths(t *testing.T) {
	for _, n := range []string{"0", "9", "70", "700", "9000", "1234", "1496933426915778221", "1496933426915778221.5", "70.25", "-5", "-123456", "1.5e18", "1E+18", "12e-3", "0.0"} {
		got, want := new(big.Rat), new(big.Rat)
		want.SetString(n)
		if _, good := got.SetString(thousandth(n)); !good || want.Quo(want, big.NewRat(1000, 1)).Cmp(got) != 0 {
			t.Errorf("a thousandth of %s is %s", n, thousandth(n))
		}
	}
}
