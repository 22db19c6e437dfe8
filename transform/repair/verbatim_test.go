package repair

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/reference"
)

// mustCopy compares a repair that copies clean stretches, with places to copy from so many bytes
// apart, with one that looks at each event again.
func mustCopy(t testing.TB, text []byte, o Options) {
	t.Helper()
	slow := o
	slow.every = -1
	out, set, r, err := repairText(t, text, slow)
	for _, every := range []int64{1, 300} {
		o.every = every
		got, gotSet, gotR, gotErr := repairText(t, text, o)
		if (err == nil) != (gotErr == nil) || err != nil && err.Error() != gotErr.Error() {
			t.Fatalf("%v, want %v", gotErr, err)
		}
		if !bytes.Equal(got, out) || !bytes.Equal(gotSet, set) || countsOf(gotR) != countsOf(r) || gotR.EventsOut != r.EventsOut || gotR.BytesOut != r.BytesOut {
			t.Fatalf("copied from each %d bytes on:\n%s\n%d events, set aside %q\nwant\n%s\n%d events, set aside %q\nof %q", every, clip(got), gotR.EventsOut, clip(gotSet), clip(out), r.EventsOut, clip(set), clip(text))
		}
	}
}

// What is copied is what is written if each event is looked at twice.
func TestCleanStretches(t *testing.T) {
	for _, c := range cases {
		mustCopy(t, []byte(c.in), Options{})
	}
	names, _ := filepath.Glob("../../testdata/cases/*.json")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) < 20<<10 {
			mustCopy(t, text, Options{Flows: true})
		}
	}
	for i := range uint64(40) {
		rng := rand.New(rand.NewPCG(i, 7))
		text := reference.Random(rng, 10+rng.IntN(100))
		mustCopy(t, text, Options{})
		mustCopy(t, mutate(rng, text), Options{block: 300})
	}
	if testing.Short() {
		return
	}
	for name, text := range realTraces(t) {
		if len(text) < 300<<10 {
			rng := rand.New(rand.NewPCG(8, uint64(len(name))))
			mustCopy(t, text, Options{})
			mustCopy(t, mutate(rng, text), Options{block: 10_000})
		}
	}
}

// So many marks that some are forgotten are of the same stretches.
func TestFewerMarks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	c := clean{every: 1}
	type event struct{ from, to int64 }
	var events []event
	clean := map[int64]bool{}
	at := int64(0)
	for seq := int64(1); seq <= 3*mostMarks; seq++ {
		e := event{at, at + 1 + rng.Int64N(5)}
		at = e.to
		events = append(events, e)
		if rng.IntN(100) == 0 {
			at++ // something else stands here
			continue
		}
		clean[seq] = true
		c.add(e.from, e.to, seq, false)
	}
	if len(c.marks) > mostMarks || len(c.marks) < mostMarks/8 || c.every == 1 {
		t.Fatalf("%d marks, each %d bytes", len(c.marks), c.every)
	}
	for range 1000 {
		seq := 1 + rng.Int64N(int64(len(events)))
		c.touch(seq)
		delete(clean, seq)
	}
	copied := 0
	for seq := int64(0); seq < int64(len(events)); {
		off := events[seq].from
		to, last := c.from(off, seq)
		if to == off {
			seq++
			continue
		}
		if events[last-1].to != to {
			t.Fatalf("events %d to %d end at %d, not at %d", seq+1, last, events[last-1].to, to)
		}
		for seq++; seq <= last; seq++ {
			if !clean[seq] || seq < last && events[seq].from != events[seq-1].to {
				t.Fatalf("event %d is copied", seq)
			}
			copied++
		}
		seq = last
	}
	if copied < len(events)/2 {
		t.Errorf("%d of %d events are copied", copied, len(events))
	}
}

// A trace without begins and ends is planned in one go over its events. Where a begin and its end
// are added that have to do with nothing else, all else becomes of it what became of it without.
func TestPlanInOneGo(t *testing.T) {
	changed := 0
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 11))
		events := []string{`{"ph": "X", "pid": 9, "tid": 78, "ts": 0, "dur": 1, "name": "first"}`}
		for range 1 + rng.IntN(60) {
			on := fmt.Sprintf(`"pid": %d, "tid": %d, "ts": %d.%d, "name": "n%d", "cat": "c"`, rng.IntN(2), rng.IntN(3), rng.IntN(200), rng.IntN(10), rng.IntN(2))
			id := rng.IntN(6)
			switch rng.IntN(8) {
			case 0:
				on += fmt.Sprintf(`, "ph": "s", "id": %d`, id)
			case 1:
				on += fmt.Sprintf(`, "ph": "%s", "id": %d`, []string{"t", "f"}[rng.IntN(2)], id)
			case 2:
				on += fmt.Sprintf(`, "ph": "f", "bp": "e", "id": %d`, id)
			case 3:
				on += `, "ph": "i", "s": "t"`
			case 4:
				on += fmt.Sprintf(`, "ph": "X", "dur": %d, "bind_id": "0x%x", "flow_%s": true`, rng.IntN(40), id, []string{"in", "out"}[rng.IntN(2)])
			default:
				on += fmt.Sprintf(`, "ph": "X", "dur": %d`, rng.IntN(40))
			}
			events = append(events, "{"+on+"}")
		}
		const pair = ",\n" + `{"ph": "B", "pid": 9, "tid": 77, "ts": 500, "name": "b"},` + "\n" + `{"ph": "E", "pid": 9, "tid": 77, "ts": 501}`
		all := "[" + strings.Join(events, ",\n")
		o := Options{Flows: seed%2 == 0}
		out, set, r, err := repairText(t, []byte(all+"\n]"), o)
		if err != nil {
			t.Fatal(err)
		}
		with, withSet, withR, err := repairText(t, []byte(all+pair+"\n]"), o)
		if err != nil {
			t.Fatal(err)
		}
		without := bytes.Replace(with, []byte(pair), nil, 1)
		if len(without) != len(with)-len(pair) || !bytes.Equal(without, out) || !bytes.Equal(withSet, set) || countsOf(withR) != countsOf(r) {
			t.Fatalf("seed %d: %s\n%s\nwith a pair: %s\n%s\nof %s", seed, countsOf(r), out, countsOf(withR), with, all)
		}
		if !r.Unchanged {
			changed++
		}
	}
	if changed < 100 {
		t.Errorf("only %d are repaired", changed)
	}
}
