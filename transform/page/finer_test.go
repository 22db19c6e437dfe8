package page

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// What is shown of a trace while it is read changes nothing of what is shown at its end.
func TestPartialPagesChangeNothing(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 8))
		data := reference.Random(rng, 5+rng.IntN(80))
		var texts [2]string
		for i := range texts {
			c := NewCollector(newFinder(t), filter.Given{})
			v, err := source(t, data).SurveyParts(func(p *trace.Part) error {
				if i == 0 || p.Text != nil {
					c.Part(p)
					return nil
				}
				for k := range p.Events { // shown event by event, with a page after each
					one := *p
					one.Events = p.Events[k : k+1]
					c.Part(&one)
					if _, err := JSON(c.Partial()); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			text, err := JSON(c.Finish(v))
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = string(text)
		}
		if texts[0] != texts[1] {
			t.Fatalf("seed %d (- without, + with partial pages)\n%s\n%s", seed, cmptest.Diff(strings.Split(texts[0], ","), strings.Split(texts[1], ",")), data)
		}
	}
}

// A part in more detail has the events that begin in each of its bins, thread by thread, and
// the busy time of their union.
func TestDetailCountsWhatBeginsThere(t *testing.T) {
	var text []string
	type slice struct{ thread, from, dur int }
	var all []slice
	rng := rand.New(rand.NewPCG(3, 3))
	for thread := 1; thread <= 3; thread++ {
		for at := 0; at < 60_000; at += 1 + rng.IntN(400) {
			s := slice{thread, at, rng.IntN(300)}
			all = append(all, s)
			text = append(text, fmt.Sprintf(`{"ph":"X","cat":"cpu_op","name":"x","pid":1,"tid":%d,"ts":%d,"dur":%d}`, thread, s.from, s.dur))
		}
	}
	s := source(t, []byte("["+strings.Join(text, ",")+"]"))
	c := NewCollector(newFinder(t), filter.Given{})
	v, err := s.SurveyParts(func(p *trace.Part) error { c.Part(p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	d := c.Finish(v)
	for _, r := range [][2]trace.Time{{0, 60_000_000}, {1_000_000, 3_000_000}, {30_000_123, 30_900_777}, {59_000_000, 60_000_000}} {
		part, err := d.Finer().Draw(t.Context(), s, v, r[0], r[1])
		if err != nil {
			t.Fatal(err)
		}
		for i, lane := range d.Lanes {
			var thread int
			fmt.Sscanf(lane.Name, "tid %d", &thread)
			events, covered := make([]int64, len(part.Bytes)), make([]map[int]bool, len(part.Bytes))
			bin := func(ns int64) int { return int((ns - part.Origin) / part.Width) }
			for _, s := range all {
				from, to := int64(s.from)*1000, int64(s.from+s.dur)*1000
				if s.thread != thread {
					continue
				}
				if from >= int64(r[0]) && from < int64(r[1]) {
					events[bin(from)]++
				}
				for us := max(from, int64(r[0])) / 1000; us*1000 < min(to, int64(r[1])); us++ {
					if b := bin(max(us*1000, int64(r[0]))); b >= 0 && b < len(covered) {
						if covered[b] == nil {
							covered[b] = map[int]bool{}
						}
						covered[b][int(us)] = true
					}
				}
			}
			if diff := cmptest.Diff(events, part.Lanes[i].Events); diff != "" {
				t.Fatalf("%v, %s: events of bins (- want, + got)\n%s", r, lane.Name, diff)
			}
			for b, busy := range part.Lanes[i].Busy {
				if part.Width < 50_000 {
					continue // the reference counts whole µs
				}
				if want := int64(len(covered[b])) * 1_000_000 / part.Width; busy < want-25 || busy > want+25 {
					t.Fatalf("%v, %s: bin %d is busy for %d ‰, want %d", r, lane.Name, b, busy, want)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Finer().Draw(ctx, s, v, 0, 1e9); !errors.Is(err, context.Canceled) {
		t.Errorf("a drawing that is cancelled ends with %v", err)
	}
}
