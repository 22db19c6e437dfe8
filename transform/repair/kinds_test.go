package repair

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A kind that is turned off is not counted, and what it would have changed stays,
// unless it stops the load.
func TestKindsTurnedOffAreNotRepaired(t *testing.T) {
	for _, c := range cases {
		o := Options{Flows: strings.HasPrefix(c.counts, "flows")}
		_, _, r, err := repairText(t, []byte(c.in), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range r.Counts {
			if !slices.Contains(Switchable(), k.Kind) {
				continue
			}
			o.Off = []Kind{k.Kind}
			out, _, r, err := repairText(t, []byte(c.in), o)
			if err != nil {
				t.Fatal(c.name, err)
			}
			if strings.Contains(" "+countsOf(r), " "+string(k.Kind)+" ") {
				t.Errorf("%s: %s is turned off and counted: %s", c.name, k.Kind, countsOf(r))
			}
			if !checkText(t, out).Loads {
				t.Errorf("%s: without %s it does not load:\n%s", c.name, k.Kind, out)
			}
			if r.Unchanged && string(out) != c.in {
				t.Errorf("%s: without %s it says that nothing changed:\n%s", c.name, k.Kind, out)
			}
		}
	}
}

func TestDryRun(t *testing.T) {
	for _, c := range cases {
		_, _, done, err := repairText(t, []byte(c.in), Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, set, dry, err := repairText(t, []byte(c.in), Options{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(out)+len(set) > 0 || countsOf(dry) != countsOf(done) {
			t.Errorf("%s: a dry run writes %q and counts %q, want %q", c.name, out, countsOf(dry), countsOf(done))
		}
	}
}

// Where several processes could be vLLM's, the choice is the same each time.
func TestOneOfManyWorkersIsNamed(t *testing.T) {
	events := []string{`{"ph":"M","name":"process_name","pid":1,"args":{"name":"vLLM"}}`}
	for pid := range 8 {
		events = append(events, fmt.Sprintf(`{"ph":"X","name":"decode","pid":%d,"tid":3,"ts":%d,"dur":1}`, 4711+pid, pid))
	}
	for range 10 {
		out, _, r, err := repairText(t, []byte("["+strings.Join(events, ",")+"]"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if countsOf(r) != "vllm 1" || !strings.Contains(string(out), `"pid":4711,"args":{"name":"vLLM"}`) {
			t.Fatalf("%s: %s", countsOf(r), out)
		}
	}
}
